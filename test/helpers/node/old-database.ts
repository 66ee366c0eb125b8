import { copyFileSync, existsSync, readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { unstable_splitSqlQuery } from 'wrangler'
import { verify } from '../../../scripts/admin/verify.ts'
import { MIGRATIONS as FOLDER, migrationNames } from '../../../scripts/lib/migrations.ts'
import { OLD_ROWS, type Row } from './old-rows.ts'

/** Databases as earlier versions of the service have left them, in files of SQLite as D1 keeps them. */

export interface Migration {
  name: string
  /** With the one that notes that it was applied. */
  statements: string[]
}

/** What an account's first data needed: a version that had less was never used. */
const FIRST_RELEASE = '0001'
/** They hold no rows: a trigger refuses each. */
const ROWLESS = new Set(['guards'])

/** All migrations, in their order, as `wrangler d1 migrations apply` runs each: as one batch, which is one transaction. */
export const MIGRATIONS: readonly Migration[] = migrationNames().map((name) => {
  const note = `INSERT INTO d1_migrations (name) VALUES ('${name}');`
  return { name, statements: unstable_splitSqlQuery(`${readFileSync(`${FOLDER}${name}`, 'utf8')}\n${note}`) }
})

/** Opens a database in a file, with the table that wrangler keeps of migrations. */
export function openFile(file: string): DatabaseSync {
  const db = new DatabaseSync(file)
  // A machine that loses its power is not what is tested.
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF')
  db.exec(`CREATE TABLE IF NOT EXISTS d1_migrations(
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)`)
  return db
}

/** The names of the migrations that were applied. */
export function appliedIn(db: DatabaseSync): string[] {
  return db
    .prepare('SELECT name FROM d1_migrations ORDER BY id')
    .all()
    .map(({ name }) => String(name))
}

/** Applies what was not yet applied, `upTo` a migration, each in one transaction; gives the names. */
export function migrate(db: DatabaseSync, upTo = MIGRATIONS.length): string[] {
  const applied = new Set(appliedIn(db))
  const missing = MIGRATIONS.slice(0, upTo).filter(({ name }) => !applied.has(name))
  for (const { statements } of missing) db.exec(`BEGIN;\n${statements.join(';\n')};\nCOMMIT`)
  return missing.map(({ name }) => name)
}

/**
 * Brings an empty database to what it was with the first `count` migrations, by way of all versions before: each has
 * written into the tables that were new with it.
 */
export function growOld(db: DatabaseSync, count: number): void {
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
  for (const table of unknown) if (isEmpty(db, table)) insert(db, table, inventedRow(db, table))
}

/** The tables with rows of their own: not those that are inside of the full-text index, nor D1's own. */
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

/** The columns that can be written. */
function columnsOf(db: DatabaseSync, table: string): { name: string; type: string }[] {
  const listed = db.prepare('SELECT name, type FROM pragma_table_xinfo(?) WHERE hidden = 0').all(table)
  return listed.map(({ name, type }) => ({ name: String(name), type: String(type).toUpperCase() }))
}

function insert(db: DatabaseSync, table: string, row: Row): void {
  const columns = columnsOf(db, table).filter(({ name }) => row[name] !== undefined)
  const names = columns.map(({ name }) => `"${name}"`).join(', ')
  const places = columns.map(() => '?').join(', ')
  db.prepare(`INSERT INTO "${table}" (${names}) VALUES (${places})`).run(
    ...columns.map(({ name }) => row[name] ?? null),
  )
}

function inventedRow(db: DatabaseSync, table: string): Row {
  const values = columnsOf(db, table).map(({ name, type }) => [name, type === 'INTEGER' ? 1 : 'old'])
  return { ...Object.fromEntries(values), account_id: 'acct_acme' }
}

/** By table its columns, and its rows. */
export type Snapshot = Map<string, { columns: string[]; rows: Record<string, unknown>[] }>

/** Everything that is there. */
export function snapshot(db: DatabaseSync): Snapshot {
  const tables = tablesOf(db).map((table) => {
    const columns = columnsOf(db, table).map(({ name }) => name)
    const list = columns.map((column) => `"${column}"`).join(', ')
    return [table, { columns, rows: db.prepare(`SELECT ${list} FROM "${table}"`).all() }] as const
  })
  return new Map(tables)
}

/** Some columns of rows, in an order that does not depend on how they are kept. */
export function project(rows: Record<string, unknown>[], columns: readonly string[]): string[] {
  return rows.map((row) => JSON.stringify(columns.map((column) => row[column]))).sort()
}

/** The schema, each object as it was written. */
export function schemaOf(db: DatabaseSync): string[] {
  const objects = db
    .prepare("SELECT type, name, sql FROM sqlite_master WHERE tbl_name NOT IN ('d1_migrations', 'sqlite_sequence')")
    .all()
    .filter(({ name }) => !String(name).startsWith('_cf_'))
  return objects.map((object) => JSON.stringify(object)).sort()
}

/** Throws where something that triggers keep differs from a recount, as `npm run admin -- verify` tells it. */
export function mustRecount(db: DatabaseSync): void {
  const run = (...statements: string[]) =>
    statements.map((sql) => db.prepare(sql).all() as Record<string, string | number | null>[])
  verify({ isRemote: false, environment: null, run }, false)
}

/** Copies a database as it lies on the disk at this moment, whoever has it open: what a `kill -9` would leave. */
export function copyAsItLies(from: string, to: string): void {
  copyFileSync(from, to)
  if (existsSync(`${from}-wal`)) copyFileSync(`${from}-wal`, `${to}-wal`)
}
