import { type Column, getTableColumns, type SQL, sql } from 'drizzle-orm'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'
import { run, type Statement } from './statement'

type Value<T> = T | SQL<T> | Column
type Values<T> = { [K in keyof T]: Value<Exclude<T[K], undefined>> }

/** `INSERT INTO table (…) SELECT …`, and then `from`. Without `from` it inserts one row. */
export function insertSelect<T extends SQLiteTable>(
  table: T,
  values: Values<T['$inferInsert']>,
  from: SQL = sql``,
): Statement<never> {
  const entries = Object.entries(values)
  const names = sql.raw(entries.map(([key]) => nameOf(table, key)).join(', '))
  const selected = sql.join(
    entries.map(([, value]) => sql`${value}`),
    sql`, `,
  )
  return run(sql`INSERT INTO ${table} (${names}) SELECT ${selected} ${from}`)
}

/** `UPDATE table SET … WHERE condition`. A key with the value undefined is left out; throws if none is left. */
export function update<T extends SQLiteTable>(
  table: T,
  values: { [K in keyof T['$inferInsert']]?: Value<Exclude<T['$inferInsert'][K], undefined>> | undefined },
  condition: SQL,
): Statement<never> {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined)
  if (entries.length === 0) throw new TypeError('An update sets at least one column')
  const sets = sql.join(
    entries.map(([key, value]) => sql`${sql.raw(nameOf(table, key))} = ${value}`),
    sql`, `,
  )
  return run(sql`UPDATE ${table} SET ${sets} WHERE ${condition}`)
}

export function deleteFrom(table: SQLiteTable, condition: SQL): Statement<never> {
  return run(sql`DELETE FROM ${table} WHERE ${condition}`)
}

function nameOf(table: SQLiteTable, key: string): string {
  const column = getTableColumns(table)[key]
  if (!column) throw new TypeError(`There is no column ${key}`)
  return column.name
}
