import { type SQL, sql } from 'drizzle-orm'
import type { TimeColumn } from './filter.queries'

export interface TicketSorting {
  sort: 'created_at' | 'updated_at' | 'priority'
  order: 'asc' | 'desc'
}

/** Where a ticket stands in a list, as a cursor keeps it: the rank of its priority, its time (ms), its number. */
export interface TicketCursorKey {
  rank: number
  at: number
  number: number
}

/** A part of a list: after some pages, or beyond a place (null: from an end on), towards its end or its beginning. */
export type TicketWindow =
  | { limit: number; offset: number }
  | { limit: number; after: TicketCursorKey | null; direction: 'next' | 'prev' }

/** In which order SQLite is to find the tickets of a slice. */
export interface Ordering {
  column: TimeColumn
  /** Whether ranks come first, and which way. */
  ranks: 'ASC' | 'DESC' | null
  times: 'ASC' | 'DESC'
}

/** Equal priorities come newest first, whichever way the priorities go. */
export function orderingOf({ sort, order }: TicketSorting, window: TicketWindow): Ordering {
  const isBackwards = 'after' in window && window.direction === 'prev'
  const way = (descends: boolean) => (descends === isBackwards ? ('ASC' as const) : ('DESC' as const))
  if (sort === 'priority') return { column: 'created_at', ranks: way(order === 'desc'), times: way(true) }
  return { column: sort, ranks: null, times: way(order === 'desc') }
}

/** The order of places, whose columns may have a prefix such as `page.`. */
export function orderBy({ ranks, times }: Ordering, prefix = ''): SQL {
  const byRank = ranks === null ? '' : `${prefix}rank ${ranks}, `
  return sql.raw(`ORDER BY ${byRank}${prefix}at ${times}, ${prefix}number ${times}`)
}

/** That a ticket `t` lies beyond the place that the slice begins at. Begins with AND. */
export function isAfter({ column, ranks, times }: Ordering, window: TicketWindow): SQL {
  if (!('after' in window) || window.after === null) return sql``
  const { rank, at, number } = window.after
  const later = sql`(t.${sql.raw(column)}, t.number) ${sql.raw(times === 'DESC' ? '<' : '>')} (${at}, ${number})`
  if (ranks === null) return sql` AND ${later}`
  const comparison = sql.raw(ranks === 'DESC' ? '<' : '>')
  return sql` AND (t.priority_rank ${comparison} ${rank} OR (t.priority_rank = ${rank} AND ${later}))`
}

/** From where on a rank's tickets belong to a slice: a place, `all`, or `none` of them. */
export function lowerBound(rank: number, { ranks }: Ordering, window: TicketWindow): TicketCursorKey | 'all' | 'none' {
  if (!('after' in window) || window.after === null) return 'all'
  const { after } = window
  if (ranks === null || rank === after.rank) return after
  return (ranks === 'DESC') === rank < after.rank ? 'all' : 'none'
}
