import { type SQL, sql } from 'drizzle-orm'
import type { Caller } from '../context'
import { visibleAmongFound, visibleTickets } from '../db/visibility'
import { seesAllTickets } from '../roles'
import { parseSearch } from './search'
import { PRIORITIES, STATUSES } from './values'

/** What tickets a list is of. An empty `assignedTo` entry stands for nobody. */
export interface TicketFilter {
  status?: (typeof STATUSES)[number][] | undefined
  priority?: (typeof PRIORITIES)[number][] | undefined
  assignedTo?: string[] | undefined
  createdBy?: string[] | undefined
  number?: number | undefined
  tag?: string | undefined
  q?: string | undefined
  createdAfter?: number | undefined
  createdBefore?: number | undefined
  updatedAfter?: number | undefined
  updatedBefore?: number | undefined
}

export type TimeColumn = 'created_at' | 'updated_at'

/** Creators that the caller asks for and may see; undefined for all. */
export function creatorsOf(caller: Caller, { createdBy }: TicketFilter): string[] | undefined {
  if (seesAllTickets(caller.role)) return createdBy
  return [caller.id].filter((own) => createdBy?.includes(own) ?? true)
}

/** Tickets of one member (or of nobody in particular), status and rank: a stretch of an index, in order of time. */
interface Facet {
  member: string | null
  status: string
  rank: number
}

/** How the tickets of a filter are cut into facets, and the index in which each is a stretch. */
export interface Facets {
  by: 'creator' | 'assignee' | 'status'
  all: Facet[]
}

/**
 * The facets of a filter: a few members × 4 statuses × 4 priorities at most. The first of each are found at once, however
 * many tickets there are, and so are the first of all together. Undefined where the filter names none of these fields.
 */
export function facetsOf(caller: Caller, filter: TicketFilter): Facets | undefined {
  const creators = creatorsOf(caller, filter)
  const { assignedTo, status, priority } = filter
  if (!creators && !assignedTo && !status && !priority) return undefined
  const members = creators ?? assignedTo?.map((id) => (id === '' ? null : id)) ?? [null]
  const ranks = (priority ?? PRIORITIES).map((name) => PRIORITIES.indexOf(name))
  const all = members.flatMap((member) =>
    (status ?? STATUSES).flatMap((name) => ranks.map((rank) => ({ member, status: name, rank }))),
  )
  return { by: creators ? 'creator' : assignedTo ? 'assignee' : 'status', all }
}

/** All facets there are, for an order by rank of everything. */
export const EVERY_FACET: Facets = {
  by: 'status',
  all: STATUSES.flatMap((status) => PRIORITIES.map((_, rank) => ({ member: null, status, rank }))),
}

/** The index in which facets are stretches in order of a time. */
export function facetIndex(by: Facets['by'], column: TimeColumn): SQL {
  return sql.raw(`tickets_by_${by}_${column === 'created_at' ? 'created' : 'updated'}`)
}

/** That a ticket of the alias belongs to the facet `c.value` of `json_each`. */
export function inFacet(accountId: string, by: Facets['by'], alias: string): SQL {
  const name = (column: string) => sql.raw(`${alias}.${column}`)
  const member =
    by === 'creator'
      ? sql` AND ${name('created_by')} = c.value ->> 'member'`
      : by === 'assignee'
        ? sql` AND ${name('assigned_to')} IS c.value ->> 'member'`
        : sql``
  return sql`${name('account_id')} = ${accountId}${member} AND ${name('status')} = c.value ->> 'status'
    AND ${name('priority_rank')} = c.value ->> 'rank'`
}

/** The filter's range of a time, as a condition on the alias that begins with AND; nothing where there is none. */
export function inRange(filter: TicketFilter, column: TimeColumn, alias: string): SQL {
  const name = sql.raw(`${alias}.${column}`)
  const [after, before] =
    column === 'created_at' ? [filter.createdAfter, filter.createdBefore] : [filter.updatedAfter, filter.updatedBefore]
  const from = after === undefined ? sql`` : sql` AND ${name} >= ${after}`
  const to = before === undefined ? sql`` : sql` AND ${name} < ${before}`
  return sql`${from}${to}`
}

