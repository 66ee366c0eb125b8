import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { hashPassword } from '../../src/lib/passwords.ts'
import type { LocalBindings } from '../lib/local-bindings.ts'
import { ACCOUNTS, ATTACHMENT, COMMENTS, PASSWORD, TICKETS, USERS } from './data.ts'

/**
 * Loads the demo data unless the database has accounts. Takes local bindings only, so that it cannot reach a deployed
 * database.
 */
export async function loadDemoData({ DB, FILES }: LocalBindings): Promise<void> {
  const known = await DB.prepare('SELECT 1 FROM accounts LIMIT 1').first()
  if (known) return
  const bytes = readFileSync(`${import.meta.dirname}/error_screenshot.png`)
  await FILES.put(`acct_acme/${ATTACHMENT.id}`, bytes)
  await DB.batch(await statements(DB, bytes))
}

/** All rows, for one transaction. */
async function statements(db: D1Database, picture: Uint8Array): Promise<D1PreparedStatement[]> {
  const users = await Promise.all(USERS.map(async (user) => ({ ...user, password_hash: await hashPassword(PASSWORD) })))
  const sha256 = createHash('sha256').update(picture).digest('hex')
  const states = ACCOUNTS.map(({ id }) => ({
    account_id: id,
    ticket_number: TICKETS.filter((ticket) => ticket.account_id === id).length,
    event_sequence: 0,
  }))
  const logins = USERS.map(({ id, account_id, email_key }) => ({ email_key, account_id, user_id: id }))
  const attachment = { ...ATTACHMENT, size: picture.byteLength, sha256 }
  return [
    ...ACCOUNTS.map((row) => insert(db, 'accounts', row)),
    ...states.map((row) => insert(db, 'account_state', row)),
    ...users.map((row) => insert(db, 'users', row)),
    ...logins.map((row) => insert(db, 'logins', row)),
    ...TICKETS.map((row) => insert(db, 'tickets', row)),
    ...COMMENTS.map((row) => insert(db, 'comments', row)),
    insert(db, 'attachments', attachment),
  ]
}

function insert(db: D1Database, table: string, row: Record<string, string | number | null>): D1PreparedStatement {
  const columns = Object.keys(row)
  const placeholders = columns.map(() => '?').join(', ')
  return db.prepare(`INSERT INTO ${table} (${columns.join(', ')}) VALUES (${placeholders})`).bind(...Object.values(row))
}
