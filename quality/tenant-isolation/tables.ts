import { env } from 'cloudflare:workers'
import { rows } from '../../test/helpers/api'

/** The tables are read from the database itself, so that a new one cannot be forgotten. */

export type Row = Record<string, string | number | null>
export type Rows = Record<string, Row[]>

/** Tables that others refer to, in the order in which they must be filled. */
const FILLED_FIRST = ['accounts', 'account_state', 'users', 'tickets', 'comments', 'webhooks']
/** Maintained by triggers. */
export const TRIGGER_TABLES = new Set([
  'ticket_tags',
  'ticket_tags_updated',
  'ticket_counters',
  'creator_counters',
  'user_counters',
])
/** Row numbers differ from run to run. */
const ROW_NUMBERS = new Set(['seq', 'ticket_seq'])
/** The primary key within an account, for tables without `id`. */
const KEYS: Record<string, string[]> = {
  accounts: [],
  account_state: [],
  logins: ['email_key'],
  key_directory: ['key_id'],
  revoked_tokens: ['user_id', 'token_id'],
  idempotency_records: ['caller_id', 'key_hash'],
  ticket_history: ['change_id', 'field'],
  events: ['sequence'],
  deliveries: ['webhook_id', 'sequence'],
  delivery_attempts: ['delivery_id', 'number'],
  replays: ['webhook_id'],
}
/** Triggers increment them while the ticket's children are inserted. */
const COUNTERS = ['public_comments', 'internal_comments', 'public_attachments', 'internal_attachments']

interface Table {
  name: string
  accountColumn: string
  generated: string[]
}

export async function readTables(): Promise<Table[]> {
  const found = await rows<{ name: string; sql: string }>(
    `SELECT name, sql FROM sqlite_master WHERE type = 'table' AND (name = 'accounts' OR sql LIKE '%account_id%')`,
  )
  const fillOrder = ({ name }: Table) =>
    FILLED_FIRST.includes(name) ? FILLED_FIRST.indexOf(name) : FILLED_FIRST.length
  return found
    .map(({ name, sql }) => ({
      name,
      accountColumn: name === 'accounts' ? 'id' : 'account_id',
      generated: [...sql.matchAll(/`(\w+)` \w+ GENERATED/g)].map(([, column]) => column ?? ''),
    }))
    .toSorted((a, b) => fillOrder(a) - fillOrder(b))
}

export async function readRows(tables: Table[]): Promise<Rows> {
  const found = await env.DB.batch<Row>(tables.map(({ name }) => env.DB.prepare(`SELECT * FROM ${name}`)))
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
  const keyOf = (table: string, row: Row) => JSON.stringify((KEYS[table] ?? ['id']).map((column) => row[column]))
  return Object.fromEntries(
    Object.entries(after).map(([table, found]) => {
      const known = new Set((before[table] ?? []).map((row) => keyOf(table, row)))
      return [table, found.filter((row) => !known.has(keyOf(table, row)))]
    }),
  )
}

export async function replaceAll(tables: Table[], rowsToInsert: Rows): Promise<void> {
  const empty = tables.toReversed().map(({ name }) => env.DB.prepare(`DELETE FROM ${name}`))
  const emptyTriggerTables = tables
    .filter(({ name }) => TRIGGER_TABLES.has(name))
    .map(({ name }) => env.DB.prepare(`DELETE FROM ${name}`))
  const fill = tables.flatMap((table) =>
    TRIGGER_TABLES.has(table.name) ? [] : insert(table, rowsToInsert[table.name] ?? []),
  )
  const state = tables
    .filter(({ name }) => name === 'account_state')
    .flatMap((table) => insert(table, rowsToInsert.account_state ?? []))
  const setCounters = (rowsToInsert.tickets ?? []).map((row) =>
    env.DB.prepare(
      `UPDATE tickets SET ${COUNTERS.map((column) => `${column} = ?`).join(', ')} WHERE account_id = ? AND id = ?`,
    ).bind(...COUNTERS.map((column) => row[column] ?? 0), row.account_id, row.id),
  )
  await env.DB.batch([...empty, ...emptyTriggerTables, ...fill, ...setCounters, ...state])
}

function insert({ name, generated }: Table, rowsToInsert: Row[]): D1PreparedStatement[] {
  const [first] = rowsToInsert
  if (!first) return []
  const columns = Object.keys(first).filter((column) => !generated.includes(column))
  const counts =
    name === 'tickets'
      ? rowsToInsert.map((row) => ({ ...row, ...Object.fromEntries(COUNTERS.map((c) => [c, 0])) }))
      : rowsToInsert
  return [
    env.DB.prepare(
      `INSERT OR REPLACE INTO ${name} (${columns.join(', ')})
      SELECT ${columns.map((column) => `value ->> '${column}'`).join(', ')} FROM json_each(?)`,
    ).bind(JSON.stringify(counts)),
  ]
}
