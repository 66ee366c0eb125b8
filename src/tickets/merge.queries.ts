import { type SQL, StringChunk, sql } from 'drizzle-orm'
import type { Caller } from '../core/caller'
import { mergeUnion } from '../db/merge-union'
import type { TicketFilter } from './filter.queries'
import { lowerBound, type Ordering, orderBy, type TicketCursorKey, type TicketWindow } from './ordering.queries'
import {
  type IndexScan,
  inPartition,
  type Partition,
  type Partitions,
  planIndexScan,
  VALUE_COLUMNS,
} from './partitions.queries'

/** Of more facets, a few assignees or creators, each is asked for its first ones: SQL of so many would grow too long. */
const MOST_MERGED = 64

/** Later than any time, and than any number. */
const END = Number.MAX_SAFE_INTEGER

type BoundPartition = Partition & { bound: TicketCursorKey | 'all' }

/**
 * The places of the tickets of all facets, in the order of the list. Of sixteen facets twenty tickets are 36 rows.
 */
export function mergePartitions(
  caller: Caller,
  filter: TicketFilter,
  { by, all }: Partitions,
  ordering: Ordering,
  window: TicketWindow,
): SQL {
  const bounded = all.flatMap((facet): BoundPartition[] => {
    const bound = lowerBound(facet.rank, ordering, window)
    return bound === 'none' ? [] : [{ ...facet, bound }]
  })
  if (bounded.length === 0) return sql`SELECT NULL AS seq, NULL AS rank, NULL AS at, NULL AS number WHERE 0`
  const stretches = planIndexScan(caller, filter, by, ordering.column)
  if (bounded.length > MOST_MERGED)
    return topOfEachPartition(caller.accountId, by, bounded, stretches, ordering, window)
  const queries = bounded.map((facet) => partitionScan(caller.accountId, by, facet, stretches, ordering))
  return mergeUnion(queries, orderBy(ordering))
}

/** The places of a facet's tickets. Its text is in few chunks, for drizzle takes its time over each. */
function partitionScan(
  accountId: string,
  by: Partitions['by'],
  { value, status, rank, bound }: BoundPartition,
  { from, alias, residual }: IndexScan,
  ordering: Ordering,
): SQL {
  const facet = ` AND ${alias}.status = '${status}' AND ${alias}.priority_rank = ${rank}`
  const ofAccount = sql`${text(`SELECT ${cursorKeyOfRow(alias, ordering)} FROM ${from} WHERE ${alias}.account_id = `)}${accountId}`
  if (by === 'status') ofAccount.append(sql`${text(facet)}`)
  else if (value === null) ofAccount.append(sql`${text(` AND ${alias}.${VALUE_COLUMNS[by]} IS NULL${facet}`)}`)
  else ofAccount.append(sql`${text(` AND ${alias}.${VALUE_COLUMNS[by]} = `)}${value}${text(facet)}`)
  if (residual) ofAccount.append(residual)
  if (bound !== 'all') ofAccount.append(isAfterBound(bound, alias, ordering))
  return ofAccount
}

function text(constant: string): StringChunk {
  return new StringChunk(constant)
}

function cursorKeyOfRow(alias: string, { column }: Ordering): string {
  return `${alias}.seq, ${alias}.priority_rank AS rank, ${alias}.${column} AS at, ${alias}.number AS number`
}

function isAfterBound({ at, number }: TicketCursorKey, alias: string, { column, times }: Ordering): SQL {
  return sql`${text(` AND (${alias}.${column}, ${alias}.number) ${times === 'DESC' ? '<' : '>'} (`)}${at}, ${number})`
}

/** The first of each facet, as many as the slice could want, and those sorted. */
function topOfEachPartition(
  accountId: string,
  by: Partitions['by'],
  facets: readonly BoundPartition[],
  { from, alias, residual }: IndexScan,
  ordering: Ordering,
  window: TicketWindow,
): SQL {
  const { column, times } = ordering
  const open = times === 'DESC' ? { at: END, number: END } : { at: -END, number: -END }
  const bounded = facets.map(({ bound, ...facet }) => ({
    ...facet,
    ...(bound === 'all' ? open : bound),
    rank: facet.rank,
  }))
  const wanted = window.limit + ('offset' in window ? window.offset : 0)
  const [comparison, way] = [sql.raw(times === 'DESC' ? '<' : '>'), sql.raw(times)]
  const [time, number] = [sql.raw(`${alias}.${column}`), sql.raw(`${alias}.number`)]
  return sql`SELECT ${text(cursorKeyOfRow('o', ordering))} FROM json_each(${JSON.stringify(bounded)}) c
    CROSS JOIN tickets o ON o.seq IN (
      SELECT ${text(`${alias}.seq FROM ${from}`)}
      WHERE ${inPartition(accountId, by, alias)}${residual ?? sql``}
        AND (${time}, ${number}) ${comparison} (c.value ->> 'at', c.value ->> 'number')
      ORDER BY ${time} ${way}, ${number} ${way} LIMIT ${wanted})
    WHERE +o.account_id = ${accountId} ${orderBy(ordering)}`
}
