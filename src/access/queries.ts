import { sql } from 'drizzle-orm'
import type { Role } from '../core/policy'
import { run, select } from '../db/statement'

interface UserStateRow {
  role: Role
  status: 'active' | 'inactive'
  credential_generation: number
  spared_token: string | null
  plan: 'standard' | 'premium'
}

/** What a person's Durable Object vouches for. */
export function findUserState(accountId: string, userId: string) {
  return select<UserStateRow>(sql`
    SELECT u.role, u.status, u.credential_generation, u.spared_token, a.plan
    FROM users u JOIN accounts a ON a.id = u.account_id
    WHERE u.account_id = ${accountId} AND u.id = ${userId} AND u.kind = 'person'`)
}

/** The tokens of a person that were given back since a time (ms) and have not expired. */
export function findRevokedTokens(accountId: string, userId: string, since: number, now: number) {
  return select<{ token_id: string; expires_at: number }>(sql`
    SELECT token_id, expires_at FROM revoked_tokens
    WHERE account_id = ${accountId} AND user_id = ${userId} AND revoked_at >= ${since} AND expires_at > ${now}`)
}

interface KeyStateRow {
  account_id: string
  role: Role
  plan: 'standard' | 'premium'
  hash: string
  previous_hash: string | null
  previous_until: number | null
  expires_at: number | null
  revoked_at: number | null
}

/** What a key's Durable Object vouches for; the account is found by the key's ID. */
export function findKeyStateRow(keyId: string) {
  return select<KeyStateRow>(sql`
    SELECT k.account_id, u.role, a.plan, k.hash, k.previous_hash, k.previous_until, k.expires_at, k.revoked_at
    FROM key_directory d
    JOIN accounts a ON a.id = d.account_id
    JOIN api_keys k ON k.account_id = d.account_id AND k.id = d.key_id
    JOIN users u ON u.account_id = k.account_id AND u.id = k.id
    WHERE d.key_id = ${keyId}`)
}

/** Whether a key has this hash, now or within its grace. */
export function findKeyByHash(keyId: string, hash: string) {
  return select<{ id: string }>(sql`
    SELECT k.id FROM key_directory d JOIN api_keys k ON k.account_id = d.account_id AND k.id = d.key_id
    WHERE d.key_id = ${keyId} AND (k.hash = ${hash} OR k.previous_hash = ${hash})`)
}

/** Sets the time (ms) at which a key was last seen in use. */
export function updateLastUsed(accountId: string, id: string, now: number) {
  return run(sql`UPDATE api_keys SET last_used_at = ${now} WHERE account_id = ${accountId} AND id = ${id}`)
}

/** When (ms) the operator last unlocked an e-mail; no row for never. */
export function findUnlockRow(emailKey: string) {
  return select<{ unlocked_at: number }>(sql`SELECT unlocked_at FROM login_unlocks WHERE email_key = ${emailKey}`)
}
