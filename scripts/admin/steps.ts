import { type Column, getTableColumns } from 'drizzle-orm'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'
import { accounts } from '../../src/db/schema/accounts.ts'
import { type SQL, sql } from '../../src/db/sql.ts'
import { select } from '../../src/db/statement.ts'
import { sqlText } from '../lib/sql-text.ts'
import type { Database } from './database.ts'
import type { ResultRow } from './statement.ts'

/**
 * Work on a database of any size. Each step yields the statements of one transaction and receives their rows; it reads and
 * writes at most `ROWS_PER_STEP` rows, because D1 ends a query after 30 s and serves nothing else in the meantime.
 */
export type Steps<T = void> = Generator<string[], T, ResultRow[][]>

export const ROWS_PER_STEP = 5_000

export function runSteps<T>(run: Database['run'], steps: Steps<T>): T {
  let next = steps.next()
  while (!next.done) next = steps.next(run(...next.value))
  return next.value
}

/** A row and its entry in an index. */
const READS_PER_ROW = 2
const ACCOUNTS_PER_PAGE = 500

/**
 * Goes through a table in the order of a key, in ranges of at most `rows` rows. The columns must be unique together and
 * an index must begin with them.
 */
export function* eachRange(
  table: SQLiteTable,
  key: readonly Column[],
  step: (isWithin: SQL) => Steps,
  rows = ROWS_PER_STEP / 5,
): Steps {
  const columns = tuple(key)
  const order = sql.join(key, sql`, `)
  let isAfter = sql`true`
  while (true) {
    const lastOfRange = select(
      keyFields(key),
      sql`FROM ${table} WHERE ${isAfter} ORDER BY ${order} LIMIT 1 OFFSET ${rows - 1}`,
    )
    const [[last] = []] = yield [sqlText(lastOfRange)]
    if (!last) return yield* step(isAfter)
    const end = keyOf(key, last)
    yield* step(sql`${isAfter} AND ${columns} <= ${end}`)
    isAfter = sql`${columns} > ${end}`
  }
}

/** A table with an `account_id`. */
export interface Source {
  table: SQLiteTable
  /** Unique within an account. An index of the table begins with the account and these columns. */
  key: readonly Column[]
  fields: Readonly<Record<string, Column | SQL>>
  add(row: ResultRow): void
}

/** All accounts, in the order of their IDs. */
export function* eachAccount(step: (accountId: string) => Steps): Steps {
  for (let after = ''; ; ) {
    const page = select(
      { id: accounts.id },
      sql`FROM ${accounts} WHERE ${accounts.id} > ${after} ORDER BY ${accounts.id}`,
    )
    const [rows = []] = yield [sqlText(sql`${page.query} LIMIT ${ACCOUNTS_PER_PAGE}`)]
    for (const { id } of rows) yield* step(String(id))
    if (rows.length < ACCOUNTS_PER_PAGE) return
    after = String(rows.at(-1)?.id)
  }
}

/**
 * Reads all rows of an account from several tables, in steps. Each step also runs `mark`, whose rows must change with every
 * write: returns false if they do, because then the rows do not belong to one moment. An account that fits into one step is
 * read in one transaction.
 */
export function* readAccount(accountId: string, sources: readonly Source[], mark: string): Steps<boolean> {
  let marked: string | null = null
  let open = sources.map((source) => ({ source, after: null as ResultRow | null }))
  while (open.length > 0) {
    const limit = Math.floor(ROWS_PER_STEP / READS_PER_ROW / open.length)
    const [marks, ...pages] = yield [mark, ...open.map(({ source, after }) => pageOf(accountId, source, after, limit))]
    if (marked !== null && marked !== JSON.stringify(marks)) return false
    marked = JSON.stringify(marks)
    open = open.flatMap(({ source }, index) => {
      const page = pages[index] ?? []
      for (const row of page) source.add(row)
      return page.length < limit ? [] : [{ source, after: page.at(-1) ?? null }]
    })
  }
  return true
}

function pageOf(accountId: string, { table, key, fields }: Source, after: ResultRow | null, limit: number): string {
  const own = getTableColumns(table).accountId
  const isAfter = after === null ? sql`` : sql`AND ${tuple(key)} > ${keyOf(key, after)}`
  return sqlText(
    select(
      { ...keyFields(key), ...fields },
      sql`FROM ${table} WHERE ${own} = ${accountId} ${isAfter} ORDER BY ${sql.join(key, sql`, `)} LIMIT ${limit}`,
    ),
  )
}

function keyFields(key: readonly Column[]): Record<string, Column> {
  return Object.fromEntries(key.map((column, index) => [`key${index}`, column]))
}

function keyOf(key: readonly Column[], row: ResultRow): SQL {
  return tuple(key.map((_, index) => row[`key${index}`] ?? null))
}

function tuple(values: readonly unknown[]): SQL {
  return sql`(${sql.join(values, sql`, `)})`
}
