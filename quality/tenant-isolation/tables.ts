import { env } from 'cloudflare:workers'
import { rows } from '../../test/helpers/api'

/** The tables that hold rows of accounts, read from the database itself, so that a new one can not be forgotten. */

export type Row = Record<string, string | number | null>
/** The rows of one account, or of several, by table. */
export type Rows = Record<string, Row[]>

/** Tables that others refer to, in the order in which they must be filled; the rest comes behind. */
const FIRST = ['accounts', 'account_state', 'users', 'tickets', 'comments', 'webhooks']
/** Kept by triggers: they follow from the other tables. */
export const KEPT = new Set([
  'ticket_tags',
  'ticket_tags_updated',
  'ticket_counters',
  'creator_counters',
  'user_counters',
])
/** Row numbers are an account's neither in what they are nor in what they tell. */
const NUMBERS = new Set(['seq', 'ticket_seq'])
/** What identifies a row within its account, where it is no ID. */
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
/** Counters on a ticket that triggers raise while its parts are put in. */
const COUNTERS = ['public_comments', 'internal_comments', 'public_attachments', 'internal_attachments']

interface Table {
  name: string
  /** The column that names the account. */
  owner: string
  generated: string[]
}

export async function readTables(): Promise<Table[]> {
  const found = await rows<{ name: string; sql: string }>(
    `SELECT name, sql FROM sqlite_master WHERE type = 'table' AND (name = 'accounts' OR sql LIKE '%account_id%')`,
  )
  const place = ({ name }: Table) => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length)
  return found
    .map(({ name, sql }) => ({
      name,
      owner: name === 'accounts' ? 'id' : 'account_id',
      generated: [...sql.matchAll(/`(\w+)` \w+ GENERATED/g)].map(([, column]) => column ?? ''),
    }))
    .toSorted((a, b) => place(a) - place(b))
}

/** All rows of all accounts as they are, without row numbers. */
export async function dump(tables: Table[]): Promise<Rows> {
  const found = await env.DB.batch<Row>(tables.map(({ name }) => env.DB.prepare(`SELECT * FROM ${name}`)))
  const named = (row: Row) => Object.fromEntries(Object.entries(row).filter(([column]) => !NUMBERS.has(column)))
  return Object.fromEntries(tables.map(({ name }, index) => [name, (found[index]?.results ?? []).map(named)]))
}

/** Of a dump, the rows of one account. */
export function ofAccount(tables: Table[], all: Rows, accountId: string): Rows {
  return Object.fromEntries(
    tables.map(({ name, owner }) => [name, (all[name] ?? []).filter((row) => row[owner] === accountId)]),
  )
}

/** The rows of each table in an order of their own. */
export function inOrder(found: Rows): Rows {
  const sorted = (own: Row[]) => own.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
  return Object.fromEntries(Object.entries(found).map(([table, own]) => [table, sorted(own)]))
}

/** Rows of the second that the first has none of by their keys. */
export function added(before: Rows, after: Rows): Rows {
  const keyOf = (table: string, row: Row) => JSON.stringify((KEYS[table] ?? ['id']).map((column) => row[column]))
  return Object.fromEntries(
    Object.entries(after).map(([table, found]) => {
      const known = new Set((before[table] ?? []).map((row) => keyOf(table, row)))
      return [table, found.filter((row) => !known.has(keyOf(table, row)))]
    }),
  )
}

/** Puts these rows in the place of all that is there. */
export async function replaceAll(tables: Table[], wanted: Rows): Promise<void> {
  const empty = tables.toReversed().map(({ name }) => env.DB.prepare(`DELETE FROM ${name}`))
  const kept = tables.filter(({ name }) => KEPT.has(name)).map(({ name }) => env.DB.prepare(`DELETE FROM ${name}`))
  const fill = tables.flatMap((table) => (KEPT.has(table.name) ? [] : insert(table, wanted[table.name] ?? [])))
  const state = tables
    .filter(({ name }) => name === 'account_state')
    .flatMap((table) => insert(table, wanted.account_state ?? []))
  const counted = (wanted.tickets ?? []).map((row) =>
    env.DB.prepare(
      `UPDATE tickets SET ${COUNTERS.map((column) => `${column} = ?`).join(', ')} WHERE account_id = ? AND id = ?`,
    ).bind(...COUNTERS.map((column) => row[column] ?? 0), row.account_id, row.id),
  )
  await env.DB.batch([...empty, ...kept, ...fill, ...counted, ...state])
}

function insert({ name, generated }: Table, wanted: Row[]): D1PreparedStatement[] {
  const [first] = wanted
  if (!first) return []
  const columns = Object.keys(first).filter((column) => !generated.includes(column))
  const counts =
    name === 'tickets' ? wanted.map((row) => ({ ...row, ...Object.fromEntries(COUNTERS.map((c) => [c, 0])) })) : wanted
  return [
    env.DB.prepare(
      `INSERT OR REPLACE INTO ${name} (${columns.join(', ')})
      SELECT ${columns.map((column) => `value ->> '${column}'`).join(', ')} FROM json_each(?)`,
    ).bind(JSON.stringify(counts)),
  ]
}
