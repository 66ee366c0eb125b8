import { readFileSync } from 'node:fs'
import { unstable_splitSqlQuery } from 'wrangler'
import { MIGRATIONS, migrationNames } from './migrations.ts'

/** The table in which wrangler records applied migrations. */
const APPLIED = `CREATE TABLE IF NOT EXISTS d1_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE,
  applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)`

/**
 * Applies new migrations like `wrangler d1 migrations apply`: each is one batch with its record. Wrangler would start a
 * runtime for each.
 */
export async function applyMigrations(db: D1Database): Promise<void> {
  await db.prepare(APPLIED).run()
  const { results } = await db.prepare('SELECT name FROM d1_migrations').all<{ name: string }>()
  const applied = new Set(results.map(({ name }) => name))
  for (const name of migrationNames().filter((one) => !applied.has(one))) {
    const statements = unstable_splitSqlQuery(readFileSync(`${MIGRATIONS}${name}`, 'utf8'))
    const note = db.prepare('INSERT INTO d1_migrations (name) VALUES (?)').bind(name)
    await db.batch([...statements.map((statement) => db.prepare(statement)), note])
  }
}
