import { env } from 'cloudflare:workers'
import { getTableColumns, getTableName, is } from 'drizzle-orm'
import { SQLiteTable } from 'drizzle-orm/sqlite-core'
import * as accounts from '../../src/db/schema/accounts'
import * as tickets from '../../src/db/schema/tickets'
import * as webhooks from '../../src/db/schema/webhooks'
import type { Account } from './api'

/** All rows of an account, and other data that its operations could leave behind. */
export interface DatabaseSnapshot {
  tables: Record<string, Record<string, unknown>[]>
  objects: string[]
}

/** Maintained by triggers. */
const COUNTERS = new Set(['ticket_tags_updated', 'ticket_counters', 'creator_counters', 'user_counters'])

const TABLES = [
  ...['accounts', 'guards'],
  ...Object.values({ ...accounts, ...tickets, ...webhooks })
    .filter((table) => is(table, SQLiteTable))
    .filter((table) => 'accountId' in getTableColumns(table))
    .map(getTableName)
    .filter((name) => !COUNTERS.has(name)),
]

/** Columns whose sum shows changes that do not add or remove rows. */
const SUMMED = [
  ...[
    'version',
    'credential_generation',
    'event_sequence',
    'ticket_number',
    'stored_bytes',
    'rotated_at',
    'deleted_at',
  ],
  ...['manual', 'revoked_at', 'public_comments', 'public_attachments'],
]

export async function takeSnapshot(account: Account, withObjects = true): Promise<DatabaseSnapshot> {
  const statements = TABLES.map((table) => {
    const condition = table === 'guards' ? '' : ` WHERE ${table === 'accounts' ? 'id' : 'account_id'} = ?`
    const statement = env.DB.prepare(`SELECT * FROM ${table}${condition}`)
    return condition === '' ? statement : statement.bind(account.id)
  })
  const counts = env.DB.prepare(
    'SELECT (SELECT count(*) FROM accounts) AS accounts, (SELECT count(*) FROM users) AS users',
  )
  const results = await env.DB.batch<Record<string, unknown>>([...statements, counts])
  const tables = Object.fromEntries([...TABLES, 'all'].map((table, index) => [table, results[index]?.results ?? []]))
  if (!withObjects) return { tables, objects: (tables.attachments ?? []).map(({ id }) => `${account.id}/${id}`) }
  return { tables, objects: (await env.FILES.list({ prefix: `${account.id}/` })).objects.map(({ key }) => key) }
}

/** Changes of row counts and of the summed columns; only those that are not 0. */
export function changesBetween(before: DatabaseSnapshot, after: DatabaseSnapshot): Record<string, number> {
  const [previous, current] = [measure(before), measure(after)]
  const changes = Object.keys({ ...previous, ...current }).map(
    (name) => [name, (current[name] ?? 0) - (previous[name] ?? 0)] as const,
  )
  return Object.fromEntries(changes.filter(([, by]) => by !== 0))
}

function measure({ tables, objects }: DatabaseSnapshot): Record<string, number> {
  const measured: Record<string, number> = { objects: objects.length }
  for (const [table, rows] of Object.entries(tables)) {
    measured[table] = rows.length
    for (const row of rows)
      for (const column of SUMMED) {
        const value = /_at$/.test(column) ? Number(row[column] != null) : Number(row[column] ?? 0)
        if (value !== 0) measured[`${table}.${column}`] = (measured[`${table}.${column}`] ?? 0) + value
      }
  }
  return measured
}

/** Invariants: consecutive sequences, an object for each attachment, correct counters. */
export function brokenInvariants({ tables, objects }: DatabaseSnapshot, account: Account): string[] {
  const of = (table: string) => tables[table] ?? []
  const [state] = of('account_state')
  const sequences = of('events').map(({ sequence }) => Number(sequence))
  const files = of('attachments').map(({ id }) => `${account.id}/${id}`)
  const invariants: [string, unknown, unknown][] = [
    ['sequences', sequences.toSorted((a, b) => a - b), sequences.map((_, index) => index + 1)],
    ['the last sequence', state?.event_sequence, sequences.length],
    ['objects', objects.toSorted(), files.toSorted()],
    ['intents', of('object_intents'), []],
    ['stored bytes', state?.stored_bytes, sum(of('attachments'), 'size')],
    ['comments', sum(of('tickets'), 'public_comments'), of('comments').length],
    ['attachments', sum(of('tickets'), 'public_attachments'), files.length],
    ['guards', of('guards'), []],
  ]
  return invariants.flatMap(([name, actual, expected]) =>
    JSON.stringify(actual) === JSON.stringify(expected)
      ? []
      : [`${name}: ${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`],
  )
}

function sum(rows: Record<string, unknown>[], column: string): number {
  return rows.reduce((total, row) => total + Number(row[column]), 0)
}
