import { type Fields, listOf, type Row, Selection } from './selection.ts'
import { constantSql, type SQL, sql } from './sql.ts'

const SELECT = constantSql('SELECT ')
const SPACE = constantSql(' ')

/** A statement, the names of the columns that it returns, and the type of its rows. */
export interface Statement<R = unknown> {
  readonly query: SQL
  readonly columns: readonly string[]
  readonly row?: R
}

/** `SELECT` these fields, and then `from`: `FROM … WHERE …`. */
export function select<F extends Fields>(fields: F | Selection<F>, from: SQL): Statement<Row<F>> {
  const list = fields instanceof Selection ? fields.list : listOf(fields)
  return query(fields, sql.join([SELECT, list, SPACE, from]))
}

/** A query that returns these fields, where it is more than `SELECT … FROM …`: a CTE, a union, `RETURNING`. */
export function query<F extends Fields>(fields: F | Selection<F>, text: SQL): Statement<Row<F>> {
  return { query: text, columns: fields instanceof Selection ? fields.names : Object.keys(fields) }
}

/** A statement that returns no rows. */
export function run(text: SQL): Statement<never> {
  return { query: text, columns: [] }
}

/** Statements of one batch by name. */
export type NamedStatements = Readonly<Record<string, Statement>>

/** The rows of each of some statements. */
export type Results<T> = { -readonly [K in keyof T]: T[K] extends Statement<infer R> ? R[] : never }
