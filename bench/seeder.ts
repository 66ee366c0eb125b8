import { globSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { startRuntime } from './runtime.ts'
import { seedStatements } from './seed-sql.ts'
import { migrationStatements } from './states.ts'

/** A crash need not be survived; a gigabyte is cached. */
const FAST = 'PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000'

/**
 * A separate process that creates a database in a folder and reports its progress. D1 creates the tables; the rows are
 * inserted directly into its file, with the same triggers, in half the time. Exits with its parent.
 */
async function main(config: string, file: string, size: number, folder: string, root: string): Promise<void> {
  process.once('disconnect', () => process.exit())
  const runtime = startRuntime({ config, file }, folder, () => undefined)
  try {
    const db = await runtime.getD1Database('DB')
    for (const sql of migrationStatements(root)) await db.prepare(sql).run()
  } finally {
    await runtime.dispose()
  }
  const db = new DatabaseSync(databaseIn(folder))
  db.exec(FAST)
  const statements = seedStatements(size)
  for (const [done, sql] of statements.entries()) {
    db.exec(sql)
    process.send?.((done + 1) / statements.length)
  }
  db.close()
  process.disconnect?.()
}

/** Miniflare names the file by a hash, and keeps another one in the folder. */
function databaseIn(folder: string): string {
  const files = globSync(join(folder, 'd1/**/*.sqlite')).filter((file) => /[0-9a-f]{64}\.sqlite$/.test(file))
  const [file] = files
  if (file === undefined || files.length > 1) throw new Error(`${folder} has ${files.length} databases`)
  return file
}

const [config, file, size, folder, root] = process.argv.slice(2)
if (!config || !file || !size || !folder || !root)
  throw new Error('arguments: configuration, bundle, size, folder, checkout')
await main(config, file, Number(size), folder, root)
