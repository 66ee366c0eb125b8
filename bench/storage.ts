import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { ROOT } from '../scripts/lib/local-state.ts'
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
  log(`Making requests for ${LIVED_TICKETS} tickets`)
  const lived = await livedDatabase(bundle)
  const perTicket = (tables: string, kind?: Kind) => bytesOf(seeded, tables, kind) / SEEDED_TICKETS
  const perRow = (table: string) => bytesOf(lived, table) / numberOf(lived, `SELECT count(*) FROM ${table}`)
  return {
    'ticket: row': perTicket('tickets', 'table'),
    'ticket: indexes': perTicket('tickets', 'index'),
    'ticket: full text': perTicket('tickets_fts_*'),
    'ticket: tags': perTicket('ticket_tags*'),
    comment: perRow('comments') - numberOf(lived, 'SELECT avg(octet_length(content)) FROM comments'),
    change: perRow('ticket_history'),
    event: perRow('events'),
    delivery: perRow('deliveries'),
    attempt: perRow('delivery_attempts'),
    'idempotency record': perRow('idempotency_records'),
    attachment: bytesOf(seeded, 'attachments') / HEAVY_ATTACHMENTS,
  }
}

function emptyDatabase(): DatabaseSync {
  const database = new DatabaseSync(':memory:')
  for (const statement of migrationStatements(ROOT)) database.exec(statement)
  return database
}

async function livedDatabase(bundle: Bundle): Promise<DatabaseSync> {
  const database = emptyDatabase()
  await runTicketLives(bundle, new SqliteD1(database), database, ACCOUNT_ID, LIVED_TICKETS)
  return database
}

type Kind = 'table' | 'index'

/** The pages of tables, a pattern of GLOB, and of their indexes. */
function bytesOf(database: DatabaseSync, tables: string, kind: Kind | '*' = '*'): number {
  const sql = `SELECT sum(pages.pgsize) AS bytes FROM dbstat pages JOIN sqlite_master named ON named.name = pages.name
    WHERE named.tbl_name GLOB ? AND named.type GLOB ?`
  return Number(database.prepare(sql).get(tables, kind)?.bytes)
}

function numberOf(database: DatabaseSync, query: string): number {
  const [value] = Object.values(database.prepare(query).get() ?? {})
  return Number(value)
}
