import type { Caller } from '../core/caller'
import { alias } from './alias'
import { type Json, jsonObject } from './json'
import { actorJson, insertEvent, reserveSequences } from './outbox'
import { attachments, comments, ticketHistory, tickets } from './schema/tickets'
import { type SQL, sql } from './sql'
import { type Statement, select } from './statement'
import { TICKET, TICKET_MEMBER_JOINS } from './ticket-row'
import { insertSelect, update } from './write'
import { nextWriteTime } from './write-time'

/** A longer value (bytes of JSON) is marked as truncated in the `changes` of an event. */
const MAX_VALUE_BYTES = 4_096

const t = alias(tickets, 't')

/** One change of a ticket: its history rows have its ID, and the other statements of the batch depend on them. */
export interface ChangeRecord {
  caller: Caller
  ticketId: string
  changeId: string
  now: number
}

/** Whether the change has altered anything, or one field. */
export function hasChanged({ caller, changeId }: ChangeRecord, field?: string): SQL {
  const named = field === undefined ? sql`` : sql` AND ${ticketHistory.field} = ${field}`
  return sql`EXISTS (SELECT 1 FROM ${ticketHistory} WHERE ${ofChange(caller.accountId, changeId)}${named})`
}

export function findChangedFields(accountId: string, changeId: string) {
  return select({ field: ticketHistory.field }, sql`FROM ${ticketHistory} WHERE ${ofChange(accountId, changeId)}`)
}

function ofChange(accountId: string, changeId: string): SQL {
  return sql`${ticketHistory.accountId} = ${accountId} AND ${ticketHistory.changeId} = ${changeId}`
}

export type FieldChange = { previous: unknown; current: unknown } | { truncated: true }

/**
 * Inserts the `ticket.updated` of a change, if it has altered anything: the ticket as it is now, and its changes. `commentId` is
 * that of a comment whose texts the changes hold.
 */
export function insertUpdatedEvent(
  change: ChangeRecord,
  eventId: string,
  isInternal: boolean | SQL<number>,
  commentId?: SQL<string | null>,
) {
  const { caller, ticketId, changeId } = change
  const { accountId } = caller
  const { field, previous, current } = ticketHistory
  const changes: Json<Record<string, FieldChange>> = sql`(SELECT json_group_object(${field}, CASE
      WHEN octet_length(${previous}) > ${MAX_VALUE_BYTES} OR octet_length(${current}) > ${MAX_VALUE_BYTES}
      THEN json_object('truncated', json('true'))
      ELSE json_object('previous', json(${previous}), 'current', json(${current})) END)
    FROM ${ticketHistory} WHERE ${ofChange(accountId, changeId)})`
  return insertEvent({
    id: eventId,
    type: 'ticket.updated',
    accountId,
    ticketId,
    ...(commentId && { commentId }),
    isInternal,
    data: jsonObject({ ticket: TICKET.json, changes, actor: actorJson(accountId, caller.id) }),
    from: sql`${t} ${TICKET_MEMBER_JOINS}
      WHERE ${t.accountId} = ${accountId} AND ${t.id} = ${ticketId} AND ${hasChanged(change)}`,
  })
}

/** A comment or an attachment that a ticket gains or loses. */
interface ChildChange {
  field: 'comments' | 'attachments'
  id: string
  kind: 'added' | 'removed'
  /** A further condition on its row, which has the alias `p`. */
  condition?: SQL
}

const c = alias(comments, 'p')
const a = alias(attachments, 'p')
/** Each child, its snapshot in the history, and the comment whose texts that holds. */
const CHILDREN = {
  comments: { p: c, snapshot: sql`json_object('id', ${c.id})`, commentId: sql<string | null>`NULL` },
  attachments: {
    p: a,
    snapshot: sql`json_object('id', ${a.id}, 'filename', ${a.filename}, 'size', ${a.size}, 'mime_type', ${a.mimeType})`,
    commentId: a.commentId,
  },
} as const

/**
 * Records a child that was added or is about to be deleted: history, a new version and a `ticket.updated`. For the batch of
 * the change, at a point where the child exists. An internal child changes nothing that a customer could see.
 */
export function recordChildChange(change: ChangeRecord, child: ChildChange, eventId: string): Statement[] {
  const { caller, ticketId, changeId, now } = change
  const { accountId } = caller
  const { p, snapshot, commentId } = CHILDREN[child.field]
  const createdAt = nextWriteTime(accountId, { now })
  const itself = sql`${p}
    WHERE ${p.accountId} = ${accountId} AND ${p.ticketId} = ${ticketId} AND ${p.id} = ${child.id}`
  const values =
    child.kind === 'added'
      ? { previous: sql<string>`'null'`, current: sql<string>`${snapshot}` }
      : { previous: sql<string>`${snapshot}`, current: sql<string>`'null'` }
  const history = {
    accountId: p.accountId,
    ticketId: p.ticketId,
    changeId,
    actorId: caller.id,
    field: child.field,
    commentId,
  }
  return [
    insertSelect(
      ticketHistory,
      { ...history, ...values, createdAt },
      sql`FROM ${itself}${child.condition ? sql` AND ${child.condition}` : sql``}`,
    ),
    update(
      tickets,
      { version: sql`${tickets.version} + 1`, updatedAt: createdAt },
      sql`${tickets.accountId} = ${accountId} AND ${tickets.id} = ${ticketId} AND ${hasChanged(change)}
        AND EXISTS (SELECT 1 FROM ${itself} AND ${p.isInternal} = 0)`,
    ),
    reserveSequences(accountId, { now }, hasChanged(change)),
    insertUpdatedEvent(
      change,
      eventId,
      sql`(SELECT ${p.isInternal} FROM ${itself})`,
      sql`(SELECT ${commentId} FROM ${itself})`,
    ),
  ]
}
