import { type SQL, sql } from 'drizzle-orm'
import type { Caller } from '../context'
import { rows } from '../db/client'
import { limitOf } from '../db/paging'
import { TICKET_COLUMNS, TICKET_MEMBERS, type TicketRow } from '../db/ticket-image'
import { countMatches } from './count.queries'
import {
  assignedWithin,
  EVERY_FACET,
  type Facets,
  facetIndex,
  facetsOf,
  hasRange,
  inFacet,
  inRange,
  isFoundOneByOne,
  matching,
  type TicketFilter,
  type TimeColumn,
} from './filter.queries'

export interface TicketSorting {
  sort: 'created_at' | 'updated_at' | 'priority'
  order: 'asc' | 'desc'
}

/** Where a ticket stands in a list, as a cursor keeps it: the rank of its priority, its time (ms), its number. */
export interface TicketPlace {
  rank: number
  at: number
  number: number
}

/** A part of a list: after some pages, or beyond a place (null: from an end on), towards its end or its beginning. */
export type TicketSlice =
  | { limit: number; offset: number }
  | { limit: number; beyond: TicketPlace | null; towards: 'next' | 'prev' }

/** A ticket in a list, and its place there. */
export interface ListedTicket extends TicketRow {
  place_rank: number
  place_at: number
}

/** Later than any time, and than any number. */
const END = Number.MAX_SAFE_INTEGER

/**
 * A slice of the matching tickets, in the order of the list (towards its beginning: in the opposite one). It is found on
 * narrow rows of an index, and only its tickets are read whole: the CROSS JOIN keeps SQLite from beginning at the other
 * end, with all tickets of the account.
 */
export function findTickets(caller: Caller, filter: TicketFilter, sorting: TicketSorting, slice: TicketSlice) {
  const ordering = orderingOf(sorting, slice)
  const time = sql.raw(`t.${ordering.column}`)
  return rows<ListedTicket>(sql`
    SELECT ${TICKET_COLUMNS}, t.priority_rank AS place_rank, ${time} AS place_at
    FROM (${findPlaces(caller, filter, ordering, slice)}) page
    CROSS JOIN tickets t ON t.seq = page.seq AND t.account_id = ${caller.accountId}
    ${TICKET_MEMBERS}
    ORDER BY ${orderBy(ordering, 't')}`)
}

/** As `findTickets`, but no more than fit into `bytes` of descriptions and custom fields; the first in any case. */
export function findTicketsWithin(
  caller: Caller,
  filter: TicketFilter,
  sorting: TicketSorting,
  slice: TicketSlice,
  bytes: number,
) {
  const ordering = orderingOf(sorting, slice)
  const found = findTickets(caller, filter, sorting, slice).query
  const line = sql.raw(`ORDER BY ${ordering.ranks === null ? '' : `place_rank ${ordering.ranks}, `}
    place_at ${ordering.times}, number ${ordering.times} ROWS UNBOUNDED PRECEDING`)
  return rows<ListedTicket>(sql`
    SELECT * FROM (
      SELECT *, row_number() OVER line AS place,
        sum(octet_length(description) + octet_length(custom_fields)) OVER line AS bytes
      FROM (${found}) WINDOW line AS (${line}))
    WHERE place = 1 OR bytes <= ${bytes} ORDER BY place`)
}

interface Ordering {
  column: TimeColumn
  /** Whether ranks come first, and which way. */
  ranks: 'ASC' | 'DESC' | null
  times: 'ASC' | 'DESC'
}

/** Equal priorities come newest first, whichever way the priorities go. */
function orderingOf({ sort, order }: TicketSorting, slice: TicketSlice): Ordering {
  const isBackwards = 'beyond' in slice && slice.towards === 'prev'
  const way = (descends: boolean) => (descends === isBackwards ? ('ASC' as const) : ('DESC' as const))
  if (sort === 'priority') return { column: 'created_at', ranks: way(order === 'desc'), times: way(true) }
  return { column: sort, ranks: null, times: way(order === 'desc') }
}

function orderBy({ column, ranks, times }: Ordering, alias: string): SQL {
  const byRank = ranks === null ? '' : `${alias}.priority_rank ${ranks}, `
  return sql.raw(`${byRank}${alias}.${column} ${times}, ${alias}.number ${times}`)
}

