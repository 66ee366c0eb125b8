import type { Caller } from '../core/caller'
import { abortIf } from '../db/abort'
import { alias } from '../db/alias'
import { recordTicketErasure } from '../db/erasures'
import { type Json, jsonObject } from '../db/json'
import { actorJson, insertEvent, reserveSequences } from '../db/outbox'
import { accountCounters, users } from '../db/schema/accounts'
import { comments, ticketHistory, tickets } from '../db/schema/tickets'
import { newSearchId } from '../db/search-id'
import { ticketTokens } from '../db/search-text'
import { selection } from '../db/selection'
import { type SQL, sql } from '../db/sql'
import { select } from '../db/statement'
import { isAssignable, isUser, type TicketMembers } from '../db/ticket-members'
import { TICKET, TICKET_MEMBER_JOINS } from '../db/ticket-row'
import { visibleTicket } from '../db/visibility'
import { deleteFrom, insertSelect, update } from '../db/write'
import { nextAfterLatest, type WriteClock } from '../db/write-time'
import type { Priority, TicketStatus } from './values'

const t = alias(tickets, 't')

/** A ticket with its members, if the caller may see it. */
export function findTicket(caller: Caller, ticketId: string) {
  return select(TICKET, sql`FROM ${t} ${TICKET_MEMBER_JOINS} WHERE ${visibleTicket(caller, ticketId)}`)
}

/** Aborts the batch with `refused: precondition` if the caller may see the ticket and it has none of the versions. */
export function expectVersion(caller: Caller, ticketId: string, versions: readonly number[] | null) {
  if (versions === null) return []
  const others = sql`FROM ${t} WHERE ${visibleTicket(caller, ticketId)}
    AND ${t.version} NOT IN (SELECT value FROM json_each(${JSON.stringify(versions)}))`
  return [abortIf('precondition', others)]
}

export interface NewTicket {
  id: string
  title: string
  description: string
  status: TicketStatus
  priority: Priority
  /** The caller, or the user on whose behalf it creates the ticket. */
  createdBy: { caller: string } | { user: string }
  assignedTo: string | null
  tags: string[]
  customFields: Record<string, unknown>
}

/** Reserves the next ticket number, event sequence and time, for a ticket and its event in the same batch. */
export function reserveTicketNumber(accountId: string, clock: WriteClock) {
  return update(
    accountCounters,
    {
      ticketNumber: sql`${accountCounters.ticketNumber} + 1`,
      eventSequence: sql`${accountCounters.eventSequence} + 1`,
      lastWriteAt: nextAfterLatest(clock),
    },
    sql`${accountCounters.accountId} = ${accountId}`,
  )
}

/**
 * Inserts a ticket with the number and the time that the batch has reserved. Fails with `refused: reference` if a ticket may not have this creator or assignee.
 */
export function insertTicket(accountId: string, ticket: NewTicket) {
  const createdBy = 'caller' in ticket.createdBy ? ticket.createdBy.caller : idOfUser(accountId, ticket.createdBy.user)
  return insertSelect(
    tickets,
    {
      accountId: accountCounters.accountId,
      id: ticket.id,
      number: accountCounters.ticketNumber,
      version: sql`1`,
      title: ticket.title,
      description: ticket.description,
      status: ticket.status,
      priority: ticket.priority,
      createdBy,
      assignedTo: ticket.assignedTo,
      tags: JSON.stringify(ticket.tags),
      customFields: JSON.stringify(ticket.customFields),
      createdAt: accountCounters.lastWriteAt,
      updatedAt: accountCounters.lastWriteAt,
      searchId: newSearchId(sql`${accountCounters.lastWriteAt}`, sql`${accountCounters.ticketNumber}`),
      ...ticketTokens(accountId, ticket),
    },
    sql`FROM ${accountCounters} WHERE ${accountCounters.accountId} = ${accountId}`,
  )
}

function idOfUser(accountId: string, userId: string): SQL<string> {
  return sql`(SELECT ${users.id} FROM ${users}
    WHERE ${users.accountId} = ${accountId} AND ${users.id} = ${userId} AND ${users.kind} = 'person')`
}

/** Inserts the `ticket.created` of a ticket, with a snapshot of its attachments. */
export function insertCreatedEvent<Attachments>(
  accountId: string,
  ticketId: string,
  eventId: string,
  attachments: Json<Attachments>,
) {
  return insertEvent({
    id: eventId,
    type: 'ticket.created',
    accountId,
    ticketId,
    isInternal: false,
    data: jsonObject({ ticket: TICKET.json, attachments }),
    from: sql`${t} ${TICKET_MEMBER_JOINS} WHERE ${t.accountId} = ${accountId} AND ${t.id} = ${ticketId}`,
  })
}

/** Whether a ticket may have these members. Ignore the result for a member that is not named. */
export function findTicketMembers(accountId: string, { createdBy, assignedTo }: TicketMembers) {
  return select(
    {
      creator: sql<number>`${isUser(accountId, createdBy ?? null)}`,
      assignee: sql<number>`${isAssignable(accountId, assignedTo ?? null)}`,
    },
    sql``,
  )
}

/**
 * Inserts the `ticket.deleted` of a ticket that the caller may see, and records that its texts are to be erased. Comes before the
 * deletion, in its batch.
 */
export function emitTicketDeleted(caller: Caller, ticketId: string, eventId: string, now: number) {
  const ticket = sql`${t} WHERE ${visibleTicket(caller, ticketId)}`
  return [
    reserveSequences(caller.accountId, { now }, sql`EXISTS (SELECT 1 FROM ${ticket})`),
    insertDeletedEvent(caller, ticketId, eventId, ticket),
    recordTicketErasure(caller, ticketId),
  ]
}

/** Without its title: a deletion leaves no text. */
const DELETED_TICKET = selection({ id: t.id, number: t.number, title: sql<string>`''` })
const REDACTED: Json<true> = sql`'true'`

export function insertDeletedEvent({ accountId, id: actorId }: Caller, ticketId: string, eventId: string, from: SQL) {
  return insertEvent({
    id: eventId,
    type: 'ticket.deleted',
    accountId,
    ticketId,
    isInternal: false,
    data: jsonObject({ ticket: DELETED_TICKET.json, actor: actorJson(accountId, actorId), redacted: REDACTED }),
    from,
  })
}

/** Deletes a ticket with its comments and history. Its attachments must have been deleted. */
export function deleteTicketRows(accountId: string, ticketId: string) {
  return [
    deleteFrom(comments, sql`${comments.accountId} = ${accountId} AND ${comments.ticketId} = ${ticketId}`),
    deleteFrom(
      ticketHistory,
      sql`${ticketHistory.accountId} = ${accountId} AND ${ticketHistory.ticketId} = ${ticketId}`,
    ),
    deleteFrom(tickets, sql`${tickets.accountId} = ${accountId} AND ${tickets.id} = ${ticketId}`),
  ]
}
