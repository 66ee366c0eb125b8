import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import { stateFolder } from './local-state.ts'

/** How long to wait for a running server's write. */
const BUSY_MS = 5_000

const Row = z.record(z.string(), z.union([z.string(), z.number(), z.null()]))

/** Whether there is a local database, even an empty one. Throws if there are several. */
export function hasLocalFile(): boolean {
  return findLocalFile() !== undefined
}

/**
 * Opens the file of the local database, which a running server may use as well: for commands that should not wait for
 * wrangler, and for transactions larger than a batch. Throws if there is none.
 */
export function openLocalFile({ readOnly }: { readOnly: boolean }): DatabaseSync {
  const file = findLocalFile()
  if (file === undefined) throw new Error('There is no local database yet. npm start makes it.')
  return new DatabaseSync(file, { readOnly, timeout: BUSY_MS })
}

export function rowsOf(database: DatabaseSync, statement: string): z.infer<typeof Row>[] {
  return database
    .prepare(statement)
    .all()
    .map((row) => Row.parse(row))
}

const WATCH_MS = 1_000

/** Calls `onDeleted` once the file of the local database is deleted or replaced. Does not keep the process running. */
export function watchLocalFile(onDeleted: () => void): void {
  const first = identityOfLocalFile()
  const timer = setInterval(() => {
    if (identityOfLocalFile() === first) return
    clearInterval(timer)
    onDeleted()
  }, WATCH_MS)
  timer.unref()
}

function identityOfLocalFile(): bigint | undefined {
  const file = findLocalFile()
  return file === undefined ? undefined : statSync(file, { bigint: true, throwIfNoEntry: false })?.ino
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
