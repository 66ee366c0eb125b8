import { alias } from '../db/alias'
import { accounts, loginIdentities, revokedTokens, users } from '../db/schema/accounts'
import { type RowOf, selection } from '../db/selection'
import { sql } from '../db/sql'
import { query, type Statement, select } from '../db/statement'
import { deleteFrom, insertSelect, update } from '../db/write'

const a = alias(accounts, 'a')
const l = alias(loginIdentities, 'l')
const u = alias(users, 'u')

const CANDIDATE = selection({
  account_id: u.accountId,
  id: u.id,
  name: u.name,
  email: u.email,
  role: u.role,
  password_hash: u.passwordHash,
  token_version: u.tokenVersion,
})

export type CandidateRow = RowOf<typeof CANDIDATE>

/** Without `account`, a password is compared with those of this many users. */
export const MAX_CANDIDATES = 2

/**
 * The active users with a password that have an email: the one of the account with the slug, or those that have had the email
 * for the longest time in any account. Users that cannot log in have no effect, so that no account can use them against the
 * users of another one. `canLogIn` only saves reading them: it may be 1 for such users, too.
 */
export function findCandidates(emailNormalized: string, slug: string | undefined) {
  const canLogIn = sql`${u.status} = 'active' AND ${u.passwordHash} IS NOT NULL`
  const ofIdentity = sql`${u.accountId} = ${l.accountId} AND ${u.id} = ${l.userId}`
  if (slug !== undefined)
    return select(
      CANDIDATE,
      sql`FROM ${a}
        CROSS JOIN ${l} ON ${l.emailNormalized} = ${emailNormalized} AND ${l.accountId} = ${a.id}
        CROSS JOIN ${u} ON ${ofIdentity}
        WHERE ${a.slug} = ${slug} AND ${canLogIn}`,
    )
  return select(
    CANDIDATE,
    sql`FROM ${l} INDEXED BY logins_candidates
      CROSS JOIN ${u} ON ${ofIdentity}
      WHERE ${l.emailNormalized} = ${emailNormalized} AND ${l.canLogIn} = 1 AND ${canLogIn}
      ORDER BY ${l.claimedAt}, ${l.userId}, ${l.accountId} LIMIT ${MAX_CANDIDATES}`,
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

/** How many revoked tokens of one user are recorded. */
export const MAX_REVOKED_TOKENS = 1_000

/**
 * Revokes a token, which is recorded until it would have expired (ms). Changes nothing if it was revoked before. If the user has
 * too many such tokens, all of its tokens are revoked by raising their version, and only this one is recorded.
 */
export function revokeToken(
  accountId: string,
  userId: string,
  token: { id: string; expiresAt: number },
  now: number,
): Statement<never>[] {
  const r = revokedTokens
  const ofUser = sql`${r.accountId} = ${accountId} AND ${r.userId} = ${userId}`
  const isFull = sql`EXISTS (SELECT 1 FROM ${r} WHERE ${ofUser} LIMIT 1 OFFSET ${MAX_REVOKED_TOKENS - 1})`
  return [
    update(
      users,
      { tokenVersion: sql`${users.tokenVersion} + 1`, exemptTokenId: null },
      sql`${users.accountId} = ${accountId} AND ${users.id} = ${userId} AND ${isFull}`,
    ),
    deleteFrom(r, sql`${ofUser} AND ${isFull}`),
    insertSelect(
      r,
      { accountId, userId, tokenId: token.id, revokedAt: now, expiresAt: token.expiresAt },
      sql`WHERE 1 ON CONFLICT DO NOTHING`,
    ),
  ]
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
