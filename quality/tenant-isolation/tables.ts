import { env } from 'cloudflare:workers'
import { type Column, type GetColumnData, getTableName } from 'drizzle-orm'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'
import {
  accountCounters,
  accounts,
  apiKeyAccounts,
  idempotencyRecords,
  loginIdentities,
  revokedTokens,
  userCounters,
  users,
} from '../../src/db/schema/accounts'
import {
  comments,
  creatorCounters,
  erasures,
  ticketCounters,
  ticketHistory,
  tickets,
  ticketTags,
  ticketTagsUpdated,
} from '../../src/db/schema/tickets'
import { deliveries, deliveryAttempts, events, replays, webhooks } from '../../src/db/schema/webhooks'
import { sql } from '../../src/db/sql'
import { update } from '../../src/db/write'
import { prepare, rows } from '../../test/helpers/database'

/** The tables are read from the database itself, so that a new one cannot be forgotten. */

export type Row = Record<string, string | number | null>
export type Rows = Record<string, Row[]>
/** A row by the names that its columns have in the database. */
export type StoredRow<T extends SQLiteTable> = {
  [K in keyof T['_']['columns'] as T['_']['columns'][K]['_']['name']]: GetColumnData<T['_']['columns'][K]>
}

/** Tables that others refer to, in the order in which they must be filled. */
const FILLED_FIRST = namesOf(accounts, accountCounters, users, tickets, comments, webhooks)
/** Maintained by triggers. */
export const TRIGGER_TABLES = new Set(
  namesOf(ticketTags, ticketTagsUpdated, ticketCounters, creatorCounters, userCounters),
)
/** Row numbers differ from run to run. */
const ROW_NUMBERS = new Set(['seq', 'ticket_seq'])
/** The primary key within an account, for tables without `id`. */
const KEYS = new Map([
  keyOf(accounts),
  keyOf(accountCounters),
  keyOf(loginIdentities, loginIdentities.emailNormalized),
  keyOf(apiKeyAccounts, apiKeyAccounts.keyId),
  keyOf(revokedTokens, revokedTokens.userId, revokedTokens.tokenId),
  keyOf(idempotencyRecords, idempotencyRecords.callerId, idempotencyRecords.keyHash),
  keyOf(ticketHistory, ticketHistory.changeId, ticketHistory.field),
  keyOf(erasures, erasures.ticketId, erasures.commentId),
  keyOf(events, events.sequence),
  keyOf(deliveries, deliveries.webhookId, deliveries.sequence),
  keyOf(deliveryAttempts, deliveryAttempts.deliveryId, deliveryAttempts.number),
  keyOf(replays, replays.webhookId),
])
/** Triggers increment them while the ticket's children are inserted. */
const COUNTERS = [
  tickets.publicComments,
  tickets.internalComments,
  tickets.publicAttachments,
  tickets.internalAttachments,
].map(({ name }) => name)

function namesOf(...tables: SQLiteTable[]): string[] {
  return tables.map(getTableName)
}

function keyOf(table: SQLiteTable, ...columns: Column[]): [table: string, columns: string[]] {
  return [getTableName(table), columns.map(({ name }) => name)]
}

interface Table {
  name: string
  accountColumn: string
  generated: string[]
}

export async function readTables(): Promise<Table[]> {
  const found = await rows<{ name: string; sql: string }>(
    sql`SELECT name, sql FROM sqlite_master WHERE type = 'table' AND (name = 'accounts' OR sql LIKE '%account_id%')`,
  )
  const fillOrder = ({ name }: Table) =>
    FILLED_FIRST.includes(name) ? FILLED_FIRST.indexOf(name) : FILLED_FIRST.length
  return found
    .map(({ name, sql: text }) => ({
      name,
      accountColumn: name === 'accounts' ? 'id' : 'account_id',
      generated: [...text.matchAll(/`(\w+)` \w+ GENERATED/g)].map(([, column]) => column ?? ''),
    }))
    .toSorted((a, b) => fillOrder(a) - fillOrder(b))
}

export async function readRows(tables: Table[]): Promise<Rows> {
  const found = await env.DB.batch<Row>(tables.map(({ name }) => prepare(sql`SELECT * FROM ${sql.raw(name)}`)))
  const withoutRowNumbers = (row: Row) =>
    Object.fromEntries(Object.entries(row).filter(([column]) => !ROW_NUMBERS.has(column)))
  return Object.fromEntries(
    tables.map(({ name }, index) => [name, (found[index]?.results ?? []).map(withoutRowNumbers)]),
  )
}

export function rowsOfAccount(tables: Table[], all: Rows, accountId: string): Rows {
  return Object.fromEntries(
    tables.map(({ name, accountColumn }) => [
      name,
      (all[name] ?? []).filter((row) => row[accountColumn] === accountId),
    ]),
  )
}

export function sorted(found: Rows): Rows {
  const sorted = (own: Row[]) => own.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
  return Object.fromEntries(Object.entries(found).map(([table, own]) => [table, sorted(own)]))
}

export function addedRows(before: Rows, after: Rows): Rows {
  const identify = (table: string, row: Row) => JSON.stringify((KEYS.get(table) ?? ['id']).map((column) => row[column]))
  return Object.fromEntries(
    Object.entries(after).map(([table, found]) => {
      const known = new Set((before[table] ?? []).map((row) => identify(table, row)))
      return [table, found.filter((row) => !known.has(identify(table, row)))]
    }),
  )
}

export async function replaceAll(tables: Table[], rowsToInsert: Rows): Promise<void> {
  const empty = tables.toReversed().map(({ name }) => prepare(sql`DELETE FROM ${sql.raw(name)}`))
  const emptyTriggerTables = tables
    .filter(({ name }) => TRIGGER_TABLES.has(name))
    .map(({ name }) => prepare(sql`DELETE FROM ${sql.raw(name)}`))
  const fill = tables.flatMap((table) =>
    TRIGGER_TABLES.has(table.name) ? [] : insert(table, rowsToInsert[table.name] ?? []),
  )
  const state = tables
    .filter(({ name }) => name === getTableName(accountCounters))
    .flatMap((table) => insert(table, rowsToInsert[table.name] ?? []))
  const setCounters = (rowsToInsert[getTableName(tickets)] ?? []).map((row) =>
    prepare(
      update(
        tickets,
        {
          publicComments: count(row, tickets.publicComments),
          internalComments: count(row, tickets.internalComments),
          publicAttachments: count(row, tickets.publicAttachments),
          internalAttachments: count(row, tickets.internalAttachments),
        },
        sql`${tickets.accountId} = ${row[tickets.accountId.name]} AND ${tickets.id} = ${row[tickets.id.name]}`,
      ),
    ),
  )
  await env.DB.batch([...empty, ...emptyTriggerTables, ...fill, ...setCounters, ...state])
}

function count(row: Row, { name }: Column): number {
  return Number(row[name] ?? 0)
}

function insert({ name, generated }: Table, rowsToInsert: Row[]): D1PreparedStatement[] {
  const [first] = rowsToInsert
  if (!first) return []
  const columns = Object.keys(first).filter((column) => !generated.includes(column))
  const counts =
    name === getTableName(tickets)
      ? rowsToInsert.map((row) => ({ ...row, ...Object.fromEntries(COUNTERS.map((c) => [c, 0])) }))
      : rowsToInsert
  return [
    prepare(sql`INSERT OR REPLACE INTO ${sql.raw(name)} (${sql.raw(columns.join(', '))})
      SELECT ${sql.raw(columns.map((column) => `value ->> '${column}'`).join(', '))} FROM json_each(${JSON.stringify(counts)})`),
  ]
}
