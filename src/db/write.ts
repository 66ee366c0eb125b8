import { type Column, getTableColumns, getTableName } from 'drizzle-orm'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'
import { constantSql, type SQL, sql } from './sql.ts'
import { run, type Statement } from './statement.ts'

type Value<T> = T | SQL<T> | Column
type Values<T> = { [K in keyof T]: Value<Exclude<T[K], undefined>> }

const COMMA = constantSql(', ')
const SPACE = constantSql(' ')
const WHERE = constantSql(' WHERE ')

/** `INSERT INTO table (…) SELECT …`, and then `from`. Without `from` it inserts one row. */
export function insertSelect<T extends SQLiteTable>(
  table: T,
  values: Values<T['$inferInsert']>,
  from: SQL = sql``,
): Statement<never> {
  const keys = Object.keys(values)
  const beginning = constantOf(table, `INSERT ${keys}`, () => {
    const names = keys.map((key) => nameOf(table, key)).join(', ')
    return `INSERT INTO ${getTableName(table)} (${names}) SELECT `
  })
  return run(sql.join([beginning, sql.join(Object.values(values), COMMA), SPACE, from]))
}

/** `UPDATE table SET … WHERE condition`. A key with the value undefined is left out; throws if none is left. */
export function update<T extends SQLiteTable>(
  table: T,
  values: { [K in keyof T['$inferInsert']]?: Value<Exclude<T['$inferInsert'][K], undefined>> | undefined },
  condition: SQL,
): Statement<never> {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined)
  if (entries.length === 0) throw new TypeError('An update sets at least one column')
  const sets = entries.map(([key, value]) => {
    const target = constantOf(table, `SET ${key}`, () => `${nameOf(table, key)} = `)
    return sql.join([target, value])
  })
  const beginning = constantOf(table, 'UPDATE', () => `UPDATE ${getTableName(table)} SET `)
  return run(sql.join([beginning, sql.join(sets, COMMA), WHERE, condition]))
}

export function deleteFrom(table: SQLiteTable, condition: SQL): Statement<never> {
  const beginning = constantOf(table, 'DELETE', () => `DELETE FROM ${getTableName(table)}`)
  return run(sql.join([beginning, WHERE, condition]))
}

const constants = new WeakMap<SQLiteTable, Map<string, SQL>>()

/** A constant of a table, rendered once. */
function constantOf(table: SQLiteTable, key: string, text: () => string): SQL {
  const ofTable = constants.get(table) ?? new Map<string, SQL>()
  constants.set(table, ofTable)
  const known = ofTable.get(key)
  if (known) return known
  const constant = constantSql(text())
  ofTable.set(key, constant)
  return constant
}

function nameOf(table: SQLiteTable, key: string): string {
  const column = getTableColumns(table)[key]
  if (!column) throw new TypeError(`There is no column ${key}`)
  return column.name
}
