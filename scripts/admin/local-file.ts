import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { stateFolder } from '../lib/local-state.ts'

/** How long to wait while a running server writes. */
const BUSY_MS = 5_000

/**
 * Opens the file of the local database, for what goes beyond a batch: one read over everything, or one transaction that
 * loads everything. A running server may have it open too. Throws where there is none.
 */
export function openLocalFile({ readOnly }: { readOnly: boolean }): DatabaseSync {
  return new DatabaseSync(localFile(), { readOnly, timeout: BUSY_MS })
}

function localFile(): string {
  const folder = join(stateFolder(), 'v3/d1/miniflare-D1DatabaseObject')
  const files = namesIn(folder).filter((name) => /^[0-9a-f]{64}\.sqlite$/.test(name))
  const [file, ...others] = files
  if (file === undefined) throw new Error('There is no local database yet. npm start makes it.')
  if (others.length > 0) throw new Error(`There is more than one database in ${folder}.`)
  return join(folder, file)
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
