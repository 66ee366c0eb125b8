import { type SQL, sql } from 'drizzle-orm'
import type { Statement } from './statement'

// To be deleted with the last statement that spells columns as text.

export type Columns<Row = Record<string, unknown>> = Record<keyof Row & string, string>

export function selectList(columns: Columns): SQL {
  return sql.raw(
    Object.entries(columns)
      .map(([name, expression]) => `${expression} AS ${name}`)
      .join(', '),
  )
}

export function jsonObject(columns: Columns): SQL {
  const pairs = Object.entries(columns).map(([name, expression]) => `'${name}', ${expression}`)
  return sql.raw(`json_object(${pairs.join(', ')})`)
}

export function fieldsOf<Row>(columns: Columns<Row>): (keyof Row & string)[] {
  return Object.keys(columns) as (keyof Row & string)[]
}

export function returning<Row extends object>(
  statement: Statement<Row>,
  columns: readonly (keyof Row & string)[],
): Statement<Row> {
  return { ...statement, columns }
}
