import type { Fields, Row, Selection } from './selection'
import { type SQL, sql } from './sql'
import { query, type Statement } from './statement'

/** The bytes of a text as JSON, in which quotes, backslashes and newlines take two. */
export function jsonBytes(text: SQL): SQL<number> {
  return sql`octet_length(json_quote(${text}))`
}

/** The rows of a query with a column `bytes`, and the sum of it up to each row in an order: `bytes_so_far`. */
export function withBytesSoFar(rows: SQL, order: SQL): SQL {
  return sql`SELECT *, sum(bytes) OVER (${order} ROWS UNBOUNDED PRECEDING) AS bytes_so_far FROM (${rows})`
}

/**
 * The rows of a query up to the one with which their `bytes` in this order exceed `maxBytes`. The query has these fields and
 * `bytes`. The result is not sorted, which would read every row once more: sort it by `bytes_so_far`.
 */
export function withinBytes<F extends Fields>(
  fields: Selection<F>,
  rows: SQL,
  order: SQL,
  maxBytes: number,
): Statement<Row<F> & { bytes_so_far: number }> {
  const text = sql`SELECT ${sql.raw(fields.names.join(', '))}, bytes_so_far FROM (${withBytesSoFar(rows, order)})
    WHERE bytes_so_far - bytes <= ${maxBytes}`
  const { query: statement, columns } = query(fields, text)
  return { query: statement, columns: [...columns, 'bytes_so_far'] }
}
