import { alias } from '../db/alias'
import { commentOfEvent, WHOLE_TICKET } from '../db/erasures'
import { backfills } from '../db/schema/accounts'
import { comments, erasures, ticketCounters, tickets } from '../db/schema/tickets'
import { events } from '../db/schema/webhooks'
import { type RowOf, selection } from '../db/selection'
import { type SQL, sql } from '../db/sql'
import { type Statement, select } from '../db/statement'
import { deleteFrom, insertSelect, update } from '../db/write'

const c = alias(comments, 'c')
const e = alias(events, 'e')
const t = alias(tickets, 't')

const BACKFILL = selection({ name: backfills.name, position: backfills.position, started_at: backfills.startedAt })

export type BackfillRow = RowOf<typeof BACKFILL>
type BackfillName = BackfillRow['name']

export function findBackfills() {
  return select(BACKFILL, sql`FROM ${backfills} ORDER BY ${backfills.name}`)
}

export function moveBackfill(name: BackfillName, position: string, now: number) {
  return update(
    backfills,
    { position, startedAt: sql`coalesce(${backfills.startedAt}, ${now})` },
    sql`${backfills.name} = ${name}`,
  )
}

export function endBackfill(name: BackfillName) {
  return deleteFrom(backfills, sql`${backfills.name} = ${name}`)
}

/** Across accounts: the last of the next events after a row ID; null if there is none. */
export function findLastEvent(after: number, limit: number) {
  return select(
    { last: sql<number | null>`max(${events.rowId})` },
    sql`FROM (SELECT ${events.rowId} FROM ${events} WHERE ${events.rowId} > ${after} ORDER BY ${events.rowId} LIMIT ${limit})`,
  )
}

/** Across accounts: records the erasures of deleted tickets and comments that these events are about. */
export function recordMissed(after: number, last: number, now: number): Statement[] {
  const inRange = sql`${e.rowId} > ${after} AND ${e.rowId} <= ${last} AND ${e.ticketId} IS NOT NULL`
  const ticketExists = sql`EXISTS (SELECT 1 FROM ${t} WHERE ${t.accountId} = ${e.accountId} AND ${t.id} = ${e.ticketId})`
  const commentExists = sql`EXISTS (SELECT 1 FROM ${c} WHERE ${c.accountId} = ${e.accountId} AND ${c.id} = ${commentOfEvent(e)})`
  return [
    recordErasures(sql`'${sql.raw(WHOLE_TICKET)}'`, sql`${inRange} AND NOT ${ticketExists}`, now),
    recordErasures(
      commentOfEvent(e),
      sql`${inRange} AND ${e.type} = 'comment.created' AND ${ticketExists}
        AND ${commentOfEvent(e)} IS NOT NULL AND NOT ${commentExists}`,
      now,
    ),
  ]
}

function recordErasures(commentId: SQL, condition: SQL, now: number) {
  return insertSelect(
    erasures,
    {
      accountId: e.accountId,
      ticketId: sql<string>`${e.ticketId}`,
      commentId: sql<string>`${commentId}`,
      createdAt: now,
      dueAt: now,
    },
    sql`FROM ${e} WHERE ${condition} ON CONFLICT DO NOTHING`,
  )
}

const COUNTER_KEY = selection({
  account_id: ticketCounters.accountId,
  dimension: ticketCounters.dimension,
  value: ticketCounters.value,
  status: ticketCounters.status,
  priority: ticketCounters.priority,
})

/** As JSON: the columns of the primary key. */
export type CounterKey = RowOf<typeof COUNTER_KEY>

const { accountId, dimension, value, status, priority } = ticketCounters
const KEY_COLUMNS = sql`(${accountId}, ${dimension}, ${value}, ${status}, ${priority})`

function keyOf({ account_id, dimension, value, status, priority }: CounterKey): SQL {
  return sql`(${account_id}, ${dimension}, ${value}, ${status}, ${priority})`
}

/** Across accounts: the last of the next counters after a key; no row if there is none. */
export function findLastCounter(after: CounterKey, limit: number) {
  const next = sql`SELECT ${COUNTER_KEY.list} FROM ${ticketCounters} WHERE ${KEY_COLUMNS} > ${keyOf(after)}
    ORDER BY ${accountId}, ${dimension}, ${value}, ${status}, ${priority} LIMIT ${limit}`
  const descending = sql`${accountId} DESC, ${dimension} DESC, ${value} DESC, ${status} DESC, ${priority} DESC`
  return select(COUNTER_KEY, sql`FROM (${next}) ORDER BY ${descending} LIMIT 1`)
}

/** Across accounts: deletes the counters of tags that no ticket has, after a key and up to another. */
export function deleteUnusedTagCounters(after: CounterKey, last: CounterKey) {
  return deleteFrom(
    ticketCounters,
    sql`${KEY_COLUMNS} > ${keyOf(after)} AND ${KEY_COLUMNS} <= ${keyOf(last)}
      AND ${dimension} = 'tag' AND ${ticketCounters.count} = 0`,
  )
}
