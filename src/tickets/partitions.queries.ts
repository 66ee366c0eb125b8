import { type SQL, sql } from 'drizzle-orm'
import type { Caller } from '../core/caller'
import { seesAllTickets } from '../core/policy'
import {
  assignedToOneOf,
  creatorsOf,
  hasRange,
  inRange,
  isOneOf,
  isTagged,
  otherTime,
  type TicketFilter,
  type TimeColumn,
} from './filter.queries'
import { PRIORITIES, TICKET_STATUSES } from './values'

/** Tickets of one tag, one member (or of nobody in particular), one status and one rank: a stretch, in order of time. */
export interface Partition {
  value: string | null
  status: (typeof TICKET_STATUSES)[number]
  rank: number
}

/** How the tickets of a filter are cut into facets, and what tells them apart beside status and rank. */
export interface Partitions {
  by: 'tag' | 'creator' | 'assignee' | 'status'
  all: Partition[]
}

/** All facets there are, for an order by rank of everything. */
export const EVERY_PARTITION: Partitions = { by: 'status', all: cut([null], TICKET_STATUSES, PRIORITIES) }

/**
 * The facets of a filter. The first of each are found at once, however many tickets there are, and so are the first of all
 * together. A customer's are cut by their creator, so that no other tickets are looked at. Undefined where the filter names
 * none of these fields.
 */
export function partitionsOf(caller: Caller, filter: TicketFilter): Partitions | undefined {
  const creators = creatorsOf(caller, filter)
  const { tag, assignedTo, status, priority } = filter
  const all = (values: (string | null)[]) => cut(values, status ?? TICKET_STATUSES, priority ?? PRIORITIES)
  if (tag !== undefined && seesAllTickets(caller.role)) return { by: 'tag', all: all([tag]) }
  if (creators) return { by: 'creator', all: all(creators) }
  if (assignedTo) return { by: 'assignee', all: all(assignedTo.map((id) => (id === '' ? null : id))) }
  return status || priority ? { by: 'status', all: all([null]) } : undefined
}

function cut(
  values: readonly (string | null)[],
  statuses: readonly (typeof TICKET_STATUSES)[number][],
  priorities: readonly (typeof PRIORITIES)[number][],
): Partition[] {
  return values.flatMap((value) =>
    statuses.flatMap((status) => priorities.map((priority) => ({ value, status, rank: PRIORITIES.indexOf(priority) }))),
  )
}

/** What its facets leave open of a filter, but for times: the fields that are asked of each ticket. */
export function residualFilters(
  caller: Caller,
  filter: TicketFilter,
  by: Partitions['by'],
): Pick<TicketFilter, 'tag' | 'createdBy' | 'assignedTo'> {
  return {
    tag: by === 'tag' ? undefined : filter.tag,
    createdBy: by === 'tag' ? creatorsOf(caller, filter) : undefined,
    assignedTo: by === 'assignee' ? undefined : filter.assignedTo,
  }
}

/** Where the facets of a filter are stretches in order of a time, under which alias, and what is asked of each ticket. */
export interface IndexScan {
  from: string
  alias: 'g' | 't'
  /** Begins with AND; null where nothing is asked. */
  residual: SQL | null
}

/**
 * The stretches of a time's order. Those of a tag are rows `g` of their own, and the ticket `t` is only looked at where
 * something is asked of it, or `needsTicket` of the caller.
 */
export function planIndexScan(
  caller: Caller,
  filter: TicketFilter,
  by: Partitions['by'],
  column: TimeColumn,
  needsTicket = false,
): IndexScan {
  const { tag, createdBy, assignedTo } = residualFilters(caller, filter, by)
  const conditions = [
    ...(tag === undefined ? [] : [isTagged(caller.accountId, tag)]),
    ...(createdBy ? [isOneOf('t.created_by', createdBy)] : []),
    ...(assignedTo ? [assignedToOneOf(assignedTo, 't')] : []),
  ]
  const other = otherTime(column)
  const alias = by === 'tag' ? 'g' : 't'
  const ranges = [
    ...(hasRange(filter, column) ? [inRange(filter, column, alias)] : []),
    ...(hasRange(filter, other) ? [inRange(filter, other, 't')] : []),
  ]
  const all = [...ranges, ...conditions.map((condition) => sql` AND ${condition}`)]
  const residual = all.length === 0 ? null : sql.join(all)
  const order = column === 'created_at' ? 'created' : 'updated'
  if (by !== 'tag') return { from: `tickets t INDEXED BY tickets_by_${by}_${order}`, alias, residual }
  const tags = order === 'created' ? 'ticket_tags g' : 'ticket_tags_updated g'
  const isAsked = needsTicket || conditions.length > 0 || hasRange(filter, other)
  const ticket = ' CROSS JOIN tickets t ON t.seq = g.seq AND +t.account_id = g.account_id'
  return { from: isAsked ? `${tags}${ticket}` : tags, alias, residual }
}

/** The column of what tells facets apart. */
export const VALUE_COLUMNS = { tag: 'tag', creator: 'created_by', assignee: 'assigned_to' } as const

/** That a row of stretches belongs to the facet `c.value` of `json_each`. */
export function inPartition(accountId: string, by: Partitions['by'], alias: 'g' | 't'): SQL {
  const ofValue = by === 'status' ? '' : ` AND ${alias}.${VALUE_COLUMNS[by]} IS c.value ->> 'value'`
  return sql`${sql.raw(alias)}.account_id = ${accountId}${sql.raw(`${ofValue}
    AND ${alias}.status = c.value ->> 'status' AND ${alias}.priority_rank = c.value ->> 'rank'`)}`
}
