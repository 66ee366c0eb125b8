import { startRuntime } from './runtime.ts'
import { seedStatements } from './seed-sql.ts'
import { migrationStatements } from './states.ts'

/**
 * A process of its own that makes the database of a world in a folder, in D1's own engine, and tells its parent what
 * share of it is done. It ends with its parent.
 */
async function main(config: string, file: string, size: number, folder: string): Promise<void> {
  process.once('disconnect', () => process.exit())
  const runtime = startRuntime({ config, file }, folder, () => undefined)
  try {
    const db = await runtime.getD1Database('DB')
    for (const sql of migrationStatements()) await db.prepare(sql).run()
    const statements = seedStatements(size)
    for (const [done, sql] of statements.entries()) {
      await db.prepare(sql).run()
      process.send?.((done + 1) / statements.length)
    }
  } finally {
    await runtime.dispose()
  }
  process.disconnect?.()
}

const [config, file, size, folder] = process.argv.slice(2)
if (!config || !file || !size || !folder)
  throw new Error('a configuration, a bundle, a size and a folder must be named')
await main(config, file, Number(size), folder)
