import type { Caller } from '../core/caller'
import { alias } from '../db/alias'
import { creatorCounters, ticketCounters, tickets } from '../db/schema/tickets'
import { oldTicketSearch, ticketSearch } from '../db/search-table'
import { selection } from '../db/selection'
import { sql } from '../db/sql'
import { type Statement, select } from '../db/statement'
import {
  andEach,
  bySearchOrNumber,
  hasRange,
  inRange,
  isOneOf,
  isPointLookup,
  isSearchOnly,
  matchesSearch,
  type TicketFilter,
} from './filter.queries'
import { inPartition, planIndexScan } from './index-scan.queries'
import { EVERY_PARTITION, type PartitionField, partitionsOf, residualFilters } from './partitions.queries'

const t = alias(tickets, 't')

interface Total {
  total: number
}

const ROWS = selection({ total: sql<number>`count(*)` })
const OF_TICKET_COUNTERS = selection({ total: sql<number>`coalesce(sum(${ticketCounters.count}), 0)` })
const OF_CREATOR_COUNTERS = selection({ total: sql<number>`coalesce(sum(${creatorCounters.count}), 0)` })

/** How many tickets match. Reads counters that triggers keep, if they have the number, and otherwise counts on an index. */
export function countTickets(caller: Caller, filter: TicketFilter): Statement<Total> {
  if (isSearchOnly(filter)) return countSearch(caller, filter)
  if (isPointLookup(filter)) return select(ROWS, bySearchOrNumber(caller, filter))
  return sumCounters(caller, filter) ?? countOnIndex(caller, filter)
}

/** The index alone is enough: its tokens belong to an account. */
function countSearch(caller: Caller, filter: TicketFilter) {
  const index = filter.usesOldIndex ? oldTicketSearch : ticketSearch
  return select(ROWS, sql`FROM ${index} WHERE ${matchesSearch(caller, filter)}`)
}

/** Undefined if no counter has the number. */
function sumCounters(caller: Caller, filter: TicketFilter): Statement<Total> | undefined {
  if (hasRange(filter, 'createdAt') || hasRange(filter, 'updatedAt')) return undefined
  const { by, all } = partitionsOf(caller, filter) ?? EVERY_PARTITION
  const values = [...new Set(all.map(({ value }) => value ?? ''))]
  const { tag, createdBy, assignedTo } = residualFilters(caller, filter, by)
  if (tag !== undefined || createdBy) return undefined
  if (!assignedTo) return sumTicketCounters(caller.accountId, by, values, filter)
  const isByAssigneeOnly = by === 'creator' && !filter.status && !filter.priority
  return isByAssigneeOnly ? sumCreatorCounters(caller.accountId, values, assignedTo) : undefined
}

type Dimension = (typeof ticketCounters)['$inferSelect']['dimension']

const DIMENSIONS: { [D in Dimension as D extends 'all' ? 'status' : D]: D } = {
  tag: 'tag',
  creator: 'creator',
  assignee: 'assignee',
  status: 'all',
}

function sumTicketCounters(
  accountId: string,
  by: PartitionField,
  values: string[],
  { status, priority }: TicketFilter,
) {
  const conditions = [
    sql`${ticketCounters.dimension} = ${DIMENSIONS[by]}`,
    isOneOf(ticketCounters.value, values),
    ...(status ? [isOneOf(ticketCounters.status, status)] : []),
    ...(priority ? [isOneOf(ticketCounters.priority, priority)] : []),
  ]
  return select(
    OF_TICKET_COUNTERS,
    sql`FROM ${ticketCounters} WHERE ${ticketCounters.accountId} = ${accountId}${andEach(conditions)}`,
  )
}

/** These counters exist only for all statuses and priorities together. */
function sumCreatorCounters(accountId: string, creators: string[], assignees: string[]) {
  const { createdBy, assignedTo } = creatorCounters
  return select(
    OF_CREATOR_COUNTERS,
    sql`FROM ${creatorCounters} WHERE ${creatorCounters.accountId} = ${accountId}
      AND ${isOneOf(createdBy, creators)} AND ${isOneOf(assignedTo, assignees)}`,
  )
}

function countOnIndex(caller: Caller, filter: TicketFilter): Statement<Total> {
  const partitions = partitionsOf(caller, filter)
  if (!partitions) {
    const ranges = andEach([...inRange(filter, 'createdAt'), ...inRange(filter, 'updatedAt')])
    return select(ROWS, sql`FROM ${t} WHERE ${t.accountId} = ${caller.accountId}${ranges}`)
  }
  const column = hasRange(filter, 'updatedAt') ? 'updatedAt' : 'createdAt'
  const scan = planIndexScan(caller, filter, partitions.by, column)
  return select(
    ROWS,
    sql`FROM json_each(${JSON.stringify(partitions.all)}) c CROSS JOIN ${scan.from}
      WHERE ${inPartition(caller.accountId, scan)}${scan.residual}`,
  )
}
