import { env } from 'cloudflare:workers'
import { type Column, getTableColumns, getTableName } from 'drizzle-orm'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'
import * as accountTables from '../../src/db/schema/accounts'
import * as ticketTables from '../../src/db/schema/tickets'
import * as webhookTables from '../../src/db/schema/webhooks'
import { type SQL, sql } from '../../src/db/sql'
import { select } from '../../src/db/statement'
import type { Account } from './api'
import { prepare } from './database'

const { accountCounters, accounts, apiKeys, batchAssertions, userCounters, users } = accountTables
const { attachments, comments, creatorCounters, objectIntents, ticketCounters, tickets, ticketTagsUpdated } =
  ticketTables
const { deliveries, events, webhooks } = webhookTables

/** All rows of an account, and other data that its operations could leave behind. */
export interface DatabaseSnapshot {
  tables: Record<string, Record<string, unknown>[]>
  objects: string[]
}

/** Maintained by triggers. */
const COUNTERS = new Set<SQLiteTable>([ticketTagsUpdated, ticketCounters, creatorCounters, userCounters])

const ALL: SQLiteTable[] = Object.values({ ...accountTables, ...ticketTables, ...webhookTables })

/** Tables with the column that names the account; null for a table that is always empty. */
const TABLES: [table: SQLiteTable, account: Column | null][] = [
  [accounts, accounts.id],
  [batchAssertions, null],
  ...ALL.filter((table) => !COUNTERS.has(table)).flatMap((table): [SQLiteTable, Column][] => {
    const { accountId } = getTableColumns(table)
    return accountId ? [[table, accountId]] : []
  }),
]

const NAMES = TABLES.map(([table]) => getTableName(table))

/** Columns whose sum shows changes that do not add or remove rows. */
const SUMMED = [
  ...[tickets.version, tickets.publicComments, tickets.publicAttachments],
  ...[users.tokenVersion, apiKeys.revokedAt],
  ...[accountCounters.eventSequence, accountCounters.ticketNumber, accountCounters.storedBytes],
  ...[webhooks.rotatedAt, webhooks.deletedAt, deliveries.manualRequests],
].map(({ name }) => name)

export async function takeSnapshot(account: Account, withObjects = true): Promise<DatabaseSnapshot> {
  const statements = TABLES.map(([table, owner]) => prepare(rowsOf(table, owner, account)))
  const counts = prepare(
    select({ accounts: sql`(SELECT count(*) FROM ${accounts})`, users: sql`(SELECT count(*) FROM ${users})` }, sql``),
  )
  const results = await env.DB.batch<Record<string, unknown>>([...statements, counts])
  const tables = Object.fromEntries([...NAMES, 'all'].map((name, index) => [name, results[index]?.results ?? []]))
  if (!withObjects)
    return { tables, objects: (tables[getTableName(attachments)] ?? []).map(({ id }) => `${account.id}/${id}`) }
  return { tables, objects: (await env.FILES.list({ prefix: `${account.id}/` })).objects.map(({ key }) => key) }
}

function rowsOf(table: SQLiteTable, owner: Column | null, account: Account): SQL {
  return owner ? sql`SELECT * FROM ${table} WHERE ${owner} = ${account.id}` : sql`SELECT * FROM ${table}`
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
  const of = (table: SQLiteTable) => tables[getTableName(table)] ?? []
  const [state] = of(accountCounters)
  const sequences = of(events).map((event) => Number(event[events.sequence.name]))
  const files = of(attachments).map(({ id }) => `${account.id}/${id}`)
  const invariants: [string, unknown, unknown][] = [
    ['sequences', sequences.toSorted((a, b) => a - b), sequences.map((_, index) => index + 1)],
    ['the last sequence', state?.[accountCounters.eventSequence.name], sequences.length],
    ['objects', objects.toSorted(), files.toSorted()],
    ['intents', of(objectIntents), []],
    ['stored bytes', state?.[accountCounters.storedBytes.name], sum(of(attachments), attachments.size)],
    ['comments', sum(of(tickets), tickets.publicComments), of(comments).length],
    ['attachments', sum(of(tickets), tickets.publicAttachments), files.length],
    ['guards', of(batchAssertions), []],
  ]
  return invariants.flatMap(([name, actual, expected]) =>
    JSON.stringify(actual) === JSON.stringify(expected)
      ? []
      : [`${name}: ${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`],
  )
}

function sum(rows: Record<string, unknown>[], column: Column): number {
  return rows.reduce((total, row) => total + Number(row[column.name]), 0)
}
