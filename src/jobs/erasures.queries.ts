import { alias } from '../db/alias'
import { commentOfEvent, WHOLE_TICKET } from '../db/erasures'
import { withBytesSoFar } from '../db/page-bytes'
import { blankRow, withoutComment, withoutCommentRows, withoutTicket, withoutTicketRows } from '../db/redaction'
import { idempotencyRecords } from '../db/schema/accounts'
import { erasures, ticketHistory } from '../db/schema/tickets'
import { deliveries, deliveryAttempts, events, webhooks } from '../db/schema/webhooks'
import { type RowOf, selection } from '../db/selection'
import { type SQL, sql } from '../db/sql'
import { run, type Statement, select } from '../db/statement'
import { deleteFrom, update } from '../db/write'

/** How much of each kind one step of an erasure changes. A row can have 512 KB. */
const ROWS_PER_STEP = 100
const BYTES_PER_STEP = 4_194_304
const ATTEMPTS_PER_STEP = 500

const a = alias(deliveryAttempts, 'a')
const d = alias(deliveries, 'd')
const e = alias(events, 'e')
const h = alias(ticketHistory, 'h')
const r = idempotencyRecords
const w = alias(webhooks, 'w')
const x = alias(erasures, 'x')

/** The next rows of a query with a column `bytes`, up to the one with which they exceed the bytes of a step. */
function upToBytes(rows: SQL, order: SQL): SQL {
  return sql`SELECT * FROM (${withBytesSoFar(rows, sql`ORDER BY ${order}`)})
    WHERE bytes_so_far - bytes < ${sql.raw(String(BYTES_PER_STEP))}`
}

const LIMIT = sql.raw(`LIMIT ${ROWS_PER_STEP}`)

const NEXT_EVENTS = upToBytes(
  sql`SELECT ${e.sequence}, octet_length(${e.data}) AS bytes FROM ${e}
    WHERE ${e.accountId} = ${x.accountId} AND ${e.ticketId} = ${x.ticketId} AND ${e.sequence} > ${x.eventSequence}
    ORDER BY ${e.sequence} ${LIMIT}`,
  sql`${events.sequence}`,
)

const NEXT_RECORDS = upToBytes(
  sql`SELECT ${r.callerId}, ${r.keyHash}, octet_length(${r.rows}) AS bytes FROM ${r}
    WHERE ${r.accountId} = ${x.accountId} AND ${r.ticketId} = ${x.ticketId}
      AND (${r.callerId}, ${r.keyHash}) > (${x.recordCaller}, ${x.recordKey})
    ORDER BY ${r.callerId}, ${r.keyHash} ${LIMIT}`,
  sql`${r.callerId}, ${r.keyHash}`,
)

const LAST_RECORD = sql`ORDER BY ${r.callerId} DESC, ${r.keyHash} DESC LIMIT 1`

const DUE_ERASURE = selection({
  account_id: x.accountId,
  ticket_id: x.ticketId,
  comment_id: x.commentId,
  created_at: x.createdAt,
  event_sequence: x.eventSequence,
  record_caller: x.recordCaller,
  record_key: x.recordKey,
  /** The last event of the next step; null if no event is left. */
  last_event: sql<number | null>`(SELECT max(${events.sequence}) FROM (${NEXT_EVENTS}))`,
  /** The last idempotency record of the next step; null if none is left. */
  last_caller: sql<string | null>`(SELECT ${r.callerId} FROM (${NEXT_RECORDS}) ${LAST_RECORD})`,
  last_key: sql<string | null>`(SELECT ${r.keyHash} FROM (${NEXT_RECORDS}) ${LAST_RECORD})`,
  has_history: sql<number>`${x.commentId} <> '' AND EXISTS (SELECT 1 FROM ${h}
    WHERE ${h.accountId} = ${x.accountId} AND ${h.commentId} IS NOT NULL AND ${h.commentId} = ${x.commentId})`,
  /** Of the events and records of the next step. */
  bytes: sql<number>`coalesce((SELECT max(bytes_so_far) FROM (${NEXT_EVENTS})), 0)
    + coalesce((SELECT max(bytes_so_far) FROM (${NEXT_RECORDS})), 0)`,
})

export type DueErasure = RowOf<typeof DUE_ERASURE>

/** Across accounts: the erasures that are due longest, and what the next step of each changes. Only for the sweep. */
export function findDueErasures(now: number, limit: number) {
  return select(DUE_ERASURE, sql`FROM ${x} WHERE ${x.dueAt} <= ${now} ORDER BY ${x.dueAt} LIMIT ${limit}`)
}

/** Whether a step would change nothing. */
export function isErased(erasure: DueErasure): boolean {
  return erasure.last_event === null && erasure.last_key === null && erasure.has_history === 0
}

