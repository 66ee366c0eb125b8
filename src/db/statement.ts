import type { SQL } from 'drizzle-orm'

/** A statement and the type of the rows it gives. */
export interface Statement<Row = unknown> {
  readonly query: SQL
  readonly row?: Row
}

/** Names the rows that a query gives: column aliases and their SQLite types. */
export function select<Row>(query: SQL): Statement<Row> {
  return { query }
}

/** A statement whose rows nobody reads. */
export function run(query: SQL): Statement<never> {
  return { query }
}

/** The rows of each of some statements. */
export type Results<T extends readonly Statement[]> = {
  [K in keyof T]: T[K] extends Statement<infer Row> ? Row[] : never
}
