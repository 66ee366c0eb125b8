import { type SQL, sql } from 'drizzle-orm'
import type { Caller } from '../core/caller'
import { select } from '../db/statement'
import {
  bySearchOrNumber,
  creatorsOf,
  hasRange,
  inRange,
  isOneOf,
  isPointLookup,
  isSearchOnly,
  matchesSearch,
  type TicketFilter,
} from './filter.queries'
import { inPartition, partitionsOf, planIndexScan, residualFilters } from './partitions.queries'

/** How many tickets match. */
export function countTickets(caller: Caller, filter: TicketFilter) {
  return select<{ total: number }>(countMatches(caller, filter))
}

/**
 * The number of matching tickets as a query. From the counters that triggers keep where they know it: any statuses and
 * priorities of everything, of assignees, creators or a tag, and creators with assignees; words from their own index; else
 * by counting the matches, on an index where there is one.
 */
export function countMatches(caller: Caller, filter: TicketFilter): SQL {
  if (isSearchOnly(filter)) return countWords(caller, filter.q ?? '')
  if (isPointLookup(filter)) {
    const { from, where } = bySearchOrNumber(caller, filter)
    return sql`SELECT count(*) AS total FROM ${from} WHERE ${where}`
  }
  const isRanged = hasRange(filter, 'created_at') || hasRange(filter, 'updated_at')
  return (isRanged ? undefined : sumCounters(caller, filter)) ?? countOnIndex(caller, filter)
}

/** The index knows whose its entries are: the account's token is part of the match. */
function countWords(caller: Caller, q: string): SQL {
  return sql`SELECT count(*) AS total FROM tickets_fts WHERE ${matchesSearch(caller, q)}`
}

const DIMENSIONS = { tag: 'tag', creator: 'creator', assignee: 'assignee', status: 'all' }

/** Undefined where no counter knows. */
function sumCounters(caller: Caller, filter: TicketFilter): SQL | undefined {
  const { status, priority, assignedTo } = filter
  const { by, all } = partitionsOf(caller, filter) ?? { by: 'status', all: [{ value: null }] }
  const values = [...new Set(all.map(({ value }) => value ?? ''))]
  const open = residualFilters(caller, filter, by)
  const creators = creatorsOf(caller, filter)
  if (by === 'creator' && creators && assignedTo && !open.tag && !status && !priority)
    return sql`SELECT coalesce(sum(count), 0) AS total FROM creator_counters
      WHERE account_id = ${caller.accountId} AND ${isOneOf('created_by', creators)} AND ${isOneOf('assigned_to', assignedTo)}`
  if (Object.values(open).some((field) => field !== undefined)) return undefined
  const conditions = [
    sql`account_id = ${caller.accountId} AND dimension = ${DIMENSIONS[by]} AND ${isOneOf('value', values)}`,
    ...(status ? [isOneOf('status', status)] : []),
    ...(priority ? [isOneOf('priority', priority)] : []),
  ]
  return sql`SELECT coalesce(sum(count), 0) AS total FROM ticket_counters WHERE ${sql.join(conditions, sql` AND `)}`
}

function countOnIndex(caller: Caller, filter: TicketFilter): SQL {
  const column = hasRange(filter, 'updated_at') ? 'updated_at' : 'created_at'
  const facets = partitionsOf(caller, filter)
  if (!facets)
    return sql`SELECT count(*) AS total FROM tickets t WHERE t.account_id = ${caller.accountId}${inRange(filter, 'created_at', 't')}${inRange(filter, 'updated_at', 't')}`
  const { from, alias, residual } = planIndexScan(caller, filter, facets.by, column)
  return sql`SELECT count(*) AS total FROM json_each(${JSON.stringify(facets.all)}) c CROSS JOIN ${sql.raw(from)}
    WHERE ${inPartition(caller.accountId, facets.by, alias)}${residual ?? sql``}`
}
