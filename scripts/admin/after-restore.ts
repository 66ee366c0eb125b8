import { toWireTime } from '../../src/lib/time.ts'
import type { Options } from './command-options.ts'
import type { Database } from './database.ts'
import { type ResultRow, statement as sql } from './statement.ts'
import { cell, formatTable } from './table.ts'

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
/** Separate updates, because D1 aborts a query after 30 s. */
const TICKETS_PER_STATEMENT = 50_000

/**
 * Run it after the database was restored to an earlier state, so that lost numbers are not reused and lost credentials
 * are not valid again. Revokes all tokens; raises ticket numbers, versions and event sequences beyond those that can
 * have been used; revokes all API keys with `--revoke-keys`, and lists them otherwise.
 */
export function afterRestore(db: Database, since: string, options: Options): string {
  const now = Date.now()
  const gap = gapOf(since, options.gap, now)
  const results = db.run(
    sql`UPDATE users SET credential_generation = credential_generation + ${TOKEN_VERSIONS}, spared_token = NULL
      WHERE kind = 'person'`,
    // An account without pending events must stay one.
    sql`UPDATE account_state SET
      ticket_number = ticket_number + ${gap},
      event_sequence = event_sequence + ${gap * SEQUENCES_PER_WRITE},
      fanned_out_sequence = CASE fanned_out_sequence WHEN event_sequence
        THEN event_sequence + ${gap * SEQUENCES_PER_WRITE} ELSE fanned_out_sequence END`,
    ...(options['revoke-keys'] === true ? [revokeKeys(now)] : []),
    activeKeys(now),
    'SELECT coalesce(max(seq), 0) AS last FROM tickets',
  )
  const [keys = [], [ticket] = []] = results.slice(-2)
  raiseVersions(db, Number(ticket?.last), gap)
  return [
    'All tokens are revoked within 60 seconds: all users must log in again.',
    `Ticket numbers and versions are raised by ${gap}, event sequences by ${gap * SEQUENCES_PER_WRITE}.`,
    listKeys(keys),
    `Changes since ${since} are undone. Repeat them: deactivated users, lowered roles, new passwords, revoked or rotated keys,`,
    'rotated signing secrets. docs/operations.md shows how to find them in the log.',
  ].join('\n')
}

function gapOf(since: string, given: Options[string], now: number): number {
  const from = /^\d{4}-\d{2}-\d{2}T[\d:.]+(Z|[+-]\d{2}:\d{2})$/.test(since) ? Date.parse(since) : Number.NaN
  if (!(from <= now)) throw new Error('SINCE must be a time such as 2026-12-01T09:30:00Z, and not in the future.')
  if (given === undefined) return (Math.ceil((now - from) / 1_000) + MARGIN_SECONDS) * WRITES_PER_SECOND
  if (!/^[1-9]\d{0,11}$/.test(String(given))) throw new Error('--gap must be a whole number of 1 or more.')
  return Number(given)
}

function revokeKeys(now: number): string {
  return sql`UPDATE api_keys SET revoked_at = ${now}, previous_hash = NULL, previous_until = NULL WHERE revoked_at IS NULL`
}

function activeKeys(now: number): string {
  return sql`
    SELECT k.id, a.slug, u.name, u.role, k.created_at, k.last_used_at FROM api_keys k
    JOIN accounts a ON a.id = k.account_id JOIN users u ON u.account_id = k.account_id AND u.id = k.id
    WHERE k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > ${now}) ORDER BY a.slug, k.id`
}

/** An `If-Match` with a lost version must not match another one. */
function raiseVersions(db: Database, last: number, gap: number): void {
  for (let from = 0; from < last; from += TICKETS_PER_STATEMENT)
    db.run(
      sql`UPDATE tickets SET version = version + ${gap} WHERE seq > ${from} AND seq <= ${from + TICKETS_PER_STATEMENT}`,
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
