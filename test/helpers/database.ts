import { env } from 'cloudflare:workers'
import type { Column } from 'drizzle-orm'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'
import { render } from '../../src/db/render'
import { constantSql, type SQL, sql } from '../../src/db/sql'
import type { Statement } from '../../src/db/statement'

export function prepare(statement: Statement | SQL): D1PreparedStatement {
  const { text, values } = render('query' in statement ? statement.query : statement)
  return env.DB.prepare(text).bind(...values)
}

export async function execute(statement: Statement | SQL): Promise<void> {
  await prepare(statement).run()
}

/** For data that no response shows. */
export function row<R>(statement: Statement<R> | SQL): Promise<R | null> {
  return prepare(statement).first<R>()
}

export async function rows<R>(statement: Statement<R> | SQL): Promise<R[]> {
  return (await prepare(statement).all<R>()).results
}

/** The number of the account's rows in a table. */
export function countOf(account: { id: string }, table: SQLiteTable & { accountId: Column }): SQL<number> {
  return sql`(SELECT count(*) FROM ${table} WHERE ${table.accountId} = ${account.id})`
}

/** A table of one column, `i`, with these numbers. */
export function numbers(first: number, last: number): SQL {
  const all = `WITH RECURSIVE n (i) AS (SELECT ${first} UNION ALL SELECT i + 1 FROM n WHERE i < ${last})`
  return constantSql(`(${all} SELECT i FROM n)`)
}
