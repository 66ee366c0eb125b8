import { type SQL, sql } from 'drizzle-orm'

/**
 * A row's columns by the names a presenter knows them under, each with the SQL that gives it. Plain text without values,
 * so that it is put together once and not for every query.
 */
export type Selection<Row = Record<string, unknown>> = Record<keyof Row & string, string>

/** The columns as a select list. */
export function selectList(snapshot: Selection): SQL {
  return sql.raw(
    Object.entries(snapshot)
      .map(([name, expression]) => `${expression} AS ${name}`)
      .join(', '),
  )
}

/** The columns as one JSON object, so that a stored image and a row that was read are presented alike. */
export function jsonObject(snapshot: Selection): SQL {
  const pairs = Object.entries(snapshot).map(([name, expression]) => `'${name}', ${expression}`)
  return sql.raw(`json_object(${pairs.join(', ')})`)
}

/** The names of the columns. */
export function fieldsOf<Row>(snapshot: Selection<Row>): (keyof Row & string)[] {
  return Object.keys(snapshot) as (keyof Row & string)[]
}
