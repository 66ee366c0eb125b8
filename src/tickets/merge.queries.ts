import type { Caller } from '../core/caller'
import { alias } from '../db/alias'
import { mergeUnion } from '../db/merge-union'
import { tickets } from '../db/schema/tickets'
import { type SQL, sql } from '../db/sql'
import type { TicketFilter } from './filter.queries'
import { type IndexScan, inPartition, planIndexScan } from './index-scan.queries'
import {
  comparison,
  cursorKeyColumns,
  isLaterThan,
  type LowerBound,
  lowerBound,
  type Ordering,
  orderBy,
  startOf,
  type TicketWindow,
} from './ordering.queries'
import type { Partition, Partitions } from './partitions.queries'

const o = alias(tickets, 'o')
const CURSOR_KEY = { createdAt: cursorKeyColumns(o, o.createdAt), updatedAt: cursorKeyColumns(o, o.updatedAt) }

/** The text of a union grows with its partitions: more of them are scanned by one query over `json_each`. */
const MAX_MERGED = 64

/** Later than any time, and greater than any number. */
const MAX_VALUE = Number.MAX_SAFE_INTEGER

type BoundedPartition = Partition & { bound: Exclude<LowerBound, 'none'> }

/** The cursor keys of all partitions, in order. A page of 20 tickets from 16 partitions reads 36 rows. */
export function mergePartitions(
  caller: Caller,
  filter: TicketFilter,
  { by, all }: Partitions,
  ordering: Ordering,
  window: TicketWindow,
): SQL {
  const { accountId } = caller
  const key = startOf(window)
  const partitions = all.flatMap((partition): BoundedPartition[] => {
    const bound = lowerBound(partition.rank, ordering, key)
    return bound === 'none' ? [] : [{ ...partition, bound }]
  })
  if (partitions.length === 0)
    return sql`SELECT NULL AS ${tickets.rowId}, NULL AS rank, NULL AS at, NULL AS number WHERE 0`
  const scan = planIndexScan(caller, filter, by, ordering.column)
  if (partitions.length > MAX_MERGED) return topOfEachPartition(accountId, partitions, scan, ordering, window)
  const isAfterKey = key === null ? sql`` : sql` AND ${isLaterThan(key, scan.row, scan.time, ordering.times)}`
  const scans = partitions.map((partition) => partitionScan(accountId, partition, scan, isAfterKey))
  return mergeUnion(scans, orderBy(ordering))
}

/** The cursor keys of one partition. */
function partitionScan(
  accountId: string,
  { value, status, rank, bound }: BoundedPartition,
  scan: IndexScan,
  isAfterKey: SQL,
): SQL {
  const { row: r } = scan
  return sql`SELECT ${scan.cursorKey} FROM ${scan.from}
    WHERE ${r.accountId} = ${accountId}${hasValue(scan, value)}
      AND ${scan.statusAndRank[status][rank]}${scan.residual}${bound === 'key' ? isAfterKey : sql``}`
}

/** Begins with AND; empty for partitions by status. */
function hasValue({ value: column }: IndexScan, value: string | null): SQL {
  if (column === null) return sql``
  return value === null ? sql` AND ${column} IS NULL` : sql` AND ${column} = ${value}`
}

/** The first tickets of each partition, as many as the page can need, sorted. */
function topOfEachPartition(
  accountId: string,
  partitions: readonly BoundedPartition[],
  scan: IndexScan,
  ordering: Ordering,
  window: TicketWindow,
): SQL {
  const { row: r, time } = scan
  const { column, times } = ordering
  const end = times === 'DESC' ? { at: MAX_VALUE, number: MAX_VALUE } : { at: -MAX_VALUE, number: -MAX_VALUE }
  const key = startOf(window) ?? end
  const bounded = partitions.map(({ bound, ...partition }) => {
    const { at, number } = bound === 'key' ? key : end
    return { ...partition, at, number }
  })
  const limit = window.limit + ('offset' in window ? window.offset : 0)
  const direction = sql.raw(times)
  return sql`SELECT ${CURSOR_KEY[column]} FROM json_each(${JSON.stringify(bounded)}) c
    CROSS JOIN ${o} ON ${o.rowId} IN (
      SELECT ${r.rowId} FROM ${scan.from}
      WHERE ${inPartition(accountId, scan)}${scan.residual}
        AND (${time}, ${r.number}) ${comparison(times)} (c.value ->> 'at', c.value ->> 'number')
      ORDER BY ${time} ${direction}, ${r.number} ${direction} LIMIT ${limit})
    WHERE +${o.accountId} = ${accountId} ${orderBy(ordering)}`
}
