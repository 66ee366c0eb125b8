import { globSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { startRuntime } from './runtime.ts'
import { seedStatements } from './seed-sql.ts'
import { migrationStatements } from './states.ts'

/** Of what is written nothing need survive a crash, and a gigabyte of it is kept at hand. */
const FAST = 'PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000'

/**
 * A process of its own that makes the database of a world in a folder and tells its parent what share of it is done. D1
 * makes the tables; they are filled in its file, by the same triggers, in half the time that D1 takes. It ends with its
 * parent.
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

/** The file of the database: Miniflare names it by a hash, and keeps another beside it. */
function databaseIn(folder: string): string {
  const files = globSync(join(folder, 'd1/**/*.sqlite')).filter((file) => /[0-9a-f]{64}\.sqlite$/.test(file))
  const [file] = files
  if (file === undefined || files.length > 1) throw new Error(`${folder} has ${files.length} databases`)
  return file
}

const [config, file, size, folder, root] = process.argv.slice(2)
if (!config || !file || !size || !folder || !root)
  throw new Error('a configuration, a bundle, a size, a folder and a checkout must be named')
await main(config, file, Number(size), folder, root)
