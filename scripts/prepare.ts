import { hasLocalFile, openLocalFile, rowsOf } from './lib/local-file.ts'
import { migrationNames } from './lib/migrations.ts'

/**
 * Brings the local database up to the newest migration, and loads the demo data where there is no account. Says so where
 * there is something to do.
 */
export async function prepareLocalStores(): Promise<void> {
  if (isPrepared()) return
  console.log('Preparing the local database …')
  // Only now, for these load wrangler, which takes longer than all the rest of a start that has nothing to prepare.
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
    const [noted] = rowsOf(file, "SELECT 1 FROM sqlite_schema WHERE name = 'd1_migrations'")
    if (!noted) return false
    const applied = new Set(rowsOf(file, 'SELECT name FROM d1_migrations').map(({ name }) => name))
    return (
      migrationNames().every((name) => applied.has(name)) && rowsOf(file, 'SELECT 1 FROM accounts LIMIT 1').length > 0
    )
  } finally {
    file.close()
  }
}

if (import.meta.main) await prepareLocalStores()
