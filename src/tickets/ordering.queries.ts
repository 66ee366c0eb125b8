import { alias } from '../db/alias'
import { tickets } from '../db/schema/tickets'
import { constant } from '../db/selection'
import { type SQL, sql } from '../db/sql'
import type { TimeColumn } from './filter.queries'

const t = alias(tickets, 't')

/** Cursors depend on these names. */
export interface TicketSorting {
  sort: 'created_at' | 'updated_at' | 'priority'
  order: 'asc' | 'desc'
}

/** The key of a cursor: what a list is ordered by. `rank` is that of the priority, `at` is in ms. */
export interface TicketCursorKey {
  rank: number
  at: number
  number: number
}

/** Tickets after some pages, or after a key (null: from an end) in a direction. */
export type TicketWindow =
  | { limit: number; offset: number }
  | { limit: number; after: TicketCursorKey | null; direction: 'next' | 'prev' }

/** The key after which a page starts; null if it starts at an end or by offset. */
export function startOf(window: TicketWindow): TicketCursorKey | null {
  return 'after' in window ? window.after : null
}

type Direction = 'ASC' | 'DESC'

/** The order of a page: by priority rank (unless `ranks` is null), then by time and number. */
export interface Ordering {
  column: TimeColumn
  ranks: Direction | null
  times: Direction
}

/** Tickets of the same priority are always newest first. A page backwards has the opposite order. */
export function orderingOf({ sort, order }: TicketSorting, window: TicketWindow): Ordering {
  const isBackwards = 'after' in window && window.direction === 'prev'
  const direction = (isDescending: boolean): Direction => (isDescending === isBackwards ? 'ASC' : 'DESC')
  const sorted = direction(order === 'desc')
  if (sort === 'priority') return { column: 'createdAt', ranks: sorted, times: direction(true) }
  return { column: sort === 'created_at' ? 'createdAt' : 'updatedAt', ranks: null, times: sorted }
}

/** A row of `tickets`, or of a table of tags, as columns. */
export type OrderedRow = Record<'rowId' | 'priorityRank' | 'number', SQL>

/** The columns of a cursor key: the row ID, `rank`, `at` and `number`. Call it once for each module. */
export function cursorKeyColumns(row: OrderedRow, time: SQL): SQL {
  return constant(sql`${row.rowId}, ${row.priorityRank} AS rank, ${time} AS at, ${row.number} AS number`)
}

/** Orders by the columns of a cursor key, which may have a prefix such as `page.`. */
export function orderBy({ ranks, times }: Ordering, prefix = ''): SQL {
  const byRank = ranks === null ? '' : `${prefix}rank ${ranks}, `
  return sql.raw(`ORDER BY ${byRank}${prefix}at ${times}, ${prefix}number ${times}`)
}

/** Whether the ticket `t` comes after the key at which the page starts. Begins with AND. */
export function isAfter({ column, ranks, times }: Ordering, window: TicketWindow): SQL {
  const key = startOf(window)
  if (key === null) return sql``
  const { rank } = key
  const isLater = isLaterThan(key, t, t[column], times)
  if (ranks === null) return sql` AND ${isLater}`
  return sql` AND (${t.priorityRank} ${comparison(ranks)} ${rank} OR (${t.priorityRank} = ${rank} AND ${isLater}))`
}

/** Whether a row comes after the key by time and number. */
export function isLaterThan({ at, number }: TicketCursorKey, row: OrderedRow, time: SQL, times: Direction): SQL {
  return sql`(${time}, ${row.number}) ${comparison(times)} (${at}, ${number})`
}

/** The operator that finds what comes after a value in this direction. */
export function comparison(direction: Direction): SQL {
  return sql.raw(direction === 'DESC' ? '<' : '>')
}

/** Which tickets of a rank belong to a page: all, none, or those that are later than its key by time and number. */
export type LowerBound = 'all' | 'none' | 'key'

export function lowerBound(rank: number, { ranks }: Ordering, key: TicketCursorKey | null): LowerBound {
  if (key === null) return 'all'
  if (ranks === null || rank === key.rank) return 'key'
  const comesAfter = ranks === 'DESC' ? rank < key.rank : rank > key.rank
  return comesAfter ? 'all' : 'none'
}
