import { type SQL, sql } from './sql'

/** The bytes of a text as JSON, in which quotes, backslashes and newlines take two. */
export function jsonBytes(text: SQL): SQL<number> {
  return sql`octet_length(json_quote(${text}))`
}

/**
 * The rows of a query, which is in this order, up to the one with which their `bytes` exceed `maxBytes`. `bytes_so_far` shows
 * whether a row still fits. The rows should be small: SQLite copies them.
 */
export function withinBytes(rows: SQL, order: SQL, maxBytes: number): SQL {
  return sql`SELECT * FROM (
      SELECT *, sum(bytes) OVER (${order} ROWS UNBOUNDED PRECEDING) AS bytes_so_far FROM (${rows}))
    WHERE bytes_so_far - bytes <= ${maxBytes} ${order}`
}
