import { type SQL, sql } from 'drizzle-orm'

/** The limit of a part of a list: a page past the end, by the number of rows that there are, looks for none. */
export function limitUnlessPastEnd(slice: { limit: number; offset?: number }, count: () => SQL): SQL {
  if (slice.offset === undefined || slice.offset === 0) return sql`${slice.limit}`
  return sql`(CASE WHEN (${count()}) > ${slice.offset} THEN ${slice.limit} ELSE 0 END)`
}
