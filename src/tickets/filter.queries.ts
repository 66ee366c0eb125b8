import { type SQL, sql } from 'drizzle-orm'
import type { Caller } from '../core/caller'
import { seesAllTickets } from '../core/policy'
import { visibleByRowId, visibleTickets } from '../db/visibility'
import { parseSearch } from './search'
import type { PRIORITIES, TICKET_STATUSES } from './values'

/** What tickets a list is of. An empty `assignedTo` entry stands for nobody. */
export interface TicketFilter {
  status?: (typeof TICKET_STATUSES)[number][] | undefined
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

/** The other of the two times. */
export function otherTime(column: TimeColumn): TimeColumn {
  return column === 'created_at' ? 'updated_at' : 'created_at'
}

/** Creators that the caller asks for and may see; undefined for all. */
export function creatorsOf(caller: Caller, { createdBy }: TicketFilter): string[] | undefined {
  if (seesAllTickets(caller.role)) return createdBy
  return [caller.id].filter((own) => createdBy?.includes(own) ?? true)
}

/** The filter's range of a time, as a condition on the alias that begins with AND; nothing where there is none. */
export function inRange(filter: TicketFilter, column: TimeColumn, alias: string): SQL {
  const name = sql.raw(`${alias}.${column}`)
  const [after, before] = rangeOf(filter, column)
  const from = after === undefined ? sql`` : sql` AND ${name} >= ${after}`
  const to = before === undefined ? sql`` : sql` AND ${name} < ${before}`
  return sql`${from}${to}`
}

/** Whether the filter limits a time. */
export function hasRange(filter: TicketFilter, column: TimeColumn): boolean {
  return rangeOf(filter, column).some((bound) => bound !== undefined)
}

function rangeOf(filter: TicketFilter, column: TimeColumn) {
  return column === 'created_at'
    ? [filter.createdAfter, filter.createdBefore]
    : [filter.updatedAfter, filter.updatedBefore]
}

/** Whether the tickets are found by their number or by words: one by one, whatever else the filter says. */
export function isPointLookup({ number, q }: TicketFilter): boolean {
  return number !== undefined || q !== undefined
}

/** Where tickets that are found one by one come from, and the whole filter as a condition. */
export interface PointLookup {
  from: SQL
  where: SQL
}

/**
 * The tickets `t` that are found by their number, else by words (`f` of the full-text index). What does not find them is
 * asked of each that was found.
 */
export function bySearchOrNumber(caller: Caller, filter: TicketFilter): PointLookup {
  const isNumbered = filter.number !== undefined
  const conditions = [isNumbered ? visibleTickets(caller) : visibleByRowId(caller)]
  if (filter.number !== undefined) conditions.push(sql`t.number = ${filter.number}`)
  if (filter.q !== undefined)
    conditions.push(
      isNumbered
        ? sql`EXISTS (SELECT 1 FROM tickets_fts WHERE ${matchesSearch(caller, filter.q)} AND rowid = t.seq)`
        : matchesSearch(caller, filter.q),
    )
  if (filter.status) conditions.push(isOneOf('t.status', filter.status))
  if (filter.priority) conditions.push(isOneOf('t.priority', filter.priority))
  if (filter.createdBy) conditions.push(isOneOf('t.created_by', filter.createdBy))
  if (filter.assignedTo) conditions.push(assignedToOneOf(filter.assignedTo, 't'))
  if (filter.tag !== undefined) conditions.push(isTagged(caller.accountId, filter.tag))
  return {
    from: isNumbered ? sql`tickets t` : sql`tickets_fts f CROSS JOIN tickets t ON t.seq = f.rowid`,
    where: sql`${sql.join(conditions, sql` AND `)}${inRange(filter, 'created_at', 't')}${inRange(filter, 'updated_at', 't')}`,
  }
}

/** Whether words, within what the caller may see, are all that the filter says. */
export function isSearchOnly({ q, ...others }: TicketFilter): boolean {
  return q !== undefined && Object.values(others).every((value) => value === undefined)
}

/**
 * That an entry of the full-text index has the words of a text and belongs to the caller's account, and to a customer's
 * own tickets.
 */
export function matchesSearch(caller: Caller, text: string): SQL {
  const createdBy = seesAllTickets(caller.role) ? null : caller.id
  const search = parseSearch(text, { accountId: caller.accountId, createdBy })
  return search === 'nothing' ? sql`0` : sql`tickets_fts MATCH ${search.match}`
}

/** One value, or one of several. */
export function isOneOf(column: string, values: string[]): SQL {
  const name = sql.raw(column)
  if (values.length === 1) return sql`${name} = ${values[0]}`
  return sql`${name} IN (SELECT value FROM json_each(${JSON.stringify(values)}))`
}

/** That a ticket of the alias is assigned to one of several, '' for nobody. */
export function assignedToOneOf(ids: string[], alias: string): SQL {
  const column = `${alias}.assigned_to`
  const people = ids.filter((id) => id !== '')
  if (people.length === ids.length) return isOneOf(column, people)
  const isNobody = sql`${sql.raw(column)} IS NULL`
  return people.length === 0 ? isNobody : sql`(${isNobody} OR ${isOneOf(column, people)})`
}

/** That the ticket `t` has a tag: one look at its key. */
export function isTagged(accountId: string, tag: string): SQL {
  return sql`EXISTS (SELECT 1 FROM ticket_tags g
    WHERE g.account_id = ${accountId} AND g.tag = ${tag} AND g.status = t.status AND g.priority_rank = t.priority_rank
      AND g.created_at = t.created_at AND g.number = t.number)`
}
