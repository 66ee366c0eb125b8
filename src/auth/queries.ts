import { sql } from 'drizzle-orm'
import type { Role } from '../core/policy'
import { run, select } from '../db/statement'

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
  return select<LoginRow>(sql`
    SELECT u.account_id, u.id, u.name, u.email, u.role, u.status, u.password_hash, u.credential_generation
    FROM logins l
    JOIN accounts a ON a.id = l.account_id
    JOIN users u ON u.account_id = l.account_id AND u.id = l.user_id
    WHERE l.email_key = ${emailKey} AND (${slug ?? null} IS NULL OR a.slug = ${slug ?? null})
    LIMIT 2`)
}

/** Notes a login, if the member is still active and its credentials are those that were checked. */
export function recordLogin(accountId: string, userId: string, generation: number, now: number) {
  return select<{ id: string }>(sql`
    UPDATE users SET last_login_at = ${now}
    WHERE account_id = ${accountId} AND id = ${userId} AND status = 'active' AND credential_generation = ${generation}
    RETURNING id`)
}

/** Notes a token that is given back, until it would have expired (ms). Noting it again changes nothing. */
export function insertRevokedToken(
  accountId: string,
  userId: string,
  token: { id: string; expiresAt: number },
  now: number,
) {
  return run(sql`
    INSERT OR IGNORE INTO revoked_tokens (account_id, user_id, token_id, revoked_at, expires_at)
    VALUES (${accountId}, ${userId}, ${token.id}, ${now}, ${token.expiresAt})`)
}

/** The accounts that have notes of expired tokens. The sweep's own question, which no caller can ask. */
export function findAccountsWithExpiredTokens(now: number, limit: number) {
  return select<{ account_id: string }>(sql`
    SELECT account_id FROM revoked_tokens WHERE expires_at < ${now} GROUP BY account_id LIMIT ${limit}`)
}

/** Forgets the tokens of an account that were given back and have expired since. */
export function deleteExpiredTokens(accountId: string, now: number) {
  return run(sql`DELETE FROM revoked_tokens WHERE account_id = ${accountId} AND expires_at < ${now}`)
}

/** The account with a slug that strangers may join. */
export function findOpenAccount(slug: string) {
  return select<{ id: string }>(sql`SELECT id FROM accounts WHERE slug = ${slug} AND allow_registration = 1`)
}