/** Whether the filter limits a time. */
export function hasRange(filter: TicketFilter, column: TimeColumn): boolean {
  const [after, before] =
    column === 'created_at' ? [filter.createdAfter, filter.createdBefore] : [filter.updatedAfter, filter.updatedBefore]
  return after !== undefined || before !== undefined
}

/** What facets of creators leave open: who the ticket is assigned to. Begins with AND. */
export function assignedWithin(filter: TicketFilter, by: Facets['by'], alias: string): SQL {
  if (by !== 'creator' || !filter.assignedTo) return sql``
  return sql` AND ${assignedToOneOf(filter.assignedTo, alias)}`
}

/** Whether the tickets are found by their number, a tag or words: one by one, whatever else the filter says. */
export function isFoundOneByOne({ number, tag, q }: TicketFilter): boolean {
  return number !== undefined || tag !== undefined || q !== undefined
}

/**
 * The whole filter as a condition on `t`, for tickets that are found one by one: by their number, else by words, else by
 * a tag. What does not find them is asked of each that was found.
 */
export function matching(caller: Caller, filter: TicketFilter): SQL {
  const finder = filter.number !== undefined ? 'number' : filter.q !== undefined ? 'words' : 'tag'
  const conditions = [finder === 'number' ? visibleTickets(caller) : visibleAmongFound(caller)]
  if (filter.status) conditions.push(among('t.status', filter.status))
  if (filter.priority) conditions.push(among('t.priority', filter.priority))
  if (filter.createdBy) conditions.push(among('t.created_by', filter.createdBy))
  if (filter.assignedTo) conditions.push(assignedToOneOf(filter.assignedTo, 't'))
  if (filter.number !== undefined) conditions.push(sql`t.number = ${filter.number}`)
  if (filter.tag !== undefined) conditions.push(tagged(caller.accountId, filter.tag, finder === 'tag'))
  if (filter.q !== undefined) conditions.push(found(caller, filter.q, finder === 'words'))
  return sql`${sql.join(conditions, sql` AND `)}${inRange(filter, 'created_at', 't')}${inRange(filter, 'updated_at', 't')}`
}

/** One value, or one of several. */
export function among(column: string, values: string[]): SQL {
  const name = sql.raw(column)
  if (values.length === 1) return sql`${name} = ${values[0]}`
  return sql`${name} IN (SELECT value FROM json_each(${JSON.stringify(values)}))`
}

function assignedToOneOf(ids: string[], alias: string): SQL {
  const column = `${alias}.assigned_to`
  const people = ids.filter((id) => id !== '')
  if (people.length === ids.length) return among(column, people)
  const isNobody = sql`${sql.raw(column)} IS NULL`
  return people.length === 0 ? isNobody : sql`(${isNobody} OR ${among(column, people)})`
}

function tagged(accountId: string, tag: string, finds: boolean): SQL {
  const ofTag = sql`SELECT ticket_seq FROM ticket_tags WHERE account_id = ${accountId} AND tag = ${tag}`
  return finds ? sql`t.seq IN (${ofTag})` : sql`EXISTS (${ofTag} AND ticket_seq = t.seq)`
}

function found(caller: Caller, text: string, finds: boolean): SQL {
  const createdBy = seesAllTickets(caller.role) ? null : caller.id
  const search = parseSearch(text, { accountId: caller.accountId, createdBy })
  if (search === 'nothing') return sql`0`
  const ofWords = sql`SELECT rowid FROM tickets_fts WHERE tickets_fts MATCH ${search.match}`
  return finds ? sql`t.seq IN (${ofWords})` : sql`EXISTS (${ofWords} AND rowid = t.seq)`
}
