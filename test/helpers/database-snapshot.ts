import { env } from 'cloudflare:workers'
import { getTableColumns, getTableName, is } from 'drizzle-orm'
import { SQLiteTable } from 'drizzle-orm/sqlite-core'
import * as accounts from '../../src/db/schema/accounts'
import * as tickets from '../../src/db/schema/tickets'
import * as webhooks from '../../src/db/schema/webhooks'
import type { Account } from './api'

/** All that is kept of an account, by table, and what a deed could leave outside of it. */
export interface Dump {
  tables: Record<string, Record<string, unknown>[]>
  objects: string[]
}

/** Triggers keep these: they follow from the other tables. */
const COUNTERS = new Set(['ticket_tags_updated', 'ticket_counters', 'creator_counters', 'user_counters'])

const TABLES = [
  ...['accounts', 'guards'],
  ...Object.values({ ...accounts, ...tickets, ...webhooks })
    .filter((table) => is(table, SQLiteTable))
    .filter((table) => 'accountId' in getTableColumns(table))
    .map(getTableName)
    .filter((name) => !COUNTERS.has(name)),
]

/** Columns of which a sum tells of changes that leave the number of rows as it is. */
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

/** Reads all of it in one round trip and, where asked to, lists the account's objects. */
export async function dump(account: Account, withObjects = true): Promise<Dump> {
  const statements = TABLES.map((table) => {
    const own = table === 'guards' ? '' : ` WHERE ${table === 'accounts' ? 'id' : 'account_id'} = ?`
    const statement = env.DB.prepare(`SELECT * FROM ${table}${own}`)
    return own === '' ? statement : statement.bind(account.id)
  })
  const counts = env.DB.prepare(
    'SELECT (SELECT count(*) FROM accounts) AS accounts, (SELECT count(*) FROM users) AS users',
  )
  const results = await env.DB.batch<Record<string, unknown>>([...statements, counts])
  const tables = Object.fromEntries([...TABLES, 'all'].map((table, index) => [table, results[index]?.results ?? []]))
  if (!withObjects) return { tables, objects: (tables.attachments ?? []).map(({ id }) => `${account.id}/${id}`) }
  return { tables, objects: (await env.FILES.list({ prefix: `${account.id}/` })).objects.map(({ key }) => key) }
}

/** What has come to a dump: rows of each table, and what the sums of some columns have grown by; only what is not 0. */
export function growth(before: Dump, after: Dump): Record<string, number> {
  const [old, now] = [measures(before), measures(after)]
  const grown = Object.keys({ ...old, ...now }).map((name) => [name, (now[name] ?? 0) - (old[name] ?? 0)] as const)
  return Object.fromEntries(grown.filter(([, by]) => by !== 0))
}

function measures({ tables, objects }: Dump): Record<string, number> {
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

/** What must be so in every dump: sequences without a hole, an object for each attachment, counters that recount. */
export function brokenClaims({ tables, objects }: Dump, account: Account): string[] {
  const of = (table: string) => tables[table] ?? []
  const [state] = of('account_state')
  const sequences = of('events').map(({ sequence }) => Number(sequence))
  const files = of('attachments').map(({ id }) => `${account.id}/${id}`)
  const claims: [string, unknown, unknown][] = [
    ['sequences', sequences.toSorted((a, b) => a - b), sequences.map((_, index) => index + 1)],
    ['the last sequence', state?.event_sequence, sequences.length],
    ['objects', objects.toSorted(), files.toSorted()],
    ['intents', of('object_intents'), []],
    ['stored bytes', state?.stored_bytes, sum(of('attachments'), 'size')],
    ['comments', sum(of('tickets'), 'public_comments'), of('comments').length],
    ['attachments', sum(of('tickets'), 'public_attachments'), files.length],
    ['guards', of('guards'), []],
  ]
  return claims.flatMap(([name, is, should]) =>
    JSON.stringify(is) === JSON.stringify(should)
      ? []
      : [`${name}: ${JSON.stringify(is)}, not ${JSON.stringify(should)}`],
  )
}

function sum(rows: Record<string, unknown>[], column: string): number {
  return rows.reduce((total, row) => total + Number(row[column]), 0)
}
