import type { Column } from 'drizzle-orm'
import type { Caller } from '../core/caller'
import { seesAllTickets } from '../core/policy'
import { alias } from '../db/alias'
import { tickets, ticketTags } from '../db/schema/tickets'
import { oldTicketSearch, ticketSearch } from '../db/search-table'
import { type SQL, sql } from '../db/sql'
import { visibleByRowId, visibleTickets } from '../db/visibility'
import { parseOldSearch } from './old-search'
import { parseSearch } from './search'
import type { Priority, TicketStatus } from './values'

const t = alias(tickets, 't')
const f = alias(ticketSearch, 'f')
const o = alias(oldTicketSearch, 'f')
const g = alias(ticketTags, 'g')

/** An empty string in `assignedTo` stands for unassigned tickets. Times are in ms. Cursors depend on these names. */
export interface TicketFilter {
  status?: TicketStatus[] | undefined
  priority?: Priority[] | undefined
  assignedTo?: string[] | undefined
  createdBy?: string[] | undefined
  number?: number | undefined
  tag?: string | undefined
  q?: string | undefined
  /** Searches `q` in the old index, for an account that the new one does not have completely. */
  usesOldIndex?: boolean | undefined
  createdAfter?: number | undefined
  createdBefore?: number | undefined
  updatedAfter?: number | undefined
  updatedBefore?: number | undefined
}

export type TimeColumn = 'createdAt' | 'updatedAt'

export function otherTime(column: TimeColumn): TimeColumn {
  return column === 'createdAt' ? 'updatedAt' : 'createdAt'
}

/** The creators whose tickets match, as far as the caller may see them; undefined for all. */
export function creatorsOf(caller: Caller, { createdBy }: TicketFilter): string[] | undefined {
  if (seesAllTickets(caller.role)) return createdBy
  return [caller.id].filter((own) => createdBy?.includes(own) ?? true)
}

/** The conditions that limit a time; none if the filter does not. `time` is its column, by default that of `t`. */
export function inRange(filter: TicketFilter, column: TimeColumn, time: SQL = t[column]): SQL[] {
  const { from, to } = rangeOf(filter, column)
  return [...(from === undefined ? [] : [sql`${time} >= ${from}`]), ...(to === undefined ? [] : [sql`${time} < ${to}`])]
}

export function hasRange(filter: TicketFilter, column: TimeColumn): boolean {
  const { from, to } = rangeOf(filter, column)
  return from !== undefined || to !== undefined
}

function rangeOf(filter: TicketFilter, column: TimeColumn) {
  return column === 'createdAt'
    ? { from: filter.createdAfter, to: filter.createdBefore }
    : { from: filter.updatedAfter, to: filter.updatedBefore }
}

/** The conditions with an AND in front of each. */
export function andEach(conditions: readonly SQL[]): SQL {
  return sql.join(conditions.map((condition) => sql` AND ${condition}`))
}

/** Whether tickets are found by their number or by search: the rest of the filter is then checked for each of them. */
export function isPointLookup({ number, q }: TicketFilter): boolean {
  return number !== undefined || q !== undefined
}

/** Tickets `t` (and entries `f` of a search index), and the conditions for them. */
interface PointLookup {
  from: SQL
  conditions: SQL[]
}

/** The tickets of a filter for which `isPointLookup` holds, as `FROM … WHERE …`. */
export function bySearchOrNumber(caller: Caller, filter: TicketFilter): SQL {
  const { status, priority, createdBy, assignedTo, tag } = filter
  const lookup = filter.number === undefined ? bySearch(caller, filter) : byNumber(caller, filter.number, filter)
  const conditions = [
    ...lookup.conditions,
    ...(status ? [isOneOf(t.status, status)] : []),
    ...(priority ? [isOneOf(t.priority, priority)] : []),
    ...(createdBy ? [isOneOf(t.createdBy, createdBy)] : []),
    ...(assignedTo ? [isAssignedToOneOf(assignedTo)] : []),
    ...(tag === undefined ? [] : [isTagged(caller.accountId, tag)]),
    ...inRange(filter, 'createdAt'),
    ...inRange(filter, 'updatedAt'),
  ]
  return sql`FROM ${lookup.from} WHERE ${sql.join(conditions, sql` AND `)}`
}

function byNumber(caller: Caller, number: number, filter: TicketFilter): PointLookup {
  const index = filter.usesOldIndex ? oldTicketSearch : ticketSearch
  const entry = filter.usesOldIndex ? t.rowId : t.searchId
  const found = sql`EXISTS (SELECT 1 FROM ${index} WHERE ${matchesSearch(caller, filter)} AND ${index.rowId} = ${entry})`
  const conditions = [visibleTickets(caller), sql`${t.number} = ${number}`, ...(filter.q === undefined ? [] : [found])]
  return { from: t, conditions }
}

function bySearch(caller: Caller, filter: TicketFilter): PointLookup {
  const from = filter.usesOldIndex
    ? sql`${o} CROSS JOIN ${t} ON ${t.rowId} = ${o.rowId}`
    : sql`${f} CROSS JOIN ${t} ON ${t.searchId} = ${f.rowId}`
  return { from, conditions: [visibleByRowId(caller), matchesSearch(caller, filter)] }
}

/** Whether the filter has a search text and nothing else. */
export function isSearchOnly({ q, usesOldIndex, ...others }: TicketFilter): boolean {
  return q !== undefined && Object.values(others).every((value) => value === undefined)
}

/** Whether an entry of the search index matches the text and belongs to a ticket that the caller may see. */
export function matchesSearch(caller: Caller, { q = '', usesOldIndex }: TicketFilter): SQL {
  const scope = { accountId: caller.accountId, createdBy: seesAllTickets(caller.role) ? null : caller.id }
  const search = usesOldIndex ? parseOldSearch(q, scope) : parseSearch(q, scope)
  if (search === 'nothing') return sql`0`
  return sql`${usesOldIndex ? oldTicketSearch : ticketSearch} MATCH ${search.match}`
}

export function isOneOf(column: SQL | Column, values: readonly string[]): SQL {
  if (values.length === 1) return sql`${column} = ${values[0]}`
  return sql`${column} IN (SELECT value FROM json_each(${JSON.stringify(values)}))`
}

/** Whether the ticket `t` is assigned to one of the IDs; '' for unassigned. */
export function isAssignedToOneOf(ids: readonly string[]): SQL {
  const members = ids.filter((id) => id !== '')
  if (members.length === ids.length) return isOneOf(t.assignedTo, members)
  const isUnassigned = sql`${t.assignedTo} IS NULL`
  return members.length === 0 ? isUnassigned : sql`(${isUnassigned} OR ${isOneOf(t.assignedTo, members)})`
}

/** Whether the ticket `t` has a tag. The condition names the whole primary key of its tag. */
export function isTagged(accountId: string, tag: string): SQL {
  return sql`EXISTS (SELECT 1 FROM ${g}
    WHERE ${g.accountId} = ${accountId} AND ${g.tag} = ${tag} AND ${g.status} = ${t.status}
      AND ${g.priorityRank} = ${t.priorityRank} AND ${g.createdAt} = ${t.createdAt} AND ${g.number} = ${t.number})`
}
