import type { Caller } from '../core/caller'
import { seesAllTickets, seesInternal } from '../core/policy'
import { type Alias, alias } from './alias'
import { attachments, type comments, tickets } from './schema/tickets'
import { type SQL, sql } from './sql'

const t = alias(tickets, 't')
const own = alias(tickets, 'own')
const file = alias(attachments, 'file')
/** No row has this ID. */
const NO_ROW = 0

/** The tickets of the caller's account that it may see, as a condition on the alias `t`. */
export function visibleTickets(caller: Caller): SQL {
  const own = seesAllTickets(caller.role) ? sql`` : sql` AND ${t.createdBy} = ${caller.id}`
  return sql`${t.accountId} = ${caller.accountId}${own}`
}

/**
 * As `visibleTickets`, for tickets that another condition finds by their row ID: the unary plus keeps SQLite from walking
 * the account's index and checking that condition for each ticket.
 */
export function visibleByRowId(caller: Caller): SQL {
  const own = seesAllTickets(caller.role) ? sql`` : sql` AND +${t.createdBy} = ${caller.id}`
  return sql`+${t.accountId} = ${caller.accountId}${own}`
}

/** One ticket, if the caller may see it, as a condition on the alias `t`. */
export function visibleTicket(caller: Caller, ticketId: string): SQL {
  return sql`${t.accountId} = ${caller.accountId} AND ${t.id} = ${visibleTicketId(caller, ticketId)}`
}

/**
 * The ID of a ticket, or NULL if the caller may not see it. Reads as many rows for a ticket that is hidden from the caller as for
 * one that does not exist: costs must not reveal which it is. Staff sees all tickets, and no rows refer to an unknown one.
 */
export function visibleTicketId(caller: Caller, ticketId: string | SQL): SQL<string> {
  if (seesAllTickets(caller.role)) return sql`${ticketId}`
  return sql`(SELECT id FROM (
    SELECT ${own.id} AS id, ${own.createdBy} AS creator FROM ${own}
    WHERE ${own.accountId} = ${caller.accountId} AND ${own.id} = ${ticketId}
    UNION ALL SELECT NULL, NULL FROM ${own} WHERE ${own.rowId} = ${NO_ROW}
    LIMIT 1) WHERE creator = ${caller.id})`
}

/** The ID of an attachment, or NULL if the caller may not see it. Reads as many rows as for one that does not exist. */
export function visibleAttachmentId(caller: Caller, id: string): SQL<string> {
  if (seesAllTickets(caller.role)) return sql`${id}`
  const ticketId = sql`(SELECT ticket FROM (
    SELECT ${file.ticketId} AS ticket, ${file.isInternal} AS is_internal FROM ${file}
    WHERE ${file.accountId} = ${caller.accountId} AND ${file.id} = ${id}
    UNION ALL SELECT NULL, NULL FROM ${file} WHERE ${file.rowId} = ${NO_ROW}
    LIMIT 1) WHERE is_internal = 0)`
  return sql`(CASE WHEN ${visibleTicketId(caller, ticketId)} IS NOT NULL THEN ${id} END)`
}

/** The comments or attachments of a ticket that the caller may see, as a condition on their alias. */
export function visibleChildren(
  caller: Caller,
  p: Alias<typeof comments> | Alias<typeof attachments>,
  ticketId: string,
): SQL {
  return sql`${visibleToRole(caller, p)} AND ${p.ticketId} = ${visibleTicketId(caller, ticketId)}`
}

function visibleToRole(caller: Caller, p: Alias<typeof comments> | Alias<typeof attachments>): SQL {
  return seesInternal(caller.role)
    ? sql`${p.accountId} = ${caller.accountId}`
    : sql`${p.accountId} = ${caller.accountId} AND ${p.isInternal} = 0`
}
