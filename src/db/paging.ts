import { type SQL, sql } from './sql'

/** The limit of a page, or 0 if the offset is past the last of `count` rows: skipping rows costs as much as reading them. */
export function limitUnlessPastEnd(window: { limit: number; offset?: number }, count: () => SQL): SQL {
  if (window.offset === undefined || window.offset === 0) return sql`${window.limit}`
  return sql`(CASE WHEN (${count()}) > ${window.offset} THEN ${window.limit} ELSE 0 END)`
}
