import { type Column, getTableColumns, getTableName } from 'drizzle-orm'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'
import { constantSql, type SQL, sql } from './sql.ts'
import { run, type Statement } from './statement.ts'

/** A value, an expression or a column of a type. A column may be null only if the type may. */
type Value<T, TableName> =
  | T
  | SQL<T>
  | (Column & { _: { tableName: TableName; data: NonNullable<T>; notNull: null extends T ? boolean : true } })
type Values<T, TableName> = { [K in keyof T]: Value<Exclude<T[K], undefined>, TableName> }

const COMMA = constantSql(', ')
const SPACE = constantSql(' ')
const WHERE = constantSql(' WHERE ')

/**
 * `INSERT INTO table (…) SELECT …`, and then `from`. Without `from` it inserts one row. If `from` has an `ON CONFLICT`, it
 * needs a `WHERE` before it, even `WHERE 1`: SQLite would take `ON` for the condition of a join (a syntax error).
 */
export function insertSelect<T extends SQLiteTable>(
  table: T,
  values: Values<T['$inferInsert'], string>,
  from: SQL = sql``,
): Statement<never> {
  const keys = Object.keys(values)
  const beginning = constantOf(table, `INSERT ${keys}`, () => {
    const names = keys.map((key) => nameOf(table, key)).join(', ')
    return `INSERT INTO ${getTableName(table)} (${names}) SELECT `
  })
  return run(sql.join([beginning, sql.join(Object.values(values), COMMA), SPACE, from]))
}

/** `UPDATE table SET … WHERE condition`. Throws without values: see `omitUndefined` for fields that a request may omit. */
export function update<T extends SQLiteTable>(
  table: T,
  values: Partial<Values<T['$inferInsert'], T['_']['name']>>,
  condition: SQL,
): Statement<never> {
  const entries = Object.entries(values)
  if (entries.length === 0) throw new TypeError('An update sets at least one column')
  const sets = entries.map(([key, value]) => {
    const target = constantOf(table, `SET ${key}`, () => `${nameOf(table, key)} = `)
    return sql.join([target, value])
  })
  const beginning = constantOf(table, 'UPDATE', () => `UPDATE ${getTableName(table)} SET `)
  return run(sql.join([beginning, sql.join(sets, COMMA), WHERE, condition]))
}

/** The fields that have a value. Do not use it for fields that belong together: one of them could be omitted. */
export function omitUndefined<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const named = Object.entries(fields).filter(([, value]) => value !== undefined)
  return Object.fromEntries(named) as { [K in keyof T]?: Exclude<T[K], undefined> }
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
