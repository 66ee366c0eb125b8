import type { Caller } from '../core/caller'
import { type Alias, alias } from './alias'
import { accountCounters } from './schema/accounts'
import { erasures, type ticketHistory, tickets } from './schema/tickets'
import { type deliveries, events } from './schema/webhooks'
import { type SQL, sql } from './sql'
import { type ChangeRecord, hasChanged } from './ticket-change'
import { visibleTicket } from './visibility'
import { insertSelect } from './write'

const t = alias(tickets, 't')
const s = alias(accountCounters, 's')
const x = alias(erasures, 'x')
const e = alias(events, 'e')

/** The `commentId` of the erasure of a whole ticket. */
export const WHOLE_TICKET = ''

const ONCE = sql`ON CONFLICT DO NOTHING`

/**
 * Records that a ticket which the caller may see is about to be deleted: its texts disappear from every copy. For the batch of
 * the deletion, after `reserveSequences`.
 */
export function recordTicketErasure(caller: Caller, ticketId: string) {
  return insertSelect(
    erasures,
    { accountId: t.accountId, ticketId: t.id, commentId: WHOLE_TICKET, createdAt: s.lastWriteAt, dueAt: s.lastWriteAt },
    sql`FROM ${t} JOIN ${s} ON ${s.accountId} = ${t.accountId} WHERE ${visibleTicket(caller, ticketId)} ${ONCE}`,
  )
}

/** As `recordTicketErasure` for a comment, if the change was recorded. */
export function recordCommentErasure(change: ChangeRecord, commentId: string) {
  const { caller, ticketId } = change
  return insertSelect(
    erasures,
    { accountId: s.accountId, ticketId, commentId, createdAt: s.lastWriteAt, dueAt: s.lastWriteAt },
    sql`FROM ${s} WHERE ${s.accountId} = ${caller.accountId} AND ${hasChanged(change)} ${ONCE}`,
  )
}

/** The comment whose texts an event holds. Events of earlier releases name it only in their snapshot. */
export function commentOfEvent(e: Alias<typeof events>): SQL<string | null> {
  return sql`coalesce(${e.commentId},
    CASE WHEN ${e.type} = 'comment.created' AND json_valid(${e.data}) THEN ${e.data} ->> '$.comment.id' END)`
}

/** Whether the ticket of an event was deleted, until the sweep has changed the event. */
export function isTicketErased(e: Alias<typeof events>): SQL {
  return sql`EXISTS (SELECT 1 FROM ${x} WHERE ${x.accountId} = ${e.accountId} AND ${x.ticketId} = ${e.ticketId}
    AND ${x.commentId} = '')`
}

/** Whether the comment of an event was deleted, until the sweep has changed the event. */
export function isCommentErased(e: Alias<typeof events>): SQL {
  return sql`EXISTS (SELECT 1 FROM ${x} WHERE ${x.accountId} = ${e.accountId} AND ${x.ticketId} = ${e.ticketId}
    AND ${x.commentId} = ${commentOfEvent(e)})`
}

const IS_ERASED = sql`${isTicketErased(e)} OR ${isCommentErased(e)}`

/** Whether one of them holds for the event of a delivery. */
export function isOfErasedEvent(d: Alias<typeof deliveries>): SQL {
  return sql`EXISTS (SELECT 1 FROM ${e} WHERE ${e.accountId} = ${d.accountId} AND ${e.sequence} = ${d.sequence}
    AND (${IS_ERASED}))`
}

/** Whether the comment of a history row was deleted, until the sweep has changed the row. */
export function isHistoryErased(h: Alias<typeof ticketHistory>): SQL {
  return sql`${h.commentId} IS NOT NULL AND EXISTS (SELECT 1 FROM ${x} WHERE ${x.accountId} = ${h.accountId}
    AND ${x.ticketId} = ${h.ticketId} AND ${x.commentId} = ${h.commentId})`
}
