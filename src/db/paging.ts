import { type SQL, sql } from 'drizzle-orm'

/** The limit of a part of a list: a page past the end, by the number of rows that there are, looks for none. */
export function limitUnlessPastEnd(window: { limit: number; offset?: number }, count: () => SQL): SQL {
  if (window.offset === undefined || window.offset === 0) return sql`${window.limit}`
  return sql`(CASE WHEN (${count()}) > ${window.offset} THEN ${window.limit} ELSE 0 END)`
}
