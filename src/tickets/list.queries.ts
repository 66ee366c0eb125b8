import { type SQL, sql } from 'drizzle-orm'
import type { Caller } from '../context'
import { rows } from '../db/client'
import { visibleAmongFound, visibleTickets } from '../db/visibility'
import { seesAllTickets } from '../roles'
import { TICKET_COLUMNS, TICKET_MEMBERS, type TicketRow } from './image.queries'
import { parseSearch } from './search'

type TicketSort = 'created_at' | 'updated_at' | 'priority'
type SortOrder = 'asc' | 'desc'

/** What tickets a list is of. An empty `assignedTo` entry stands for nobody. */
export interface TicketFilter {
  status?: string[] | undefined
  priority?: string[] | undefined
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

/**
 * How many tickets match. Answered from the counters that triggers keep where they know it: any statuses, priorities
 * and either assignees or creators; else by counting the matches.
 */
export function countTickets(caller: Caller, filter: TicketFilter) {
  const { createdBy, assignedTo } = filter
  const narrower = [
    filter.number,
    filter.tag,
    filter.q,
    filter.createdAfter,
    filter.createdBefore,
    filter.updatedAfter,
    filter.updatedBefore,
  ]
  const creators = seesAllTickets(caller.role)
    ? createdBy
    : [caller.id].filter((own) => createdBy?.includes(own) ?? true)
  if (narrower.some((value) => value !== undefined) || (creators && assignedTo))
    return rows<{ total: number }>(sql`SELECT count(*) AS total FROM tickets t WHERE ${matching(caller, filter)}`)
  const [dimension, values] = creators ? ['creator', creators] : assignedTo ? ['assignee', assignedTo] : ['all', ['']]
  const conditions = [
    sql`account_id = ${caller.accountId} AND dimension = ${dimension} AND ${among('value', values)}`,
    ...(filter.status ? [among('status', filter.status)] : []),
    ...(filter.priority ? [among('priority', filter.priority)] : []),
  ]
  return rows<{ total: number }>(
    sql`SELECT coalesce(sum(count), 0) AS total FROM ticket_counters WHERE ${sql.join(conditions, sql` AND `)}`,
  )
}

/**
 * A slice of the matching tickets, in order. The slice is found on narrow rows, and only its tickets are read whole: the
 * CROSS JOIN keeps SQLite from beginning at the other end, with all tickets of the account.
 */
export function findTickets(
  caller: Caller,
  filter: TicketFilter,
  { sort, order }: { sort: TicketSort; order: SortOrder },
  limit: number,
  offset: number,
) {
  const ordering = orderBy(sort, order)
  return rows<TicketRow>(sql`
    SELECT ${TICKET_COLUMNS}
    FROM (SELECT t.seq FROM tickets t WHERE ${matching(caller, filter)} ORDER BY ${ordering} LIMIT ${limit} OFFSET ${offset}) page
    CROSS JOIN tickets t ON t.seq = page.seq AND t.account_id = ${caller.accountId}
    ${TICKET_MEMBERS}
    ORDER BY ${ordering}`)
}

/** Equal priorities come newest first, whichever way the priorities go. */
function orderBy(sort: TicketSort, order: SortOrder): SQL {
  const way = sql.raw(order === 'asc' ? 'ASC' : 'DESC')
  if (sort === 'priority') return sql`t.priority_rank ${way}, t.created_at DESC, t.seq DESC`
  const column = sort === 'created_at' ? sql`t.created_at` : sql`t.updated_at`
  return sql`${column} ${way}, t.seq ${way}`
}

function matching(caller: Caller, filter: TicketFilter): SQL {
  const { createdAfter, createdBefore, updatedAfter, updatedBefore } = filter
  const isFoundBySeq = filter.tag !== undefined || filter.q !== undefined
  const conditions = [isFoundBySeq ? visibleAmongFound(caller) : visibleTickets(caller)]
  if (filter.status) conditions.push(among('t.status', filter.status))
  if (filter.priority) conditions.push(among('t.priority', filter.priority))
  if (filter.createdBy) conditions.push(among('t.created_by', filter.createdBy))
  if (filter.assignedTo) conditions.push(assignedToOneOf(filter.assignedTo))
  if (filter.number !== undefined) conditions.push(sql`t.number = ${filter.number}`)
  if (filter.tag !== undefined) conditions.push(tagged(caller.accountId, filter.tag))
  if (filter.q !== undefined) conditions.push(found(caller, filter.q))
  if (createdAfter !== undefined) conditions.push(sql`t.created_at >= ${createdAfter}`)
  if (createdBefore !== undefined) conditions.push(sql`t.created_at < ${createdBefore}`)
  if (updatedAfter !== undefined) conditions.push(sql`t.updated_at >= ${updatedAfter}`)
  if (updatedBefore !== undefined) conditions.push(sql`t.updated_at < ${updatedBefore}`)
  return sql.join(conditions, sql` AND `)
}

function among(column: string, values: string[]): SQL {
  const name = sql.raw(column)
  if (values.length === 1) return sql`${name} = ${values[0]}`
  return sql`${name} IN (SELECT value FROM json_each(${JSON.stringify(values)}))`
}

function assignedToOneOf(ids: string[]): SQL {
  const people = ids.filter((id) => id !== '')
  if (people.length === ids.length) return among('t.assigned_to', people)
  return people.length === 0
    ? sql`t.assigned_to IS NULL`
    : sql`(t.assigned_to IS NULL OR ${among('t.assigned_to', people)})`
}

function tagged(accountId: string, tag: string): SQL {
  return sql`t.seq IN (SELECT ticket_seq FROM ticket_tags WHERE account_id = ${accountId} AND tag = ${tag})`
}

function found(caller: Caller, text: string): SQL {
  const createdBy = seesAllTickets(caller.role) ? null : caller.id
  const search = parseSearch(text, { accountId: caller.accountId, createdBy })
  if (search === 'everything') return sql`1`
  if (search === 'nothing') return sql`0`
  return sql`t.seq IN (SELECT rowid FROM tickets_fts WHERE tickets_fts MATCH ${search.match})`
}
