import { sql } from 'drizzle-orm'
import type { Role } from '../core/policy'
import { rows, write } from '../db/client'

interface LoginRow {
  account_id: string
  id: string
  name: string
  email: string
  role: Role
  status: 'active' | 'inactive'
  password_hash: string | null
  credential_generation: number
}

/** The members with this e-mail (lower case), at most two: in the account with the slug, or in any. */
export function findLogins(emailKey: string, slug: string | undefined) {
  return rows<LoginRow>(sql`
    SELECT u.account_id, u.id, u.name, u.email, u.role, u.status, u.password_hash, u.credential_generation
    FROM logins l
    JOIN accounts a ON a.id = l.account_id
    JOIN users u ON u.account_id = l.account_id AND u.id = l.user_id
    WHERE l.email_key = ${emailKey} AND (${slug ?? null} IS NULL OR a.slug = ${slug ?? null})
    LIMIT 2`)
}

/** Notes a login, if the member is still active and its credentials are those that were checked. */
export function noteLogin(accountId: string, userId: string, generation: number, now: number) {
  return rows<{ id: string }>(sql`
    UPDATE users SET last_login_at = ${now}
    WHERE account_id = ${accountId} AND id = ${userId} AND status = 'active' AND credential_generation = ${generation}
    RETURNING id`)
}

interface PersonFactsRow {
  role: Role
  status: 'active' | 'inactive'
  credential_generation: number
  spared_token: string | null
  plan: 'standard' | 'premium'
}

/** What a person's Durable Object vouches for. */
export function findPersonFacts(accountId: string, userId: string) {
  return rows<PersonFactsRow>(sql`
    SELECT u.role, u.status, u.credential_generation, u.spared_token, a.plan
    FROM users u JOIN accounts a ON a.id = u.account_id
    WHERE u.account_id = ${accountId} AND u.id = ${userId} AND u.kind = 'person'`)
}

/** The tokens of a person that were given back since a time (ms) and have not expired. */
export function findRevokedTokens(accountId: string, userId: string, since: number, now: number) {
  return rows<{ token_id: string; expires_at: number }>(sql`
    SELECT token_id, expires_at FROM revoked_tokens
    WHERE account_id = ${accountId} AND user_id = ${userId} AND revoked_at >= ${since} AND expires_at > ${now}`)
}

/** Notes a token that is given back, until it would have expired (ms). Noting it again changes nothing. */
export function insertRevokedToken(
  accountId: string,
  userId: string,
  token: { id: string; expiresAt: number },
  now: number,
) {
  return write(sql`
    INSERT OR IGNORE INTO revoked_tokens (account_id, user_id, token_id, revoked_at, expires_at)
    VALUES (${accountId}, ${userId}, ${token.id}, ${now}, ${token.expiresAt})`)
}

/** The accounts that have notes of expired tokens. The sweep's own question, which no caller can ask. */
export function findAccountsWithExpiredTokens(now: number, limit: number) {
  return rows<{ account_id: string }>(sql`
    SELECT account_id FROM revoked_tokens WHERE expires_at < ${now} GROUP BY account_id LIMIT ${limit}`)
}

/** Forgets the tokens of an account that were given back and have expired since. */
export function deleteExpiredTokens(accountId: string, now: number) {
  return write(sql`DELETE FROM revoked_tokens WHERE account_id = ${accountId} AND expires_at < ${now}`)
}

/** The account with a slug that strangers may join. */
export function findOpenAccount(slug: string) {
  return rows<{ id: string }>(sql`SELECT id FROM accounts WHERE slug = ${slug} AND allow_registration = 1`)
}

/** When (ms) the operator last unlocked an e-mail; no row for never. */
export function findUnlockRow(emailKey: string) {
  return rows<{ unlocked_at: number }>(sql`SELECT unlocked_at FROM login_unlocks WHERE email_key = ${emailKey}`)
}
