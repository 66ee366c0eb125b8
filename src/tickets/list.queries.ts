import type { Caller } from '../core/caller'
import { alias } from '../db/alias'
import { jsonBytes, withinBytes } from '../db/page-bytes'
import { limitUnlessPastEnd } from '../db/paging'
import { tickets } from '../db/schema/tickets'
import { firstSearchIdOf } from '../db/search-id'
import { oldTicketSearch, ticketSearch } from '../db/search-table'
import { type Fields, type RowOf, type Selection, selection } from '../db/selection'
import { type SQL, sql } from '../db/sql'
import { select } from '../db/statement'
import { TICKET, TICKET_MEMBER_JOINS, TICKET_SUMMARY } from '../db/ticket-row'
import { countTickets } from './count.queries'
import {
  andEach,
  bySearchOrNumber,
  hasRange,
  inRange,
  isPointLookup,
  otherTime,
  type TicketFilter,
} from './filter.queries'
import { inPartition, planIndexScan } from './index-scan.queries'
import { mergePartitions } from './merge.queries'
import {
  comparison,
  cursorKeyColumns,
  isAfter,
  type Ordering,
  orderBy,
  orderingOf,
  startOf,
  type TicketCursorKey,
  type TicketSorting,
  type TicketWindow,
} from './ordering.queries'
import { EVERY_PARTITION, partitionsOf } from './partitions.queries'

export type { TicketCursorKey, TicketSorting } from './ordering.queries'

const t = alias(tickets, 't')
const n = alias(tickets, 'n')
const f = alias(ticketSearch, 'f')
const o = alias(oldTicketSearch, 'f')
const page = alias(tickets, 'page')
/** In place of a priority rank, it marks a cursor whose `at` is a search ID. */
const NO_RANK = -1
const SEARCH_KEY = cursorKeyColumns({ ...t, priorityRank: sql.raw(String(NO_RANK)) }, sql`${f.rowId}`)
const CURSOR_KEY = { createdAt: cursorKeyColumns(t, t.createdAt), updatedAt: cursorKeyColumns(t, t.updatedAt) }

/** The cursor key of a ticket in the list, for a query that calls the keys of the page `page`. */
const CURSOR_FIELDS = { cursor_rank: sql<number>`page.rank`, cursor_at: sql<number>`page.at` }

/** SQLite sums in the order of the page without sorting only by the same columns. */
const ORDER_FIELDS = sql`page.rank AS page_rank, page.at AS page_at, page.number AS page_number`

const LISTED_TICKET = selection({ ...TICKET_SUMMARY.fields, ...CURSOR_FIELDS })
const EXPORTED_TICKET = selection({ ...TICKET.fields, ...CURSOR_FIELDS })

export type ListedTicket = RowOf<typeof LISTED_TICKET>

/** The most bytes that a ticket takes as JSON in addition to its texts: IDs, times, two users. */
export const OTHER_TICKET_BYTES = 4_096

const TEXT_BYTES = sql<number>`${jsonBytes(t.title)} + ${jsonBytes(t.description)} + ${jsonBytes(t.tags)}`
const LISTED_BYTES = sql`${TEXT_BYTES} + ${OTHER_TICKET_BYTES}`
const EXPORTED_BYTES = sql`${TEXT_BYTES} + ${jsonBytes(t.customFields)}`

/**
 * A page of the matching tickets, in the order of the list (backwards: in the opposite order). The cursor keys come from an
 * index, and only the tickets of the page are read: the CROSS JOIN keeps SQLite from starting with all tickets of the account.
 * The keys are in order already, so that nothing is sorted.
 */
export function findTickets(caller: Caller, filter: TicketFilter, sorting: TicketSorting, window: TicketWindow) {
  const ordering = orderingOf(sorting, window)
  return select(LISTED_TICKET, ticketsFrom(caller, filter, ordering, window))
}

/** As `findTickets`, up to the ticket with which the page exceeds `maxBytes` of JSON: see `withinBytes`. */
export const findTicketsWithin = boundedPage(LISTED_TICKET, LISTED_BYTES)

/** With custom fields, up to the ticket with which the texts exceed `maxBytes` of JSON: see `withinBytes`. */
export const findExportedTickets = boundedPage(EXPORTED_TICKET, EXPORTED_BYTES)

function boundedPage<F extends Fields>(fields: Selection<F>, bytes: SQL) {
  return (caller: Caller, filter: TicketFilter, sorting: TicketSorting, window: TicketWindow, maxBytes: number) => {
    const ordering = orderingOf(sorting, window)
    const rows = sql`SELECT ${fields.list}, ${ORDER_FIELDS}, ${bytes} AS bytes
      ${ticketsFrom(caller, filter, ordering, window)}`
    return withinBytes(fields, rows, orderBy(ordering, 'page_'), maxBytes)
  }
}

function ticketsFrom(caller: Caller, filter: TicketFilter, ordering: Ordering, window: TicketWindow): SQL {
  return sql`FROM (${findCursorKeys(caller, filter, ordering, window)}) page
    CROSS JOIN ${t} ON ${t.rowId} = ${page.rowId} AND ${t.accountId} = ${caller.accountId} ${TICKET_MEMBER_JOINS}
    ${orderBy(ordering, 'page.')}`
}

