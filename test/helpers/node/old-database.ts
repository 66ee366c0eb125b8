import { copyFileSync, existsSync, readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { unstable_splitSqlQuery } from 'wrangler'
import { verify } from '../../../scripts/admin/verify/verify.ts'
import { MIGRATIONS as FOLDER, migrationNames } from '../../../scripts/lib/migrations.ts'
import { OLD_ROWS, type Row } from './old-rows.ts'

/** Databases of earlier versions of the service, in SQLite files like those of D1. */

export interface Migration {
  name: string
  /** Includes the statement that records the migration. */
  statements: string[]
}

/** No version before it could store data. */
const FIRST_RELEASE = '0001'
/** A trigger rejects every row. */
const ROWLESS = new Set(['guards'])

/** In order. Like `wrangler d1 migrations apply`, each is one batch in one transaction. */
export const MIGRATIONS: readonly Migration[] = migrationNames().map((name) => {
  const note = `INSERT INTO d1_migrations (name) VALUES ('${name}');`
  return { name, statements: unstable_splitSqlQuery(`${readFileSync(`${FOLDER}${name}`, 'utf8')}\n${note}`) }
})

/** Opens a database file, and creates wrangler's table of migrations. */
export function openFile(file: string): DatabaseSync {
  const db = new DatabaseSync(file)
  // Power failures are not tested.
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF')
  db.exec(`CREATE TABLE IF NOT EXISTS d1_migrations(
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)`)
  return db
}

export function appliedIn(db: DatabaseSync): string[] {
  return db
    .prepare('SELECT name FROM d1_migrations ORDER BY id')
    .all()
    .map(({ name }) => String(name))
}

/** Applies each migration in its own transaction. Returns the names of the new ones. */
export function migrate(db: DatabaseSync, upTo = MIGRATIONS.length): string[] {
  const applied = new Set(appliedIn(db))
  const missing = MIGRATIONS.slice(0, upTo).filter(({ name }) => !applied.has(name))
  for (const { statements } of missing) db.exec(`BEGIN;\n${statements.join(';\n')};\nCOMMIT`)
  return missing.map(({ name }) => name)
}

/**
 * Creates the database that the first `count` migrations leave if every version has written rows into its new tables.
 */
export function createOldDatabase(db: DatabaseSync, count: number): void {
  for (let next = 1; next <= count; next += 1) {
    migrate(db, next)
    if ((MIGRATIONS[next - 1]?.name ?? '') >= FIRST_RELEASE) fillEmptyTables(db)
  }
}

function fillEmptyTables(db: DatabaseSync): void {
  const tables = tablesOf(db).filter((table) => !ROWLESS.has(table) && isEmpty(db, table))
  const known = [...OLD_ROWS.keys()].filter((table) => tables.includes(table))
  const unknown = tables.filter((table) => !OLD_ROWS.has(table) && isEmpty(db, table))
  for (const table of known) for (const row of OLD_ROWS.get(table) ?? []) insert(db, table, row)
  for (const table of unknown) if (isEmpty(db, table)) insert(db, table, generatedRow(db, table))
}

/** Without the tables of the full-text index and of D1. */
export function tablesOf(db: DatabaseSync): string[] {
  const listed = db.prepare(
    `SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'
     AND name NOT GLOB 'sqlite_*' AND name NOT GLOB '_cf_*' AND name <> 'd1_migrations' ORDER BY name`,
  )
  return listed.all().map(({ name }) => String(name))
}

function isEmpty(db: DatabaseSync, table: string): boolean {
  return db.prepare(`SELECT 1 FROM "${table}" LIMIT 1`).get() === undefined
}

function columnsOf(db: DatabaseSync, table: string): { name: string; type: string }[] {
  const listed = db.prepare('SELECT name, type FROM pragma_table_xinfo(?) WHERE hidden = 0').all(table)
  return listed.map(({ name, type }) => ({ name: String(name), type: String(type).toUpperCase() }))
}

function insert(db: DatabaseSync, table: string, row: Row): void {
  const columns = columnsOf(db, table).filter(({ name }) => row[name] !== undefined)
  const names = columns.map(({ name }) => `"${name}"`).join(', ')
  const placeholders = columns.map(() => '?').join(', ')
  db.prepare(`INSERT INTO "${table}" (${names}) VALUES (${placeholders})`).run(
    ...columns.map(({ name }) => row[name] ?? null),
  )
}

function generatedRow(db: DatabaseSync, table: string): Row {
  const values = columnsOf(db, table).map(({ name, type }) => [name, type === 'INTEGER' ? 1 : 'old'])
  return { ...Object.fromEntries(values), account_id: 'acct_acme' }
}

/** Columns and rows by table. */
export type Snapshot = Map<string, { columns: string[]; rows: Record<string, unknown>[] }>

export function snapshot(db: DatabaseSync): Snapshot {
  const tables = tablesOf(db).map((table) => {
    const columns = columnsOf(db, table).map(({ name }) => name)
    const list = columns.map((column) => `"${column}"`).join(', ')
    return [table, { columns, rows: db.prepare(`SELECT ${list} FROM "${table}"`).all() }] as const
  })
  return new Map(tables)
}

/** Sorted, because the order in the table does not matter. */
export function project(rows: Record<string, unknown>[], columns: readonly string[]): string[] {
  return rows.map((row) => JSON.stringify(columns.map((column) => row[column]))).sort()
}

export function schemaOf(db: DatabaseSync): string[] {
  const objects = db
    .prepare("SELECT type, name, sql FROM sqlite_master WHERE tbl_name NOT IN ('d1_migrations', 'sqlite_sequence')")
    .all()
    .filter(({ name }) => !String(name).startsWith('_cf_'))
  return objects.map((object) => JSON.stringify(object)).sort()
}

/** Throws if `npm run admin -- verify` would report an incorrect counter. */
export function assertCounters(db: DatabaseSync): void {
  const run = (...statements: string[]) =>
    statements.map((sql) => db.prepare(sql).all() as Record<string, string | number | null>[])
  verify({ run }, false)
}

/** Copies the files of an open database, like a `kill -9` would leave them. */
export function copyOpenDatabase(from: string, to: string): void {
  copyFileSync(from, to)
  if (existsSync(`${from}-wal`)) copyFileSync(`${from}-wal`, `${to}-wal`)
}
