import type { Column } from 'drizzle-orm'
import { alias } from '../src/db/alias.ts'
import { ticketCounters, tickets, ticketTags } from '../src/db/schema/tickets.ts'
import { ticketSearch } from '../src/db/search-table.ts'
import { type SQL, sql } from '../src/db/sql.ts'
import {
  ACCOUNT_ID,
  CALLER_ID,
  COMMON_TAG,
  COMMON_WORD,
  CUSTOMER_ID,
  DAY,
  NEWEST,
  RARE_TAG,
  RARE_WORD,
} from './dataset.ts'
import { MEMBERS, TICKET, textOf } from './floor-sql.ts'
import { FAR, LISTS, PER_PAGE } from './lists.ts'

/** Hand-written queries for the measured lists, which a general filter could not match. */

export interface FloorList {
  count: Query
  page: Query
}

/** The SQL and the values of `?1`, `?2`, … */
type Query = [sql: string, ...values: (string | number)[]]

type Status = (typeof tickets.$inferSelect)['status']

const RANKS = [0, 1, 2, 3]
const TICKET_STATUSES: readonly Status[] = tickets.status.enumValues
type Source = typeof tickets | typeof ticketTags
type Order = readonly [column: Column, direction: 'ASC' | 'DESC'][]

const byCreation = (source: Source): Order => [
  [source.createdAt, 'DESC'],
  [source.number, 'DESC'],
]
const BY_CREATION = byCreation(tickets)
const BY_CHANGE: Order = [
  [tickets.updatedAt, 'DESC'],
  [tickets.number, 'DESC'],
]
const BY_RANK: Order = [[tickets.priorityRank, 'ASC'], ...BY_CREATION]

const f = alias(ticketSearch, 'f')
const t = alias(tickets, 't')

const TICKETS_BY_STATUS = sql`${tickets} INDEXED BY tickets_by_status_created WHERE true`
const BY_ASSIGNEE = sql`${tickets} INDEXED BY tickets_by_assignee_updated WHERE ${tickets.assignedTo} = ?2`
const BY_CREATOR = sql`${tickets} INDEXED BY tickets_by_creator_created WHERE ${tickets.createdBy} = ?2`
const SINCE = sql`${tickets.createdAt} >= ?2`

const AFTER = page(BY_CREATION, allPositions(sql`(${tickets.createdAt}, ${tickets.number}) < (?2, ?3)`, PER_PAGE + 1))

const LISTS_BY_QUERY: Record<(typeof LISTS)[keyof typeof LISTS], FloorList> = {
  [LISTS.all]: { count: counters('all', ''), page: page(BY_CREATION, allPositions()) },
  [LISTS.farPage]: {
    count: counters('all', ''),
    page: page(BY_CREATION, sql`${allPositions()} OFFSET ${sql.raw(String(FAR))}`),
  },
  [LISTS.open]: {
    count: counters('all', '', 'open'),
    page: page(BY_CREATION, mergePartitions(tickets, TICKETS_BY_STATUS, ['open'], BY_CREATION)),
  },
  [LISTS.mine]: {
    count: counters('assignee', CALLER_ID),
    page: page(BY_CHANGE, mergePartitions(tickets, BY_ASSIGNEE, TICKET_STATUSES, BY_CHANGE), CALLER_ID),
  },
  [LISTS.customers]: {
    count: counters('creator', CUSTOMER_ID),
    page: page(BY_CREATION, mergePartitions(tickets, BY_CREATOR, TICKET_STATUSES, BY_CREATION), CUSTOMER_ID),
  },
  [LISTS.leastUrgent]: {
    count: counters('all', ''),
    page: page(BY_RANK, mergePartitions(tickets, TICKETS_BY_STATUS, TICKET_STATUSES, BY_RANK)),
  },
  [LISTS.recent]: {
    count: [
      textOf(sql`SELECT count(*) AS total FROM ${tickets} WHERE ${tickets.accountId} = ?1 AND ${SINCE}`),
      ACCOUNT_ID,
      NEWEST - DAY,
    ],
    page: page(BY_CREATION, allPositions(SINCE), NEWEST - DAY),
  },
  [LISTS.rareWord]: found(RARE_WORD),
  [LISTS.commonWord]: found(COMMON_WORD),
  [LISTS.rareTag]: tagged(RARE_TAG),
  [LISTS.commonTag]: tagged(COMMON_TAG),
}

