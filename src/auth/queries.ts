import { sql } from 'drizzle-orm'
import { rows } from '../db/client'
import type { Role } from '../roles'

export interface LoginRow {
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

export interface FactsRow {
  role: Role
  status: 'active' | 'inactive'
  credential_generation: number
  plan: 'standard' | 'premium'
}

/** What a member's Durable Object vouches for. */
export function findFacts(accountId: string, memberId: string) {
  return rows<FactsRow>(sql`
    SELECT u.role, u.status, u.credential_generation, a.plan
    FROM users u JOIN accounts a ON a.id = u.account_id
    WHERE u.account_id = ${accountId} AND u.id = ${memberId}`)
}
