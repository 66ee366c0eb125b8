import { type SQL, sql } from 'drizzle-orm'
import type { EventType } from '../db/outbox'
import { run, select } from '../db/statement'

/** An event as it is stored: `data` is the JSON image of what it tells of. */
export interface EventRow {
  sequence: number
  id: string
  type: EventType
  data: string
  created_at: number
}

export interface EventFilter {
  types: readonly string[] | undefined
  ticketId: string | undefined
}

/** How many events a page may look through for those of the types that are wanted. */
const EVENTS_A_SCAN = 1_000

/** How many events a page looks through: where every type is wanted, as many as it shows and one more. */
export function scanSize({ types }: EventFilter, limit: number): number {
  return types === undefined ? limit : EVENTS_A_SCAN
}

/** The oldest sequence that is kept (null where none is) and the newest there ever was. */
export function findEventBounds(accountId: string) {
  return select<{ oldest: number | null; newest: number }>(sql`
    SELECT (SELECT min(sequence) FROM events WHERE account_id = ${accountId}) AS oldest, event_sequence AS newest
    FROM account_state WHERE account_id = ${accountId}`)
}

/**
 * The events after a sequence that the filter wants, oldest first, at most `limit`, among the next `scanSize`; none behind
 * the one with which they weigh more than `bytes`.
 */
export function findEvents(accountId: string, after: number, filter: EventFilter, limit: number, bytes: number) {
  const wanted =
    filter.types === undefined
      ? sql``
      : sql`WHERE type IN (SELECT value FROM json_each(${JSON.stringify(filter.types)}))`
  const page = sql`SELECT seq FROM (${scan(accountId, after, filter, limit)}) ${wanted} ORDER BY sequence LIMIT ${limit}`
  return select<EventRow & { bytes_so_far: number }>(sql`
    SELECT sequence, id, type, data, created_at, bytes_so_far FROM (
      SELECT e.*, octet_length(e.data) AS bytes,
        sum(octet_length(e.data)) OVER (ORDER BY e.sequence ROWS UNBOUNDED PRECEDING) AS bytes_so_far
      FROM (${page}) page CROSS JOIN events e ON e.seq = page.seq AND e.account_id = ${accountId})
    WHERE bytes_so_far - bytes <= ${bytes} ORDER BY sequence`)
}

/**
 * How many events `findEvents` looks through, and the last of them (null where there is none). Where every type is wanted
 * nothing is measured: it finds what it looks through.
 */
export function measureEventScan(accountId: string, after: number, filter: EventFilter, limit: number) {
  if (filter.types === undefined)
    return select<{ scanned: number; last: number | null }>(sql`SELECT 0 AS scanned, NULL AS last`)
  return select<{ scanned: number; last: number | null }>(sql`
    SELECT count(*) AS scanned, max(sequence) AS last FROM (${scan(accountId, after, filter, limit)})`)
}

function scan(accountId: string, after: number, filter: EventFilter, limit: number): SQL {
  const ofTicket = filter.ticketId === undefined ? sql`` : sql` AND ticket_id = ${filter.ticketId}`
  return sql`SELECT seq, sequence, type FROM events
    WHERE account_id = ${accountId} AND sequence > ${after}${ofTicket} ORDER BY sequence LIMIT ${scanSize(filter, limit)}`
}

/**
 * Deletes events of before a time (ms), at most `limit`, and gives how many. It is of all accounts at once: the sweep's
 * own work, in the order in which events were written.
 */
export function deleteOldEvents(before: number, limit: number) {
  return select<{ seq: number }>(sql`
    DELETE FROM events WHERE created_at < ${before} AND seq IN (SELECT seq FROM events ORDER BY seq LIMIT ${limit})
    RETURNING seq`)
}

/** Considers the events of accounts without an audience as told, of at most `limit` accounts. The sweep's own work. */
export function skipEventsWithoutWebhooks(limit: number) {
  return run(sql`
    UPDATE account_state SET fanned_out_sequence = event_sequence
    WHERE listeners = 0 AND account_id IN (
      SELECT account_id FROM account_state WHERE event_sequence > fanned_out_sequence AND listeners = 0 LIMIT ${limit})`)
}
