import { alias } from '../../src/db/alias.ts'
import { accountCounters, accounts, apiKeys, users } from '../../src/db/schema/accounts.ts'
import { tickets } from '../../src/db/schema/tickets.ts'
import { type SQL, sql } from '../../src/db/sql.ts'
import { type Statement, select } from '../../src/db/statement.ts'
import { update } from '../../src/db/write.ts'
import { toWireTime } from '../../src/lib/time.ts'
import { sqlText } from '../lib/sql-text.ts'
import type { Options } from './command-options.ts'
import type { Database } from './database.ts'
import type { ResultRow } from './statement.ts'
import { eachRange, runSteps, type Steps } from './steps.ts'
import { cell, formatTable } from './table.ts'

const a = alias(accounts, 'a')
const k = alias(apiKeys, 'k')
const u = alias(users, 'u')

/**
 * More than D1 can commit in a second, because it runs one query at a time and a creation takes more than a millisecond
 * (https://developers.cloudflare.com/d1/platform/limits/); an update may take two sequences.
 */
const WRITES_PER_SECOND = 1_000
const SEQUENCES_PER_WRITE = 2
/** For clock differences and pending requests. */
const MARGIN_SECONDS = 120
/** More than the changes of a password or an email since then. */
const TOKEN_VERSIONS = 1_000_000

/**
 * Run it after the database was restored to an earlier state, so that lost numbers are not reused and lost credentials
 * are not valid again. Revokes all tokens; raises ticket numbers, versions and event sequences beyond those that can
 * have been used; revokes all API keys with `--revoke-keys`, and lists them otherwise. After an interruption, run it again
 * from the beginning: higher numbers do no harm.
 */
export function afterRestore(db: Database, since: string, options: Options): string {
  const now = Date.now()
  const gap = gapOf(since, options.gap, now)
  const keys = runSteps(db.run, afterRestoreSteps(gap, options['revoke-keys'] === true, now))
  return [
    'All tokens are revoked within 60 seconds: all users must log in again.',
    `Ticket numbers and versions are raised by ${gap}, event sequences by ${gap * SEQUENCES_PER_WRITE}.`,
    listKeys(keys),
    `Changes since ${since} are undone. Repeat them: deactivated users, lowered roles, new passwords, revoked or rotated keys,`,
    'rotated signing secrets. docs/operations.md shows how to find them in the log.',
  ].join('\n')
}

/** Returns the active keys. */
export function* afterRestoreSteps(gap: number, revokesKeys: boolean, now: number): Steps<ResultRow[]> {
  yield* eachRange(users, [users.accountId, users.id], function* (isWithin): Steps {
    yield [sqlText(revokeTokens(isWithin))]
  })
  yield* eachRange(accountCounters, [accountCounters.accountId], function* (isWithin): Steps {
    yield [sqlText(raiseCounters(gap, isWithin))]
  })
  const keys: ResultRow[] = []
  yield* eachRange(apiKeys, [apiKeys.accountId, apiKeys.id], function* (isWithin): Steps {
    if (revokesKeys) yield [sqlText(revokeKeys(now, isWithin))]
    const [active = []] = yield [sqlText(activeKeys(now, isWithin))]
    keys.push(...active)
  })
  // An `If-Match` with a lost version must not match another one.
  yield* eachRange(tickets, [tickets.rowId], function* (isWithin): Steps {
    yield [sqlText(update(tickets, { version: sql`${tickets.version} + ${gap}` }, isWithin))]
  })
  return keys.toSorted((one, other) => compare(cell(one, 'slug'), cell(other, 'slug')))
}

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other)
}

function gapOf(since: string, given: Options[string], now: number): number {
  const from = /^\d{4}-\d{2}-\d{2}T[\d:.]+(Z|[+-]\d{2}:\d{2})$/.test(since) ? Date.parse(since) : Number.NaN
  if (!(from <= now)) throw new Error('SINCE must be a time such as 2026-12-01T09:30:00Z, and not in the future.')
  if (given === undefined) return (Math.ceil((now - from) / 1_000) + MARGIN_SECONDS) * WRITES_PER_SECOND
  if (!/^[1-9]\d{0,11}$/.test(String(given))) throw new Error('--gap must be a whole number of 1 or more.')
  return Number(given)
}

function revokeTokens(isWithin: SQL): Statement {
  return update(
    users,
    { tokenVersion: sql`${users.tokenVersion} + ${TOKEN_VERSIONS}`, exemptTokenId: null },
    sql`${users.kind} = 'person' AND ${isWithin}`,
  )
}

/** An account without pending events remains without. */
function raiseCounters(gap: number, isWithin: SQL): Statement {
  const { ticketNumber, eventSequence, fannedOutSequence } = accountCounters
  const nextSequence = sql<number>`${eventSequence} + ${gap * SEQUENCES_PER_WRITE}`
  return update(
    accountCounters,
    {
      ticketNumber: sql`${ticketNumber} + ${gap}`,
      eventSequence: nextSequence,
      fannedOutSequence: sql`CASE ${fannedOutSequence} WHEN ${eventSequence} THEN ${nextSequence} ELSE ${fannedOutSequence} END`,
    },
    isWithin,
  )
}

function revokeKeys(now: number, isWithin: SQL): Statement {
  const revoked = { revokedAt: now, previousHash: null, previousUntil: null }
  return update(apiKeys, revoked, sql`${apiKeys.revokedAt} IS NULL AND ${isWithin}`)
}

function activeKeys(now: number, isWithin: SQL): Statement {
  return select(
    {
      id: k.id,
      slug: a.slug,
      name: u.name,
      role: u.role,
      created_at: k.createdAt,
      last_used_at: k.lastUsedAt,
    },
    sql`FROM (SELECT * FROM ${apiKeys} WHERE ${isWithin}) k JOIN ${a} ON ${a.id} = ${k.accountId}
      JOIN ${u} ON ${u.accountId} = ${k.accountId} AND ${u.id} = ${k.id}
      WHERE ${k.revokedAt} IS NULL AND (${k.expiresAt} IS NULL OR ${k.expiresAt} > ${now}) ORDER BY ${a.slug}, ${k.id}`,
  )
}

function listKeys(keys: ResultRow[]): string {
  if (keys.length === 0) return 'No API key is active.'
  const lines = keys.map((row) => [
    cell(row, 'id'),
    cell(row, 'slug'),
    cell(row, 'name'),
    cell(row, 'role'),
    timeIn(row, 'created_at'),
    timeIn(row, 'last_used_at'),
  ])
  return [
    'These API keys are active, including those that were revoked or rotated since. Revoke a key with',
    'npm run admin -- revoke-key KEY_ID, or all keys by running this again with --revoke-keys.',
    formatTable(['KEY', 'ACCOUNT', 'NAME', 'ROLE', 'CREATED', 'LAST USED'], lines),
  ].join('\n')
}

function timeIn(row: ResultRow, column: string): string {
  return row[column] === null ? 'never' : toWireTime(Number(row[column]))
}
