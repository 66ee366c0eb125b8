import { createWriteStream, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { hasLocalFile, openLocalFile, rowsOf } from '../lib/local-file.ts'
import { runWrangler } from '../lib/local-state.ts'
import { migrationNames } from '../lib/migrations.ts'
import { lockState } from '../lib/state-lock.ts'
import { checkBackup, type End, type Header } from './backup-file.ts'
import { type Database, deployedIn } from './database.ts'
import { countRows } from './dump.ts'
import { statementsOf } from './load.ts'
import { runSteps } from './steps.ts'
import { verify } from './verify/verify.ts'

const TABLES_OF_SERVICE = `SELECT count(*) AS n FROM sqlite_schema
  WHERE type = 'table' AND name NOT GLOB 'sqlite_*' AND name NOT GLOB '_cf_*'`

/**
 * Restores a backup into an empty database, applies new migrations, and verifies the counters. Throws, without a
 * change, for a database with tables and for a file that is damaged or of a newer version.
 */
export async function restore(db: Database, file: string): Promise<string> {
  const { header, end } = await checkBackup(file)
  const known = new Set(migrationNames())
  const unknown = header.migrations.filter((name) => !known.has(name))
  if (unknown.length > 0)
    throw new Error(
      `${file} has migrations that this version does not have (${unknown.join(', ')}): use the version that wrote it, or a newer one.`,
    )
  const lock = db.isRemote ? null : lockState('npm run admin -- restore')
  try {
    return await restoreInto(db, file, header, end)
  } finally {
    lock?.release()
  }
}

async function restoreInto(db: Database, file: string, header: Header, end: End): Promise<string> {
  if (!db.isRemote && !hasLocalFile()) await makeLocalFile()
  if (Number(db.run(TABLES_OF_SERVICE)[0]?.[0]?.n) > 0)
    throw new Error('The database is not empty. Restore into a new database, before any migration.')
  const dropped = db.isRemote ? await loadRemote(db, file, header, end) : await loadLocal(file, header, end)
  await migrate(db)
  return [
    `${file} of ${header.made_at} is restored.`,
    ...dropped,
    verify(db, end.moved),
    'If the service has run since the backup was made, now run: npm run admin -- after-restore',
  ].join('\n')
}

/** In one transaction. */
async function loadLocal(file: string, header: Header, end: End): Promise<string[]> {
  const database = openLocalFile({ readOnly: false })
  try {
    database.exec('BEGIN IMMEDIATE')
    for await (const statement of statementsOf(file, header)) database.exec(statement)
    const run = (...statements: string[]) => statements.map((statement) => rowsOf(database, statement))
    const dropped = checkCounts(header, end, run)
    database.exec('COMMIT')
    return dropped
  } finally {
    // Rolls back.
    database.close()
  }
}

/** D1 imports a file of SQL completely, or not at all. */
async function loadRemote(db: Database, file: string, header: Header, end: End): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'ticketing-restore-'))
  try {
    const script = join(folder, 'restore.sql')
    await pipeline(Readable.from(terminated(statementsOf(file, header))), createWriteStream(script, { mode: 0o600 }))
    runWrangler(['d1', 'execute', 'DB', '--yes', ...deployedIn(db.environment), '--file', script])
    return checkCounts(header, end, db.run)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function* terminated(statements: AsyncIterable<string>): AsyncGenerator<string> {
  for await (const statement of statements) yield `${statement};\n`
}

/** Reports skipped rows. Throws if rows of a consistent snapshot are missing. */
function checkCounts({ tables }: Header, { rows, moved }: End, run: Database['run']): string[] {
  const missing = tables.flatMap((table) => {
    const expected = rows[table.name] ?? 0
    const actual = runSteps(run, countRows(table))
    return actual === expected ? [] : [`${table.name}: ${expected - actual} of ${expected}`]
  })
  if (missing.length === 0) return []
  if (!moved) throw new Error(`Rows are missing (${missing.join('; ')}): nothing is restored.`)
  return [`Left out, because their parents were deleted during the backup: ${missing.join('; ')}.`]
}

async function makeLocalFile(): Promise<void> {
  const { withLocalBindings } = await import('../lib/local-bindings.ts')
  await withLocalBindings(({ DB }) => DB.prepare('SELECT 1').run())
}

async function migrate(db: Database): Promise<void> {
  if (db.isRemote) return void runWrangler(['d1', 'migrations', 'apply', 'DB', ...deployedIn(db.environment)])
  const [{ withLocalBindings }, { applyMigrations }] = await Promise.all([
    import('../lib/local-bindings.ts'),
    import('../lib/migrate.ts'),
  ])
  await withLocalBindings(({ DB }) => applyMigrations(DB))
}
