import { constantSql, type SQL, sql } from './sql'

declare const parsed: unique symbol

/** SQL for JSON that parses to T. */
export type Json<T> = SQL<JsonText<T>>
export type JsonText<T> = string & { readonly [parsed]: T }

/** A column that holds JSON: the type is not checked. */
export function storedJson<T>(column: SQL<string>): Json<T> {
  return column as Json<T>
}

const OPEN = constantSql('json_object(')
const COMMA = constantSql('), ')
const CLOSE = constantSql('))')
const names = new Map<string, SQL>()

/** `json_object('a', json(…), 'b', json(…))` */
export function jsonObject<T>(fields: { [K in keyof T]: Json<T[K]> }): Json<T> {
  const pairs = Object.entries<SQL>(fields).map(([name, field]) => sql.join([nameOf(name), field]))
  return sql.join([OPEN, sql.join(pairs, COMMA), CLOSE]) as Json<T>
}

function nameOf(name: string): SQL {
  const known = names.get(name) ?? constantSql(`'${name}', json(`)
  names.set(name, known)
  return known
}
