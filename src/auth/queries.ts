import { alias } from '../db/alias'
import { accounts, loginIdentities, revokedTokens, users } from '../db/schema/accounts'
import { selection } from '../db/selection'
import { sql } from '../db/sql'
import { query, select } from '../db/statement'
import { deleteFrom, insertSelect } from '../db/write'

const a = alias(accounts, 'a')
const l = alias(loginIdentities, 'l')
const u = alias(users, 'u')

const LOGIN = selection({
  account_id: u.accountId,
  id: u.id,
  name: u.name,
  email: u.email,
  role: u.role,
  status: u.status,
  password_hash: u.passwordHash,
  token_version: u.tokenVersion,
})

/** The users with an email address, at most two: in the account with the slug, or in any. */
export function findLogins(emailNormalized: string, slug: string | undefined) {
  return select(
    LOGIN,
    sql`FROM ${l}
      JOIN ${a} ON ${a.id} = ${l.accountId}
      JOIN ${u} ON ${u.accountId} = ${l.accountId} AND ${u.id} = ${l.userId}
      WHERE ${l.emailNormalized} = ${emailNormalized} AND (${slug ?? null} IS NULL OR ${a.slug} = ${slug ?? null})
      LIMIT 2`,
  )
}

const USER_ID = selection({ id: users.id })

/** Records a login; no row if the user is no longer active or its tokens were revoked since the password was verified. */
export function recordLogin(accountId: string, userId: string, tokenVersion: number, now: number) {
  return query(
    USER_ID,
    sql`UPDATE ${users} SET ${users.lastLoginAt} = ${now}
      WHERE ${users.accountId} = ${accountId} AND ${users.id} = ${userId}
        AND ${users.status} = 'active' AND ${users.tokenVersion} = ${tokenVersion}
      RETURNING ${USER_ID.list}`,
  )
}

/** Revokes a token, which is recorded until it would have expired (ms). Changes nothing if it was revoked before. */
export function insertRevokedToken(
  accountId: string,
  userId: string,
  token: { id: string; expiresAt: number },
  now: number,
) {
  return insertSelect(
    revokedTokens,
    { accountId, userId, tokenId: token.id, revokedAt: now, expiresAt: token.expiresAt },
    sql`WHERE 1 ON CONFLICT DO NOTHING`,
  )
}

const ACCOUNT_ID = selection({ account_id: revokedTokens.accountId })

/** The accounts with expired revoked tokens: for the sweep, across accounts. */
export function findAccountsWithExpiredTokens(now: number, limit: number) {
  return select(
    ACCOUNT_ID,
    sql`FROM ${revokedTokens} WHERE ${revokedTokens.expiresAt} < ${now}
      GROUP BY ${revokedTokens.accountId} LIMIT ${limit}`,
  )
}

export function deleteExpiredTokens(accountId: string, now: number) {
  return deleteFrom(
    revokedTokens,
    sql`${revokedTokens.accountId} = ${accountId} AND ${revokedTokens.expiresAt} < ${now}`,
  )
}

const OPEN_ACCOUNT = selection({ id: accounts.id })

/** The account with a slug, if it is open for registration. */
export function findOpenAccount(slug: string) {
  return select(
    OPEN_ACCOUNT,
    sql`FROM ${accounts} WHERE ${accounts.slug} = ${slug} AND ${accounts.allowRegistration} = 1`,
  )
}
