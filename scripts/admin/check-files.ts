import { readFileSync } from 'node:fs'
import { type Column, getTableName } from 'drizzle-orm'
import { attachments, objectIntents } from '../../src/db/schema/tickets.ts'
import type { StoredRow, Table } from './backup-file.ts'
import type { Database } from './database.ts'
import { findTables, type RunQuery, readTable } from './dump.ts'
import { openSource } from './source.ts'

/**
 * Compares the keys of stored objects with attachments, and reports attachments without an object and unknown objects.
 * The keys come from a file, one per line, like the output of `rclone lsf`; for local storage, they are read by
 * default. Throws if an attachment has no object.
 */
export async function checkFiles(db: Database, list: string | undefined): Promise<string> {
  if (list === undefined && db.isRemote)
    throw new Error(
      'Add --list FILE, a file with the keys of the bucket, one per line. docs/operations.md shows how to create it.',
    )
  const keys = new Set(list === undefined ? await localKeys() : readFileSync(list, 'utf8').split('\n').filter(Boolean))
  const source = openSource(db)
  const tables = findTables(source.runQuery)
  const missing: string[] = []
  let count = 0
  for (const key of keysIn(source.runQuery, tables, attachments)) {
    count += 1
    if (!keys.delete(key)) missing.push(key)
  }
  // Objects that are being uploaded or deleted are known, too.
  for (const key of keysIn(source.runQuery, tables, objectIntents)) keys.delete(key)
  source.close()
  const report = [
    `${count} attachments, ${missing.length} of them without an object; ${keys.size} unknown objects.`,
    ...missing.map((key) => `missing ${key}`),
    ...[...keys].map((key) => `orphan  ${key}`),
  ].join('\n')
  if (missing.length > 0) throw new Error(report)
  return report
}

function* keysIn(
  runQuery: RunQuery,
  tables: Table[],
  stored: typeof attachments | typeof objectIntents,
): Generator<string> {
  const name = getTableName(stored)
  const table = tables.find((one) => one.name === name)
  if (!table) throw new Error(`There is no table ${name}.`)
  const at = (row: StoredRow, column: Column) => String(row[table.columns.indexOf(column.name)])
  for (const row of readTable(runQuery, table)) yield `${at(row, stored.accountId)}/${at(row, stored.id)}`
}

async function localKeys(): Promise<string[]> {
  const { withLocalBindings } = await import('../lib/local-bindings.ts')
  return withLocalBindings(async ({ FILES }) => {
    const keys: string[] = []
    let cursor: string | undefined
    do {
      const page = await FILES.list({ ...(cursor !== undefined && { cursor }) })
      keys.push(...page.objects.map(({ key }) => key))
      cursor = page.truncated ? page.cursor : undefined
    } while (cursor !== undefined)
    return keys
  })
}