function findCursorKeys(caller: Caller, filter: TicketFilter, ordering: Ordering, window: TicketWindow): SQL {
  const limit = limitUnlessPastEnd(window, () => countTickets(caller, filter).query)
  const offset = 'offset' in window ? window.offset : 0
  return sql`${orderedKeys(caller, filter, ordering, window)} LIMIT ${limit} OFFSET ${offset}`
}

function orderedKeys(caller: Caller, filter: TicketFilter, ordering: Ordering, window: TicketWindow): SQL {
  if (isPointLookup(filter)) return keysOfPointLookup(caller, filter, ordering, window)
  if (hasRange(filter, otherTime(ordering.column))) return keysInRange(caller, filter, ordering, window)
  const partitions = partitionsOf(caller, filter) ?? (ordering.ranks === null ? undefined : EVERY_PARTITION)
  if (partitions) return mergePartitions(caller, filter, partitions, ordering, window)
  return keysByTime(caller, filter, ordering, window)
}

/** The search index is in the order of creation, which saves sorting the matches of a search by age. */
function keysOfPointLookup(caller: Caller, filter: TicketFilter, ordering: Ordering, window: TicketWindow): SQL {
  const matches = bySearchOrNumber(caller, filter)
  const isSearchByAge = filter.number === undefined && ordering.column === 'createdAt' && ordering.ranks === null
  if (!isSearchByAge) {
    return sql`SELECT ${CURSOR_KEY[ordering.column]} ${matches}${isAfter(ordering, window)} ${orderBy(ordering)}`
  }
  if (filter.usesOldIndex) return keysInOldIndex(caller, matches, ordering, window)
  return sql`SELECT ${SEARCH_KEY} ${matches}${afterSearchId(ordering, window)} ORDER BY ${f.rowId} ${sql.raw(ordering.times)}`
}

/** Whether an entry `f` of the search index comes after the key at which the page starts. Begins with AND. */
function afterSearchId({ times }: Ordering, window: TicketWindow): SQL {
  const key = startOf(window)
  return key === null ? sql`` : sql` AND ${f.rowId} ${comparison(times)} ${searchIdOf(key, times)}`
}

/** A cursor of the old index has a time. Tickets of its millisecond can appear twice in such a walk. */
function searchIdOf({ rank, at }: TicketCursorKey, times: Ordering['times']): number {
  if (rank === NO_RANK) return at
  return firstSearchIdOf(times === 'DESC' ? at + 1 : at)
}

const BY_TIME = {
  createdAt: sql`${t} INDEXED BY tickets_by_created`,
  updatedAt: sql`${t} INDEXED BY tickets_by_updated`,
}

/** All matches in a range of the time by which the list is not ordered, sorted. */
function keysInRange(caller: Caller, filter: TicketFilter, ordering: Ordering, window: TicketWindow): SQL {
  const column = otherTime(ordering.column)
  const partitions = partitionsOf(caller, filter)
  const afterAndOrder = sql`${isAfter(ordering, window)} ${orderBy(ordering)}`
  if (!partitions) {
    const ranges = andEach([...inRange(filter, 'createdAt'), ...inRange(filter, 'updatedAt')])
    return sql`SELECT ${CURSOR_KEY[ordering.column]} FROM ${BY_TIME[column]}
      WHERE ${t.accountId} = ${caller.accountId}${ranges}${afterAndOrder}`
  }
  const scan = planIndexScan(caller, filter, partitions.by, column)
  return sql`SELECT ${CURSOR_KEY[ordering.column]}
    FROM json_each(${JSON.stringify(partitions.all)}) c CROSS JOIN ${scan.fromWithTicket}
    WHERE ${inPartition(caller.accountId, scan)}${scan.residual}${afterAndOrder}`
}

/** The row IDs of the old index are those of the tickets. */
function keysInOldIndex(caller: Caller, matches: SQL, { times }: Ordering, window: TicketWindow): SQL {
  const [direction, key] = [sql.raw(times), startOf(window)]
  const first = sql`SELECT ${n.rowId} FROM ${n}
    WHERE ${n.accountId} = ${caller.accountId} AND (${n.createdAt}, ${n.number}) ${comparison(times)} (${key?.at}, ${key?.number})
    ORDER BY ${n.createdAt} ${direction}, ${n.number} ${direction} LIMIT 1`
  const after = key === null ? sql`` : sql` AND ${o.rowId} ${comparison(times)}= (${first})`
  return sql`SELECT ${CURSOR_KEY.createdAt} ${matches}${after} ORDER BY ${o.rowId} ${direction}`
}

/** Of all tickets that staff sees, without sorting: `tickets_by_created` and `tickets_by_updated` have their order. */
function keysByTime(caller: Caller, filter: TicketFilter, ordering: Ordering, window: TicketWindow): SQL {
  const range = andEach(inRange(filter, ordering.column))
  return sql`SELECT ${CURSOR_KEY[ordering.column]} FROM ${t}
    WHERE ${t.accountId} = ${caller.accountId}${range}${isAfter(ordering, window)} ${orderBy(ordering)}`
}
