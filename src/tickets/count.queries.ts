import { type SQL, sql } from 'drizzle-orm'
import type { Caller } from '../context'
import { rows } from '../db/client'
import {
  among,
  assignedWithin,
  creatorsOf,
  facetIndex,
  facetsOf,
  hasRange,
  inFacet,
  inRange,
  isFoundOneByOne,
  matching,
  type TicketFilter,
} from './filter.queries'

/** How many tickets match. */
export function countTickets(caller: Caller, filter: TicketFilter) {
  return rows<{ total: number }>(countMatches(caller, filter))
}

/**
 * The number of matching tickets as a query. From the counters that triggers keep where they know it: any statuses,
 * priorities and either assignees or creators; else by counting the matches, on an index where there is one.
 */
export function countMatches(caller: Caller, filter: TicketFilter): SQL {
  if (isFoundOneByOne(filter)) return sql`SELECT count(*) AS total FROM tickets t WHERE ${matching(caller, filter)}`
  const creators = creatorsOf(caller, filter)
  const isCounted =
    !hasRange(filter, 'created_at') && !hasRange(filter, 'updated_at') && !(creators && filter.assignedTo)
  return isCounted ? sumCounters(caller, filter, creators) : countOnIndex(caller, filter)
}

function sumCounters(caller: Caller, { assignedTo, status, priority }: TicketFilter, creators: string[] | undefined) {
  const [dimension, values] = creators ? ['creator', creators] : assignedTo ? ['assignee', assignedTo] : ['all', ['']]
  const conditions = [
    sql`account_id = ${caller.accountId} AND dimension = ${dimension} AND ${among('value', values)}`,
    ...(status ? [among('status', status)] : []),
    ...(priority ? [among('priority', priority)] : []),
  ]
  return sql`SELECT coalesce(sum(count), 0) AS total FROM ticket_counters WHERE ${sql.join(conditions, sql` AND `)}`
}

function countOnIndex(caller: Caller, filter: TicketFilter): SQL {
  const column = hasRange(filter, 'updated_at') ? 'updated_at' : 'created_at'
  const ranges = sql`${inRange(filter, 'created_at', 't')}${inRange(filter, 'updated_at', 't')}`
  const facets = facetsOf(caller, filter)
  if (!facets) return sql`SELECT count(*) AS total FROM tickets t WHERE t.account_id = ${caller.accountId}${ranges}`
  return sql`SELECT count(*) AS total FROM json_each(${JSON.stringify(facets.all)}) c
    CROSS JOIN tickets t INDEXED BY ${facetIndex(facets.by, column)} ON ${inFacet(caller.accountId, facets.by, 't')}
    WHERE 1${ranges}${assignedWithin(filter, facets.by, 't')}`
}
