import type { Caller } from '../core/caller'
import { seesAllTickets, seesInternal } from '../core/policy'
import { type Alias, alias } from './alias'
import { type attachments, type comments, tickets } from './schema/tickets'
import { type SQL, sql } from './sql'

const t = alias(tickets, 't')

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
  return sql`${visibleTickets(caller)} AND ${t.id} = ${ticketId}`
}

/** Comments or attachments that the caller may see, as a condition on their alias. */
export function visibleChildren(caller: Caller, p: Alias<typeof comments> | Alias<typeof attachments>): SQL {
  return seesInternal(caller.role)
    ? sql`${p.accountId} = ${caller.accountId}`
    : sql`${p.accountId} = ${caller.accountId} AND ${p.isInternal} = 0`
}