/** The `seq` of the tickets of a slice, in one of three ways. */
function findPlaces(caller: Caller, filter: TicketFilter, ordering: Ordering, slice: TicketSlice): SQL {
  const limit = limitOf(slice, () => countMatches(caller, filter))
  const range = sql`LIMIT ${limit} OFFSET ${'offset' in slice ? slice.offset : 0}`
  if (isFoundOneByOne(filter))
    return sql`SELECT t.seq FROM tickets t WHERE ${matching(caller, filter)}${isBeyond(ordering, slice)}
      ORDER BY ${orderBy(ordering, 't')} ${range}`
  const otherColumn = ordering.column === 'created_at' ? 'updated_at' : 'created_at'
  if (hasRange(filter, otherColumn))
    return sql`${matchesInRange(caller, filter, otherColumn)}${inRange(filter, ordering.column, 't')}${isBeyond(ordering, slice)}
      ORDER BY ${orderBy(ordering, 't')} ${range}`
  const facets = facetsOf(caller, filter) ?? (ordering.ranks === null ? undefined : EVERY_FACET)
  if (facets) return sql`${firstOfFacets(caller, filter, facets, ordering, slice)} ${range}`
  return sql`SELECT t.seq FROM tickets t
    WHERE t.account_id = ${caller.accountId}${inRange(filter, ordering.column, 't')}${isBeyond(ordering, slice)}
    ORDER BY ${orderBy(ordering, 't')} ${range}`
}

/** All matches of a range of one time, for an order by the other. */
function matchesInRange(caller: Caller, filter: TicketFilter, column: TimeColumn): SQL {
  const facets = facetsOf(caller, filter)
  if (!facets)
    return sql`SELECT t.seq FROM tickets t INDEXED BY ${sql.raw(column === 'created_at' ? 'tickets_by_created' : 'tickets_by_updated')}
      WHERE t.account_id = ${caller.accountId}${inRange(filter, column, 't')}`
  return sql`SELECT t.seq FROM json_each(${JSON.stringify(facets.all)}) c
    CROSS JOIN tickets t INDEXED BY ${facetIndex(facets.by, column)} ON ${inFacet(caller.accountId, facets.by, 't')}
    WHERE 1${inRange(filter, column, 't')}${assignedWithin(filter, facets.by, 't')}`
}

/**
 * The first of each facet, as many as the slice could want, in the order of the list. The unary plus keeps SQLite from
 * asking each ticket of the account whether it is one of them.
 */
function firstOfFacets(
  caller: Caller,
  filter: TicketFilter,
  { by, all }: Facets,
  ordering: Ordering,
  slice: TicketSlice,
): SQL {
  const { column, times } = ordering
  const wanted = slice.limit + ('offset' in slice ? slice.offset : 0)
  const bounded = all.flatMap((facet) => {
    const bound = boundOf(facet.rank, ordering, slice)
    return bound ? [{ ...facet, ...bound }] : []
  })
  const comparison = sql.raw(times === 'DESC' ? '<' : '>')
  return sql`SELECT t.seq FROM json_each(${JSON.stringify(bounded)}) c
    CROSS JOIN tickets t ON t.seq IN (
      SELECT y.seq FROM tickets y INDEXED BY ${facetIndex(by, column)}
      WHERE ${inFacet(caller.accountId, by, 'y')}${inRange(filter, column, 'y')}${assignedWithin(filter, by, 'y')}
        AND (y.${sql.raw(column)}, y.number) ${comparison} (c.value ->> 'at', c.value ->> 'number')
      ORDER BY y.${sql.raw(column)} ${sql.raw(times)}, y.number ${sql.raw(times)} LIMIT ${wanted})
    WHERE +t.account_id = ${caller.accountId}
    ORDER BY ${orderBy(ordering, 't')}`
}

/** From where on a rank's tickets belong to a slice; null where none does. */
function boundOf(rank: number, { ranks, times }: Ordering, slice: TicketSlice): Omit<TicketPlace, 'rank'> | null {
  const open = times === 'DESC' ? { at: END, number: END } : { at: -END, number: -END }
  if (!('beyond' in slice) || slice.beyond === null) return open
  const { beyond } = slice
  if (ranks === null || rank === beyond.rank) return { at: beyond.at, number: beyond.number }
  return (ranks === 'DESC') === rank < beyond.rank ? open : null
}

/** That a ticket `t` lies beyond the place that the slice begins at. Begins with AND. */
function isBeyond({ column, ranks, times }: Ordering, slice: TicketSlice): SQL {
  if (!('beyond' in slice) || slice.beyond === null) return sql``
  const { rank, at, number } = slice.beyond
  const later = sql`(t.${sql.raw(column)}, t.number) ${sql.raw(times === 'DESC' ? '<' : '>')} (${at}, ${number})`
  if (ranks === null) return sql` AND ${later}`
  const comparison = sql.raw(ranks === 'DESC' ? '<' : '>')
  return sql` AND (t.priority_rank ${comparison} ${rank} OR (t.priority_rank = ${rank} AND ${later}))`
}
