import type { accounts } from '../src/db/schema/accounts.ts'
import { hasLocalFile, openLocalFile, rowsOf } from './lib/local-file.ts'
import { migrationNames } from './lib/migrations.ts'

/** Only its type comes from the schema, because drizzle takes longer to load than the rest of a start. */
const ACCOUNTS: (typeof accounts)['_']['name'] = 'accounts'

/**
 * Applies new migrations to the local database, and loads the demo data if there is no account. Prints what it does.
 */
export async function prepareLocalStores(): Promise<void> {
  if (isPrepared()) return
  console.log('Preparing the local database …')
  // Imported late, because they load wrangler, which takes longer than the rest of a start.
  const [{ withLocalBindings }, { applyMigrations }, { loadDemoData }] = await Promise.all([
    import('./lib/local-bindings.ts'),
    import('./lib/migrate.ts'),
    import('./demo/load.ts'),
  ])
  await withLocalBindings(async (bindings) => {
    await applyMigrations(bindings.DB)
    await loadDemoData(bindings)
  })
}

function isPrepared(): boolean {
  if (!hasLocalFile()) return false
  const file = openLocalFile({ readOnly: true })
  try {
    const [recorded] = rowsOf(file, "SELECT 1 FROM sqlite_schema WHERE name = 'd1_migrations'")
    if (!recorded) return false
    const applied = new Set(rowsOf(file, 'SELECT name FROM d1_migrations').map(({ name }) => name))
    return (
      migrationNames().every((name) => applied.has(name)) &&
      rowsOf(file, `SELECT 1 FROM ${ACCOUNTS} LIMIT 1`).length > 0
    )
  } finally {
    file.close()
  }
}

if (import.meta.main) await prepareLocalStores()
