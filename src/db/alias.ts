import { type GetColumnData, getTableColumns, getTableName } from 'drizzle-orm'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'
import { constantSql, type SQL } from './sql.ts'

export type Alias<T extends SQLiteTable> = SQL & {
  readonly [K in keyof T['_']['columns']]: SQL<GetColumnData<T['_']['columns'][K]>>
}

/**
 * A table under another name: `${t}` is `tickets t` and `${t.status}` is `t.status`. Drizzle's own `alias` makes a proxy
 * for each use of a column; this one is rendered once, so call it once for each module.
 */
export function alias<T extends SQLiteTable>(table: T, name: string): Alias<T> {
  return withColumns(table, `${getTableName(table)} ${name}`, name)
}

/** A table under its own name: `${q}` is `tickets` and `${q.status}` is `tickets.status`. Call it once for each module. */
export function qualified<T extends SQLiteTable>(table: T): Alias<T> {
  return withColumns(table, getTableName(table), getTableName(table))
}

function withColumns<T extends SQLiteTable>(table: T, text: string, prefix: string): Alias<T> {
  const columns = Object.entries(getTableColumns(table)).map(([key, column]) => [
    key,
    constantSql(`${prefix}.${column.name}`),
  ])
  return Object.assign(constantSql(text), Object.fromEntries(columns))
}