export const FLOOR_LISTS: ReadonlyMap<string, FloorList> = new Map(Object.entries(LISTS_BY_QUERY))

/** In the list of all tickets, newest first; returns one ticket more than the page. */
export function pageAfter(at: number, number: number): Query {
  return [...AFTER, at, number]
}

function allPositions(condition = sql`true`, limit = PER_PAGE): SQL {
  return sql`SELECT ${sortColumns(tickets, BY_CREATION)} FROM ${tickets} WHERE ${tickets.accountId} = ?1 AND ${condition}
    ORDER BY ${sorted(BY_CREATION)} LIMIT ${sql.raw(String(limit))}`
}

function counters(dimension: string, value: string, status?: string): Query {
  const isCounted = status === undefined ? sql`true` : sql`${ticketCounters.status} = ?4`
  const text = textOf(
    sql`SELECT coalesce(sum(${ticketCounters.count}), 0) AS total FROM ${ticketCounters}
      WHERE ${ticketCounters.accountId} = ?1 AND ${ticketCounters.dimension} = ?2 AND ${ticketCounters.value} = ?3
        AND ${isCounted}`,
  )
  return [text, ACCOUNT_ID, dimension, value, ...(status === undefined ? [] : [status])]
}

/** The tickets whose row IDs `positions` selects, in their order. */
function page(order: Order, positions: SQL, ...values: (string | number)[]): Query {
  const text = textOf(
    sql`SELECT ${TICKET.list} FROM (${positions}) page CROSS JOIN ${t} ON ${t.rowId} = page.${tickets.rowId} ${MEMBERS}
      ORDER BY ${sorted(order, sql`page.`)}`,
  )
  return [text, ACCOUNT_ID, ...values]
}

function sorted(order: Order, prefix = sql``): SQL {
  const columns = order.map(([column, direction]) => sql`${prefix}${column} ${sql.raw(direction)}`)
  return sql.join(columns, sql`, `)
}

function sortColumns(source: Source, order: Order): SQL {
  return sql.join([source.rowId, ...order.map(([column]) => column)], sql`, `)
}

/** Merges the first tickets of each status and priority. D1 allows five queries in a compound. */
function mergePartitions(source: Source, from: SQL, statuses: readonly Status[], order: Order): SQL {
  const columns = sortColumns(source, order)
  const partition = (status: string, rank: number) =>
    sql`SELECT ${columns} FROM ${from} AND ${source.accountId} = ?1 AND ${source.status} = '${sql.raw(status)}'
      AND ${source.priorityRank} = ${sql.raw(String(rank))}`
  const together = (queries: readonly SQL[]) => sql`${sql.join(queries, sql` UNION ALL `)} ORDER BY ${sorted(order)}`
  const ofStatuses = statuses.map(
    (status) => sql`SELECT * FROM (${together(RANKS.map((rank) => partition(status, rank)))})`,
  )
  return sql`${together(ofStatuses)} LIMIT ${sql.raw(String(PER_PAGE))}`
}

/** The full-text index contains the account, so it can count by itself; the newest tickets are its last entries. */
function found(word: string): FloorList {
  const match = `{scope} : "zq${Buffer.from(ACCOUNT_ID).toString('hex')}" AND {title description} : "${word}" *`
  const newest = sql`SELECT ${t.rowId}, ${t.createdAt}, ${t.number} FROM ${f} CROSS JOIN ${t} ON ${t.rowId} = ${f.rowId}
    WHERE ${ticketSearch} MATCH ?2 ORDER BY ${f.rowId} DESC LIMIT ${sql.raw(String(PER_PAGE))}`
  return {
    count: [textOf(sql`SELECT count(*) AS total FROM ${ticketSearch} WHERE ${ticketSearch} MATCH ?1`), match],
    page: page(BY_CREATION, newest, match),
  }
}

function tagged(tag: string): FloorList {
  const withTag = sql`${ticketTags} WHERE ${ticketTags.tag} = ?2`
  return {
    count: counters('tag', tag),
    page: page(BY_CREATION, mergePartitions(ticketTags, withTag, TICKET_STATUSES, byCreation(ticketTags)), tag),
  }
}