/** The next step of an erasure. It can be repeated: what was changed stays the same. */
export function eraseNext(erasure: DueErasure, now: number): Statement[] {
  return [
    ...(erasure.last_event === null ? [] : [eraseResponses(erasure), eraseEvents(erasure)]),
    ...(erasure.last_key === null ? [] : [eraseRecords(erasure)]),
    ...(erasure.has_history === 0 ? [] : [eraseHistory(erasure)]),
    advance(erasure, now),
  ]
}

/** The events of the step, as a condition on the alias `e`. */
function isOfStep(erasure: DueErasure): SQL {
  const range = sql`${e.accountId} = ${erasure.account_id} AND ${e.ticketId} = ${erasure.ticket_id}
    AND ${e.sequence} > ${erasure.event_sequence} AND ${e.sequence} <= ${erasure.last_event}`
  if (erasure.comment_id === WHOLE_TICKET) return range
  return sql`${range} AND ${e.type} IN ('comment.created', 'ticket.updated') AND ${commentOfEvent(e)} = ${erasure.comment_id}`
}

function eraseEvents(erasure: DueErasure) {
  const data = erasure.comment_id === WHOLE_TICKET ? withoutTicket(e.data) : withoutComment(e.data)
  return run(sql`UPDATE ${events} AS e SET ${events.data} = ${data} WHERE ${isOfStep(erasure)}`)
}

/** The attempts whose response can repeat an event of the step, as `FROM … WHERE …`. */
function responsesOfStep(erasure: DueErasure): SQL {
  return sql`FROM ${e}
    CROSS JOIN ${w} ON ${w.accountId} = ${e.accountId}
    CROSS JOIN ${d} ON ${d.accountId} = ${w.accountId} AND ${d.webhookId} = ${w.id} AND ${d.sequence} = ${e.sequence}
    CROSS JOIN ${a} ON ${a.accountId} = ${d.accountId} AND ${a.deliveryId} = ${d.id}
    WHERE ${isOfStep(erasure)} AND ${a.response} <> ''`
}

function eraseResponses(erasure: DueErasure) {
  const { accountId, deliveryId, number } = deliveryAttempts
  return update(
    deliveryAttempts,
    { response: '' },
    sql`${accountId} = ${erasure.account_id} AND (${accountId}, ${deliveryId}, ${number}) IN (
      SELECT ${a.accountId}, ${a.deliveryId}, ${a.number} ${responsesOfStep(erasure)} LIMIT ${ATTEMPTS_PER_STEP})`,
  )
}

function eraseRecords(erasure: DueErasure) {
  const rows =
    erasure.comment_id === WHOLE_TICKET
      ? withoutTicketRows(r.rows)
      : withoutCommentRows(r.rows, (id) => sql`${id} = ${erasure.comment_id}`)
  return update(
    r,
    { rows },
    sql`${r.accountId} = ${erasure.account_id} AND ${r.ticketId} = ${erasure.ticket_id}
      AND (${r.callerId}, ${r.keyHash}) > (${erasure.record_caller}, ${erasure.record_key})
      AND (${r.callerId}, ${r.keyHash}) <= (${erasure.last_caller}, ${erasure.last_key})`,
  )
}

function eraseHistory(erasure: DueErasure) {
  const { rowId, accountId, commentId, previous, current } = ticketHistory
  const next = sql`SELECT ${h.rowId} FROM ${h} WHERE ${h.accountId} = ${erasure.account_id}
    AND ${h.commentId} IS NOT NULL AND ${h.commentId} = ${erasure.comment_id} ${LIMIT}`
  return update(
    ticketHistory,
    { previous: blankRow(sql`${previous}`), current: blankRow(sql`${current}`), commentId: null },
    sql`${accountId} = ${erasure.account_id} AND ${commentId} IS NOT NULL AND ${rowId} IN (${next})`,
  )
}

/** Moves the erasure past the step; not past its events while responses to them are left. */
function advance(erasure: DueErasure, now: number) {
  const { eventSequence } = erasures
  const last = erasure.last_event ?? erasure.event_sequence
  const hasResponses = erasure.last_event === null ? sql`0` : sql`EXISTS (SELECT 1 ${responsesOfStep(erasure)})`
  return update(
    erasures,
    {
      eventSequence: sql`CASE WHEN ${hasResponses} THEN ${eventSequence} ELSE ${last} END`,
      recordCaller: erasure.last_caller ?? erasure.record_caller,
      recordKey: erasure.last_key ?? erasure.record_key,
      dueAt: now,
    },
    isErasure(erasure),
  )
}

/** Looks at the erasure again at a time (ms). */
export function postpone(erasure: DueErasure, dueAt: number) {
  return update(erasures, { dueAt }, isErasure(erasure))
}

export function complete(erasure: DueErasure) {
  return deleteFrom(erasures, isErasure(erasure))
}

function isErasure({ account_id, ticket_id, comment_id }: DueErasure): SQL {
  return sql`${erasures.accountId} = ${account_id} AND ${erasures.ticketId} = ${ticket_id} AND ${erasures.commentId} = ${comment_id}`
}
