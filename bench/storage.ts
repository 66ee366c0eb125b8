import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { getTableName } from 'drizzle-orm'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'
import { ROOT } from '../scripts/lib/local-state.ts'
import { sqlText } from '../scripts/lib/sql-text.ts'
import { idempotencyRecords } from '../src/db/schema/accounts.ts'
import { attachments, comments, ticketHistory, tickets, ticketTags } from '../src/db/schema/tickets.ts'
import { deliveries, deliveryAttempts, events } from '../src/db/schema/webhooks.ts'
import { ticketSearch } from '../src/db/search-table.ts'
import { type SQL, sql } from '../src/db/sql.ts'
import { type Bundle, buildBundle } from './build.ts'
import { ACCOUNT_ID, HEAVY_ATTACHMENTS } from './dataset.ts'
import { log } from './progress.ts'
import { seedStatements } from './seed-sql.ts'
import { SqliteD1 } from './sqlite-d1.ts'
import { migrationStatements } from './states.ts'
import { runTicketLives } from './ticket-lives.ts'

const SEEDED_TICKETS = 20_000
/** Each causes eleven requests. */
const LIVED_TICKETS = 150

/** Bytes of a row with its index entries; a comment without its text. */
export type StorageResult = Record<
  | 'ticket: row'
  | 'ticket: indexes'
  | 'ticket: full text'
  | 'ticket: tags'
  | 'comment'
  | 'change'
  | 'event'
  | 'delivery'
  | 'attempt'
  | 'idempotency record'
  | 'attachment',
  number
>

/**
 * `npm run bench -- --storage`: tickets and attachments as the benchmark seeds them, and everything else as the service
 * itself writes it for some tickets. Both databases are in memory.
 */
export async function measureStorage(): Promise<StorageResult> {
  log(`Making ${SEEDED_TICKETS.toLocaleString('en')} tickets`)
  const seeded = emptyDatabase()
  for (const statement of seedStatements(SEEDED_TICKETS)) seeded.exec(statement)
  log('Building the Worker')
  const bundle = buildBundle(join(ROOT, 'wrangler.toml'), '-storage')
  log(`Sending requests for ${LIVED_TICKETS} tickets`)
  const lived = await livedDatabase(bundle)
  const perTicket = (pattern: string, kind?: Kind) => bytesOf(seeded, pattern, kind) / SEEDED_TICKETS
  const perRow = (table: SQLiteTable) =>
    bytesOf(lived, getTableName(table)) / numberOf(lived, sql`SELECT count(*) FROM ${table}`)
  return {
    'ticket: row': perTicket(getTableName(tickets), 'table'),
    'ticket: indexes': perTicket(getTableName(tickets), 'index'),
    'ticket: full text': perTicket(`${getTableName(ticketSearch)}_*`),
    'ticket: tags': perTicket(`${getTableName(ticketTags)}*`),
    comment: perRow(comments) - numberOf(lived, sql`SELECT avg(octet_length(${comments.content})) FROM ${comments}`),
    change: perRow(ticketHistory),
    event: perRow(events),
    delivery: perRow(deliveries),
    attempt: perRow(deliveryAttempts),
    'idempotency record': perRow(idempotencyRecords),
    attachment: bytesOf(seeded, getTableName(attachments)) / HEAVY_ATTACHMENTS,
  }
}

function emptyDatabase(): DatabaseSync {
  const database = new DatabaseSync(':memory:')
  for (const statement of migrationStatements(ROOT)) database.exec(statement)
  return database
}

async function livedDatabase(bundle: Bundle): Promise<DatabaseSync> {
  const database = emptyDatabase()
  await runTicketLives(bundle, new SqliteD1(database, { keepsStatements: true }), database, ACCOUNT_ID, LIVED_TICKETS)
  return database
}

type Kind = 'table' | 'index'

/** The pages of tables, a pattern of GLOB, and of their indexes. */
function bytesOf(database: DatabaseSync, pattern: string, kind: Kind | '*' = '*'): number {
  const query = `SELECT sum(pages.pgsize) AS bytes FROM dbstat pages JOIN sqlite_master named ON named.name = pages.name
    WHERE named.tbl_name GLOB ? AND named.type GLOB ?`
  return Number(database.prepare(query).get(pattern, kind)?.bytes)
}

function numberOf(database: DatabaseSync, query: SQL): number {
  const [value] = Object.values(database.prepare(sqlText(query)).get() ?? {})
  return Number(value)
}
