import type { Column, GetColumnData } from 'drizzle-orm'
import type { Json, JsonText } from './json.ts'
import { render } from './render.ts'
import { constantSql, type SQL, sql } from './sql.ts'

/** Columns or typed expressions by the names that their row has. */
export type Fields = Readonly<Record<string, SQL | Column>>

export type Row<F extends Fields> = {
  -readonly [K in keyof F]: F[K] extends Column ? GetColumnData<F[K]> : F[K] extends SQL<infer T> ? T : never
}

/** Fields that are the same for every request, rendered once. */
export class Selection<F extends Fields> {
  /** `a AS x, b AS y` */
  readonly list: SQL
  /** `json_object('x', a, 'y', b)`: a snapshot has the names of a row, so that both are presented alike. */
  readonly json: Json<Row<F>>
  readonly names: readonly string[]
  readonly fields: F

  constructor(fields: F) {
    this.fields = fields
    const pairs = Object.entries(fields).map(([name, field]) => sql`${sql.raw(`'${name}'`)}, ${field}`)
    this.names = Object.keys(fields)
    this.list = constant(listOf(fields))
    this.json = constant(sql<JsonText<Row<F>>>`json_object(${sql.join(pairs, sql`, `)})`)
  }
}

export type RowOf<S> = S extends Selection<infer F> ? Row<F> : never

/** Throws if a field holds a value. */
export function selection<const F extends Fields>(fields: F): Selection<F> {
  return new Selection(fields)
}

/** `a AS x, b AS y` */
export function listOf(fields: Fields): SQL {
  const items = Object.entries(fields).map(([name, field]) => sql`${field} AS ${sql.raw(name)}`)
  return sql.join(items, sql`, `)
}

/** A field of an outer join, which may find no row. */
export function nullable<T>(field: SQL<T>): SQL<T | null> {
  return field
}

/** A query without values, rendered once. Throws if it holds a value. */
export function constant<T>(query: SQL<T>): SQL<T> {
  const { text, values } = render(query)
  if (values.length > 0) throw new TypeError(`A selection holds no values: ${text}`)
  return constantSql(text)
}
