import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { accountCounters, accounts, loginIdentities, users } from '../../src/db/schema/accounts.ts'
import { attachments, comments, tickets } from '../../src/db/schema/tickets.ts'
import { searchIdOf } from '../../src/db/search-id.ts'
import { ticketTokens } from '../../src/db/search-text.ts'
import { sql } from '../../src/db/sql.ts'
import type { Statement } from '../../src/db/statement.ts'
import { insertSelect } from '../../src/db/write.ts'
import { foldText } from '../../src/lib/fold-text.ts'
import { hashPassword } from '../../src/lib/passwords.ts'
import type { LocalBindings } from '../lib/local-bindings.ts'
import { sqlText } from '../lib/sql-text.ts'
import { ACCOUNTS, ATTACHMENT, COMMENTS, PASSWORD, TICKETS, USERS } from './data.ts'
import { globexActivity } from './globex.ts'
import { insertDemoRows } from './insert.ts'
import { GLOBEX } from './people.ts'

/**
 * Loads the demo data unless the database has accounts. Takes local bindings only, so that it cannot reach a deployed
 * database.
 */
export async function loadDemoData({ DB, FILES }: LocalBindings): Promise<void> {
  const known = await DB.prepare(sqlText(sql`SELECT 1 FROM ${accounts} LIMIT 1`)).first()
  if (known) return
  const bytes = readFileSync(`${import.meta.dirname}/error_screenshot.png`)
  await FILES.put(`acct_acme/${ATTACHMENT.id}`, bytes)
  const statements = await rowsOfDemo(bytes)
  await DB.batch(statements.map((statement) => DB.prepare(sqlText(statement))))
}

/** All rows, for one transaction. */
async function rowsOfDemo(picture: Uint8Array): Promise<Statement[]> {
  // One hash for all, because each takes a tenth of a second. The password is public.
  const passwordHash = await hashPassword(PASSWORD)
  const people = USERS.map((user) => ({
    ...user,
    passwordHash,
    emailVerified: 1,
    foldedName: foldText(user.name),
    foldedEmail: foldText(user.email),
  }))
  const globex = globexActivity(Date.now())
  const sha256 = createHash('sha256').update(picture).digest('hex')
  const { ticketNumber, eventSequence, lastWriteAt } = globex
  const counters = [
    { accountId: 'acct_acme', ticketNumber: TICKETS.length, eventSequence: 0 },
    { accountId: GLOBEX, ticketNumber, eventSequence, fannedOutSequence: eventSequence, lastWriteAt },
  ]
  const identities = USERS.map(({ id, accountId, emailNormalized }) => ({ emailNormalized, accountId, userId: id }))
  return [
    ...ACCOUNTS.map((row) => insertSelect(accounts, row)),
    ...counters.map((row) => insertSelect(accountCounters, row)),
    ...people.map((row) => insertSelect(users, row)),
    ...identities.map((row) => insertSelect(loginIdentities, row)),
    ...TICKETS.map(insertTicket),
    ...COMMENTS.map((row) => insertSelect(comments, row)),
    ...insertDemoRows(globex.rows),
    insertSelect(attachments, { ...ATTACHMENT, size: picture.byteLength, sha256 }),
  ]
}

function insertTicket(row: (typeof TICKETS)[number]): Statement {
  return insertSelect(tickets, { ...row, searchId: searchIdOf(row), ...ticketTokens(row.accountId, row) })
}
