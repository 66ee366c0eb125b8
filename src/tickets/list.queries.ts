import { type SQL, sql } from 'drizzle-orm'
import type { Caller } from '../core/caller'
import { limitUnlessPastEnd } from '../db/paging'
import { select } from '../db/statement'
import { TICKET, TICKET_MEMBERS, type TicketRow } from '../db/ticket-row'
import { countMatches } from './count.queries'
import { bySearchOrNumber, hasRange, inRange, isPointLookup, otherTime, type TicketFilter } from './filter.queries'
import { mergePartitions } from './merge.queries'
import { isAfter, type Ordering, orderBy, orderingOf, type TicketSorting, type TicketWindow } from './ordering.queries'
import { EVERY_PARTITION, inPartition, partitionsOf, planIndexScan } from './partitions.queries'

export type { TicketCursorKey, TicketSorting, TicketWindow } from './ordering.queries'

/** A ticket in a list, and its place there. */
export interface ListedTicket extends TicketRow {
  place_rank: number
  place_at: number
}

/**
 * A slice of the matching tickets, in the order of the list (towards its beginning: in the opposite one). It is found on
 * narrow rows of an index, and only its tickets are read whole: the CROSS JOIN keeps SQLite from beginning at the other
 * end, with all tickets of the account. The order is that of the places, which is there already and needs no sorting.
 */
export function findTickets(caller: Caller, filter: TicketFilter, sorting: TicketSorting, window: TicketWindow) {
  const ordering = orderingOf(sorting, window)
  return select<ListedTicket>(sql`
    SELECT ${TICKET.list}, page.rank AS place_rank, page.at AS place_at
    FROM (${findCursorKeys(caller, filter, ordering, window)}) page
    CROSS JOIN tickets t ON t.seq = page.seq AND t.account_id = ${caller.accountId}
    ${TICKET_MEMBERS}
    ${orderBy(ordering, 'page.')}`)
}

/** As `findTickets`, but no more than fit into `bytes` of descriptions and custom fields; the first in any case. */
export function findTicketsWithin(
  caller: Caller,
  filter: TicketFilter,
  sorting: TicketSorting,
  window: TicketWindow,
  bytes: number,
) {
  const ordering = orderingOf(sorting, window)
  const found = findTickets(caller, filter, sorting, window).query
  const line = sql.raw(`ORDER BY ${ordering.ranks === null ? '' : `place_rank ${ordering.ranks}, `}
    place_at ${ordering.times}, number ${ordering.times} ROWS UNBOUNDED PRECEDING`)
  return select<ListedTicket>(sql`
    SELECT * FROM (
      SELECT *, row_number() OVER line AS place,
        sum(octet_length(description) + octet_length(custom_fields)) OVER line AS bytes
      FROM (${found}) WINDOW line AS (${line}))
    WHERE place = 1 OR bytes <= ${bytes} ORDER BY place`)
}

/** The places of the tickets of a slice, in one of four ways: `seq`, and what they are ordered by. */
function findCursorKeys(caller: Caller, filter: TicketFilter, ordering: Ordering, window: TicketWindow): SQL {
  const limit = limitUnlessPastEnd(window, () => countMatches(caller, filter))
  const range = sql`LIMIT ${limit} OFFSET ${'offset' in window ? window.offset : 0}`
  if (isPointLookup(filter)) return sql`${keysOfPointLookup(caller, filter, ordering, window)} ${range}`
  if (hasRange(filter, otherTime(ordering.column)))
    return sql`${keysInRange(caller, filter, ordering, window)} ${range}`
  const facets = partitionsOf(caller, filter) ?? (ordering.ranks === null ? undefined : EVERY_PARTITION)
  if (facets) return sql`${mergePartitions(caller, filter, facets, ordering, window)} ${range}`
  return sql`SELECT ${cursorKeyColumns(ordering)} FROM tickets t
    WHERE t.account_id = ${caller.accountId}${inRange(filter, ordering.column, 't')}${isAfter(ordering, window)}
    ${orderBy(ordering)} ${range}`
}

/** Every match that is found one by one. Words by age are walked in the order of their index, which is that of creation. */
function keysOfPointLookup(caller: Caller, filter: TicketFilter, ordering: Ordering, window: TicketWindow): SQL {
  const { from, where } = bySearchOrNumber(caller, filter)
  const places = sql`SELECT ${cursorKeyColumns(ordering)} FROM ${from} WHERE ${where}`
  if (filter.number !== undefined || ordering.column !== 'created_at' || ordering.ranks !== null)
    return sql`${places}${isAfter(ordering, window)} ${orderBy(ordering)}`
  return sql`${places}${afterRowId(caller, ordering, window)} ORDER BY f.rowid ${sql.raw(ordering.times)}`
}

/** That an entry `f` of the full-text index lies beyond the place that the slice begins at. Begins with AND. */
function afterRowId(caller: Caller, { times }: Ordering, window: TicketWindow): SQL {
  if (!('after' in window) || window.after === null) return sql``
  const comparison = sql.raw(times === 'DESC' ? '<' : '>')
  const way = sql.raw(times)
  return sql` AND f.rowid ${comparison}= (
    SELECT n.seq FROM tickets n
    WHERE n.account_id = ${caller.accountId} AND (n.created_at, n.number) ${comparison} (${window.after.at}, ${window.after.number})
    ORDER BY n.created_at ${way}, n.number ${way} LIMIT 1)`
}

/** All matches of a range of the time that the order does not go by. */
function keysInRange(caller: Caller, filter: TicketFilter, ordering: Ordering, window: TicketWindow): SQL {
  const column = otherTime(ordering.column)
  const facets = partitionsOf(caller, filter)
  const after = isAfter(ordering, window)
  if (!facets)
    return sql`SELECT ${cursorKeyColumns(ordering)}
      FROM tickets t INDEXED BY ${sql.raw(column === 'created_at' ? 'tickets_by_created' : 'tickets_by_updated')}
      WHERE t.account_id = ${caller.accountId}${inRange(filter, 'created_at', 't')}${inRange(filter, 'updated_at', 't')}${after}
      ${orderBy(ordering)}`
  const { from, alias, residual } = planIndexScan(caller, filter, facets.by, column, true)
  return sql`SELECT ${cursorKeyColumns(ordering)} FROM json_each(${JSON.stringify(facets.all)}) c CROSS JOIN ${sql.raw(from)}
    WHERE ${inPartition(caller.accountId, facets.by, alias)}${residual ?? sql``}${after} ${orderBy(ordering)}`
}

/** What of the ticket `t` is its place. */
function cursorKeyColumns({ column }: Ordering): SQL {
  return sql.raw(`t.seq, t.priority_rank AS rank, t.${column} AS at, t.number AS number`)
}
