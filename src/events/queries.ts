import { alias } from '../db/alias'
import type { EventType } from '../db/outbox'
import { jsonBytes } from '../db/page-bytes'
import { shownData } from '../db/redaction'
import { accountCounters } from '../db/schema/accounts'
import { events } from '../db/schema/webhooks'
import { constant, type Row, selection } from '../db/selection'
import { type SQL, sql } from '../db/sql'
import { query, select } from '../db/statement'
import { update } from '../db/write'

export interface EventFilter {
  types: readonly EventType[] | undefined
  ticketId: string | undefined
}

/** How many events a page with a filter by type scans at most. */
const EVENTS_PER_SCAN = 1_000

const e = alias(events, 'e')
const page = alias(events, 'page')
const SHOWN = constant(shownData(e))
const counters = accountCounters

/** An event: `data` is its snapshot, as JSON, as it may be shown. */
const EVENT = {
  sequence: events.sequence,
  id: events.id,
  type: events.type,
  data: sql<string>`shown`,
  created_at: events.createdAt,
}

export type EventRow = Row<typeof EVENT>

/** How many events a page scans: without a filter by type as many as it shows, and one more. */
export function scanSize({ types }: EventFilter, limit: number): number {
  return types === undefined ? limit : EVENTS_PER_SCAN
}

/** The oldest sequence that is retained (null if there is none), and the newest that was ever written. */
export function findEventBounds(accountId: string) {
  const oldest = sql<
    number | null
  >`(SELECT min(${events.sequence}) FROM ${events} WHERE ${events.accountId} = ${accountId})`
  return select(
    { oldest, newest: counters.eventSequence },
    sql`FROM ${accountCounters} WHERE ${accountCounters.accountId} = ${accountId}`,
  )
}

/**
 * Events after a sequence that match the filter, oldest first: at most `limit` of the next `scanSize`, and up to the one
 * with which their snapshots exceed `bytes`.
 */
export function findEvents(accountId: string, after: number, filter: EventFilter, limit: number, bytes: number) {
  const ofTypes =
    filter.types === undefined
      ? sql``
      : sql`WHERE ${events.type} IN (SELECT value FROM json_each(${JSON.stringify(filter.types)}))`
  const rows = sql`SELECT ${events.rowId} FROM (${scan(accountId, after, filter, limit)}) ${ofTypes}
    ORDER BY ${events.sequence} LIMIT ${limit}`
  const size = jsonBytes(e.data)
  return select(
    { ...EVENT, bytes_so_far: sql<number>`bytes_so_far` },
    sql`FROM (
      SELECT e.*, ${SHOWN} AS shown, ${size} AS bytes, sum(${size}) OVER (ORDER BY ${e.sequence} ROWS UNBOUNDED PRECEDING) AS bytes_so_far
      FROM (${rows}) page CROSS JOIN ${e} ON ${e.rowId} = ${page.rowId} AND ${e.accountId} = ${accountId})
    WHERE bytes_so_far - bytes <= ${bytes} ORDER BY ${events.sequence}`,
  )
}

/**
 * How many events `findEvents` scans, and the sequence of the last one (null if there is none). Without a filter by type
 * nothing is measured: it finds all that it scans.
 */
export function measureEventScan(accountId: string, after: number, filter: EventFilter, limit: number) {
  const nothing = { scanned: sql<number>`0`, last: sql<number | null>`NULL` }
  if (filter.types === undefined) return select(nothing, sql``)
  const measured = { scanned: sql<number>`count(*)`, last: sql<number | null>`max(${events.sequence})` }
  return select(measured, sql`FROM (${scan(accountId, after, filter, limit)})`)
}

function scan(accountId: string, after: number, filter: EventFilter, limit: number): SQL {
  const ofTicket = filter.ticketId === undefined ? sql`` : sql` AND ${events.ticketId} = ${filter.ticketId}`
  return sql`SELECT ${events.rowId}, ${events.sequence}, ${events.type} FROM ${events}
    WHERE ${events.accountId} = ${accountId} AND ${events.sequence} > ${after}${ofTicket}
    ORDER BY ${events.sequence} LIMIT ${scanSize(filter, limit)}`
}

/**
 * Across accounts: the first `limit` accounts after an ID that have events, by ID, and whether each has one from before a
 * time (ms). Only for the sweep.
 */
export function findAccountsWithEvents(after: string, before: number, limit: number) {
  const next = (previous: SQL) => sql`(SELECT min(${e.accountId}) FROM ${e} WHERE ${e.accountId} > ${previous})`
  const hasOld = sql<number>`EXISTS (SELECT 1 FROM ${e} WHERE ${e.accountId} = found.id AND ${e.createdAt} < ${before})`
  return query(
    { account_id: events.accountId, has_old: hasOld },
    sql`WITH RECURSIVE found(id, position) AS (
      SELECT ${next(sql`${after}`)}, 1
      UNION ALL
      SELECT ${next(sql`found.id`)}, position + 1 FROM found WHERE id IS NOT NULL AND position < ${limit})
    SELECT id AS account_id, ${hasOld} AS has_old FROM found WHERE id IS NOT NULL`,
  )
}

const DELETED_EVENT = selection({ row_id: events.rowId })

/** Deletes at most `limit` events of these accounts from before a time (ms), and returns a row for each. Only for the sweep. */
export function deleteOldEvents(accountIds: readonly string[], before: number, limit: number) {
  const { rowId } = events
  return query(
    DELETED_EVENT,
    sql`DELETE FROM ${events} WHERE ${rowId} IN (
      SELECT ${e.rowId} FROM json_each(${JSON.stringify(accountIds)}) account
      CROSS JOIN ${e} ON ${e.accountId} = account.value AND ${e.createdAt} < ${before} LIMIT ${limit})
    RETURNING ${DELETED_EVENT.list}`,
  )
}

/** Across accounts: skips the pending events of at most `limit` accounts without webhooks. Only for the sweep. */
export function skipEventsWithoutWebhooks(limit: number) {
  const { accountId, eventSequence, fannedOutSequence, activeWebhooks } = counters
  return update(
    counters,
    { fannedOutSequence: eventSequence },
    sql`${activeWebhooks} = 0 AND ${accountId} IN (SELECT ${accountId} FROM ${counters}
      WHERE ${eventSequence} > ${fannedOutSequence} AND ${activeWebhooks} = 0 LIMIT ${limit})`,
  )
}
