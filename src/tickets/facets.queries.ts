import { type SQL, sql } from 'drizzle-orm'
import type { Caller } from '../core/caller'
import { seesAllTickets } from '../core/policy'
import {
  among,
  assignedToOneOf,
  creatorsOf,
  hasRange,
  inRange,
  isTagged,
  otherTime,
  type TicketFilter,
  type TimeColumn,
} from './filter.queries'
import { PRIORITIES, STATUSES } from './values'

/** Tickets of one tag, one member (or of nobody in particular), one status and one rank: a stretch, in order of time. */
export interface Facet {
  value: string | null
  status: (typeof STATUSES)[number]
  rank: number
}

/** How the tickets of a filter are cut into facets, and what tells them apart beside status and rank. */
export interface Facets {
  by: 'tag' | 'creator' | 'assignee' | 'status'
  all: Facet[]
}

/** All facets there are, for an order by rank of everything. */
export const EVERY_FACET: Facets = { by: 'status', all: cut([null], STATUSES, PRIORITIES) }

/**
 * The facets of a filter. The first of each are found at once, however many tickets there are, and so are the first of all
 * together. A customer's are cut by their creator, so that no other tickets are looked at. Undefined where the filter names
 * none of these fields.
 */
export function facetsOf(caller: Caller, filter: TicketFilter): Facets | undefined {
  const creators = creatorsOf(caller, filter)
  const { tag, assignedTo, status, priority } = filter
  const all = (values: (string | null)[]) => cut(values, status ?? STATUSES, priority ?? PRIORITIES)
  if (tag !== undefined && seesAllTickets(caller.role)) return { by: 'tag', all: all([tag]) }
  if (creators) return { by: 'creator', all: all(creators) }
  if (assignedTo) return { by: 'assignee', all: all(assignedTo.map((id) => (id === '' ? null : id))) }
  return status || priority ? { by: 'status', all: all([null]) } : undefined
}

function cut(
  values: readonly (string | null)[],
  statuses: readonly (typeof STATUSES)[number][],
  priorities: readonly (typeof PRIORITIES)[number][],
): Facet[] {
  return values.flatMap((value) =>
    statuses.flatMap((status) => priorities.map((priority) => ({ value, status, rank: PRIORITIES.indexOf(priority) }))),
  )
}

/** What its facets leave open of a filter, but for times: the fields that are asked of each ticket. */
export function leftOpen(
  caller: Caller,
  filter: TicketFilter,
  by: Facets['by'],
): Pick<TicketFilter, 'tag' | 'createdBy' | 'assignedTo'> {
  return {
    tag: by === 'tag' ? undefined : filter.tag,
    createdBy: by === 'tag' ? creatorsOf(caller, filter) : undefined,
    assignedTo: by === 'assignee' ? undefined : filter.assignedTo,
  }
}

/** Where the facets of a filter are stretches in order of a time, under which alias, and what is asked of each ticket. */
export interface Stretches {
  from: string
  alias: 'g' | 't'
  /** Begins with AND; null where nothing is asked. */
  asked: SQL | null
}

/**
 * The stretches of a time's order. Those of a tag are rows `g` of their own, and the ticket `t` is only looked at where
 * something is asked of it, or `needsTicket` of the caller.
 */
export function stretchesOf(
  caller: Caller,
  filter: TicketFilter,
  by: Facets['by'],
  column: TimeColumn,
  needsTicket = false,
): Stretches {
  const { tag, createdBy, assignedTo } = leftOpen(caller, filter, by)
  const conditions = [
    ...(tag === undefined ? [] : [isTagged(caller.accountId, tag)]),
    ...(createdBy ? [among('t.created_by', createdBy)] : []),
    ...(assignedTo ? [assignedToOneOf(assignedTo, 't')] : []),
  ]
  const other = otherTime(column)
  const alias = by === 'tag' ? 'g' : 't'
  const ranges = [
    ...(hasRange(filter, column) ? [inRange(filter, column, alias)] : []),
    ...(hasRange(filter, other) ? [inRange(filter, other, 't')] : []),
  ]
  const all = [...ranges, ...conditions.map((condition) => sql` AND ${condition}`)]
  const asked = all.length === 0 ? null : sql.join(all)
  const order = column === 'created_at' ? 'created' : 'updated'
  if (by !== 'tag') return { from: `tickets t INDEXED BY tickets_by_${by}_${order}`, alias, asked }
  const tags = order === 'created' ? 'ticket_tags g' : 'ticket_tags_updated g'
  const isAsked = needsTicket || conditions.length > 0 || hasRange(filter, other)
  const ticket = ' CROSS JOIN tickets t ON t.seq = g.seq AND +t.account_id = g.account_id'
  return { from: isAsked ? `${tags}${ticket}` : tags, alias, asked }
}

/** The column of what tells facets apart. */
export const VALUE_COLUMNS = { tag: 'tag', creator: 'created_by', assignee: 'assigned_to' } as const

/** That a row of stretches belongs to the facet `c.value` of `json_each`. */
export function inEachFacet(accountId: string, by: Facets['by'], alias: 'g' | 't'): SQL {
  const ofValue = by === 'status' ? '' : ` AND ${alias}.${VALUE_COLUMNS[by]} IS c.value ->> 'value'`
  return sql`${sql.raw(alias)}.account_id = ${accountId}${sql.raw(`${ofValue}
    AND ${alias}.status = c.value ->> 'status' AND ${alias}.priority_rank = c.value ->> 'rank'`)}`
}
