import { type SQL, sql } from 'drizzle-orm'
import type { Role } from '../core/policy'
import { returning } from '../db/legacy'
import { run, select } from '../db/statement'

export interface ApiKeyRow {
  id: string
  name: string
  role: Role
  last_four: string
  created_at: number
  last_used_at: number | null
  expires_at: number | null
  revoked_at: number | null
}

const COLUMNS = sql`k.id, u.name, u.role, k.last_four, k.created_at, k.last_used_at, k.expires_at, k.revoked_at`
const MEMBER = sql`JOIN users u ON u.account_id = k.account_id AND u.id = k.id`
const LIVE_KEYS = { standard: 20, premium: 100 }

interface NewApiKey {
  id: string
  name: string
  role: Role
  lastFour: string
  hash: string
  expiresAt: number | null
}

/** Adds a key and the member it acts as, unless the account has all the live keys that its plan allows. */
export function insertApiKey(accountId: string, key: NewApiKey, now: number) {
  const email = `${key.id}@keys.invalid`
  const room = sql`(SELECT count(*) FROM api_keys WHERE account_id = ${accountId} AND ${isLive(now)})
    < (SELECT CASE plan WHEN 'premium' THEN ${LIVE_KEYS.premium} ELSE ${LIVE_KEYS.standard} END FROM accounts WHERE id = ${accountId})`
  const member = sql`EXISTS (SELECT 1 FROM users WHERE account_id = ${accountId} AND id = ${key.id})`
  return [
    run(sql`
      INSERT INTO users (account_id, id, kind, name, email, email_key, role, status, credential_generation, created_at)
      SELECT ${accountId}, ${key.id}, 'key', ${key.name}, ${email}, ${email}, ${key.role}, 'active', 1, ${now}
      WHERE ${room}`),
    run(sql`
      INSERT INTO api_keys (account_id, id, last_four, hash, created_at, expires_at)
      SELECT ${accountId}, ${key.id}, ${key.lastFour}, ${key.hash}, ${now}, ${key.expiresAt} WHERE ${member}`),
    run(sql`INSERT INTO key_directory (key_id, account_id) SELECT ${key.id}, ${accountId} WHERE ${member}`),
  ]
}

function isLive(now: number): SQL {
  return sql`revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ${now})`
}

/** All keys of an account, newest first, the dead ones among them. */
export function findApiKeys(accountId: string, limit: number, offset: number) {
  return select<ApiKeyRow>(sql`
    SELECT ${COLUMNS} FROM api_keys k ${MEMBER} WHERE k.account_id = ${accountId}
    ORDER BY k.id DESC LIMIT ${limit} OFFSET ${offset}`)
}

/** How many keys an account has, the dead ones among them. */
export function countApiKeys(accountId: string) {
  return select<{ total: number }>(sql`SELECT count(*) AS total FROM api_keys WHERE account_id = ${accountId}`)
}

/** One key of an account, dead or alive. */
export function findApiKey(accountId: string, id: string) {
  return returning(
    select<ApiKeyRow>(sql`
      SELECT ${COLUMNS} FROM api_keys k ${MEMBER} WHERE k.account_id = ${accountId} AND k.id = ${id}`),
    ['id', 'name', 'role', 'last_four', 'created_at', 'last_used_at', 'expires_at', 'revoked_at'],
  )
}

/** A key if it has the secret with this hash. */
export function findRotated(accountId: string, id: string, hash: string) {
  return returning(
    select<{ id: string }>(sql`
      SELECT id FROM api_keys WHERE account_id = ${accountId} AND id = ${id} AND hash = ${hash}`),
    ['id'],
  )
}

/** Ends a key. Ending it again changes nothing. */
export function revokeApiKey(accountId: string, id: string, now: number) {
  return run(sql`
    UPDATE api_keys SET revoked_at = ${now}, previous_hash = NULL, previous_until = NULL
    WHERE account_id = ${accountId} AND id = ${id} AND revoked_at IS NULL`)
}

/** Gives a live key a new secret; the old one stays good until `previousUntil` (ms), null for not at all. */
export function rotateApiKey(
  accountId: string,
  id: string,
  secret: { hash: string; lastFour: string; previousUntil: number | null },
  now: number,
) {
  const keepsOld = secret.previousUntil === null ? sql`NULL` : sql`hash`
  return run(sql`
    UPDATE api_keys SET previous_hash = ${keepsOld}, previous_until = ${secret.previousUntil},
      hash = ${secret.hash}, last_four = ${secret.lastFour}
    WHERE account_id = ${accountId} AND id = ${id} AND ${isLive(now)}`)
}
