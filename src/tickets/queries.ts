import { type SQL, sql } from 'drizzle-orm'
import type { Caller } from '../core/caller'
import { abortIf } from '../db/abort'
import { alias } from '../db/alias'
import { actorJson, insertEvent, reserveSequences } from '../db/outbox'
import { tickets } from '../db/schema/tickets'
import { run, select } from '../db/statement'
import { isAssignable, isUser, type TicketMembers } from '../db/ticket-members'
import { TICKET, TICKET_MEMBERS } from '../db/ticket-row'
import { visibleTicket } from '../db/visibility'
import { nextAfterLatest, type WriteClock } from '../db/write-time'

const t = alias(tickets, 't')

/** A ticket with its members, if the caller may see it. */
export function findTicket(caller: Caller, ticketId: string) {
  return select(TICKET, sql`FROM ${t} ${TICKET_MEMBERS} WHERE ${visibleTicket(caller, ticketId)}`)
}

/** Ends the batch with `refused: precondition` unless the ticket, if the caller may see it, has one of the versions. */
export function expectVersion(caller: Caller, ticketId: string, versions: readonly number[] | null) {
  if (versions === null) return []
  const others = sql`FROM tickets t WHERE ${visibleTicket(caller, ticketId)}
    AND t.version NOT IN (SELECT value FROM json_each(${JSON.stringify(versions)}))`
  return [abortIf('precondition', others)]
}

interface NewTicket {
  id: string
  title: string
  description: string
  status: string
  priority: string
  /** The one who creates it, or the person of the account on whose behalf they do. */
  createdBy: { caller: string } | { person: string }
  assignedTo: string | null
  tags: string[]
  customFields: Record<string, unknown>
}

/** Takes the account's next ticket number, event sequence and time, for the ticket and its event in the same batch. */
export function takeTicketNumber(accountId: string, clock: WriteClock) {
  return run(sql`
    UPDATE account_state SET ticket_number = ticket_number + 1, event_sequence = event_sequence + 1,
      last_write_at = ${nextAfterLatest(clock)}
    WHERE account_id = ${accountId}`)
}

/**
 * Adds a ticket under the number and the time that the batch has taken: the order of creation is that of numbers and of
 * `seq`, in which words are found. Fails with `refused: reference` when the creator or the assignee is not a member that a
 * ticket can name.
 */
export function insertTicket(accountId: string, ticket: NewTicket) {
  const createdBy =
    'caller' in ticket.createdBy
      ? sql`${ticket.createdBy.caller}`
      : sql`(SELECT id FROM users WHERE account_id = ${accountId} AND id = ${ticket.createdBy.person} AND kind = 'person')`
  return run(sql`
    INSERT INTO tickets (account_id, id, number, version, title, description, status, priority, created_by, assigned_to,
      tags, custom_fields, created_at, updated_at)
    SELECT account_id, ${ticket.id}, ticket_number, 1, ${ticket.title}, ${ticket.description}, ${ticket.status},
      ${ticket.priority}, ${createdBy}, ${ticket.assignedTo}, ${JSON.stringify(ticket.tags)},
      ${JSON.stringify(ticket.customFields)}, last_write_at, last_write_at
    FROM account_state WHERE account_id = ${accountId}`)
}

/** Writes the event of a new ticket. `attachments` is the SQL expression of the images of the ticket's attachments. */
export function insertCreatedEvent(accountId: string, ticketId: string, eventId: string, attachments: SQL) {
  return insertEvent({
    id: eventId,
    type: 'ticket.created',
    accountId,
    ticketId,
    isInternal: false,
    data: sql`json_object('ticket', json(${TICKET.json}), 'attachments', json(${attachments}))`,
    from: sql`tickets t ${TICKET_MEMBERS} WHERE t.account_id = ${accountId} AND t.id = ${ticketId}`,
  })
}

/** Which of the named members may stand where they are named. */
export function findTicketMembers(accountId: string, { createdBy, assignedTo }: TicketMembers) {
  return select<{ creator: number; assignee: number }>(sql`
    SELECT ${isUser(accountId, createdBy ?? null)} AS creator, ${isAssignable(accountId, assignedTo ?? null)} AS assignee`)
}

/** Tells of a deletion, if there is something to delete. It goes before the deletion, in its batch. */
export function emitTicketDeleted(caller: Caller, ticketId: string, eventId: string, now: number) {
  return [
    reserveSequences(
      caller.accountId,
      { now },
      sql`EXISTS (SELECT 1 FROM tickets t WHERE ${visibleTicket(caller, ticketId)})`,
    ),
    insertEvent({
      id: eventId,
      type: 'ticket.deleted',
      accountId: caller.accountId,
      ticketId,
      isInternal: false,
      data: sql`json_object('ticket', json_object('id', t.id, 'number', t.number, 'title', t.title),
        'actor', json(${actorJson(caller.accountId, caller.id)}))`,
      from: sql`tickets t WHERE ${visibleTicket(caller, ticketId)}`,
    }),
  ]
}

/** Deletes a ticket with its comments and history; its attachments must be gone before. */
export function deleteTicketRows(accountId: string, ticketId: string) {
  return [
    run(sql`DELETE FROM comments WHERE account_id = ${accountId} AND ticket_id = ${ticketId}`),
    run(sql`DELETE FROM ticket_history WHERE account_id = ${accountId} AND ticket_id = ${ticketId}`),
    run(sql`DELETE FROM tickets WHERE account_id = ${accountId} AND id = ${ticketId}`),
  ]
}
