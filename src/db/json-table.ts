import type { Column } from 'drizzle-orm'
import type { Row } from './selection'
import { constantSql, type SQL, sql } from './sql'

/** The rows of a JSON array as a table. */
export interface JsonTable<C extends Record<string, Column>> {
  readonly columns: { readonly [K in keyof C]: SQL<Row<C>[K]> }
  /** The table with these rows. It also has a column `key`, the position of a row. */
  of(rows: readonly Row<C>[]): SQL
}

/** A row has the types of these columns. Call it once for each module. */
export function jsonTable<C extends Record<string, Column>>(name: string, columns: C): JsonTable<C> {
  const alias = constantSql(` ${name}`)
  const entries = Object.keys(columns).map((key) => [key, constantSql(`(${name}.value ->> '${key}')`)])
  return {
    columns: Object.fromEntries(entries),
    of: (rows) => sql.join([sql`json_each(${JSON.stringify(rows)})`, alias]),
  }
}

export type JsonRowOf<T> = T extends JsonTable<infer C> ? Row<C> : never
