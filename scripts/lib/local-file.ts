import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import { stateFolder } from './local-state.ts'

/** How long to wait while a running server writes. */
const BUSY_MS = 5_000

const Row = z.record(z.string(), z.union([z.string(), z.number(), z.null()]))

/** Whether there is a local database, whatever is in it. Throws where there are several. */
export function hasLocalFile(): boolean {
  return findLocalFile() !== undefined
}

/**
 * Opens the file of the local database, which a running server may have open too: for a command that is not to wait
 * until wrangler has started, and for transactions larger than a batch. Throws where there is none.
 */
export function openLocalFile({ readOnly }: { readOnly: boolean }): DatabaseSync {
  const file = findLocalFile()
  if (file === undefined) throw new Error('There is no local database yet. npm start makes it.')
  return new DatabaseSync(file, { readOnly, timeout: BUSY_MS })
}

/** Runs one statement; gives its rows. */
export function rowsOf(database: DatabaseSync, statement: string): z.infer<typeof Row>[] {
  return database
    .prepare(statement)
    .all()
    .map((row) => Row.parse(row))
}

function findLocalFile(): string | undefined {
  const folder = join(stateFolder(), 'v3/d1/miniflare-D1DatabaseObject')
  const [file, ...others] = namesIn(folder).filter((name) => /^[0-9a-f]{64}\.sqlite$/.test(name))
  if (others.length > 0) throw new Error(`There is more than one database in ${folder}.`)
  return file === undefined ? undefined : join(folder, file)
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
