import { alias } from '../db/alias'
import { accounts, apiKeyAccounts, apiKeys, loginUnlocks, revokedTokens, users } from '../db/schema/accounts'
import { selection } from '../db/selection'
import { sql } from '../db/sql'
import { select } from '../db/statement'
import { update } from '../db/write'

const a = alias(accounts, 'a')
const d = alias(apiKeyAccounts, 'd')
const k = alias(apiKeys, 'k')
const r = alias(revokedTokens, 'r')
const u = alias(users, 'u')

const USER_STATE = selection({
  role: u.role,
  status: u.status,
  token_version: u.tokenVersion,
  exempt_token_id: u.exemptTokenId,
  plan: a.plan,
})

export function findUserState(accountId: string, userId: string) {
  return select(
    USER_STATE,
    sql`FROM ${u} JOIN ${a} ON ${a.id} = ${u.accountId}
      WHERE ${u.accountId} = ${accountId} AND ${u.id} = ${userId} AND ${u.kind} = 'person'`,
  )
}

const REVOKED_TOKEN = selection({ token_id: r.tokenId, expires_at: r.expiresAt })

/** The tokens of a user that were revoked since a time (ms) and have not expired. */
export function findRevokedTokens(accountId: string, userId: string, since: number, now: number) {
  return select(
    REVOKED_TOKEN,
    sql`FROM ${r} INDEXED BY revoked_tokens_by_time WHERE ${r.accountId} = ${accountId} AND ${r.userId} = ${userId}
      AND ${r.revokedAt} >= ${since} AND ${r.expiresAt} > ${now}`,
  )
}

const KEY_STATE = selection({
  account_id: k.accountId,
  role: u.role,
  plan: a.plan,
  hash: k.hash,
  previous_hash: k.previousHash,
  previous_until: k.previousUntil,
  expires_at: k.expiresAt,
  revoked_at: k.revokedAt,
})

/** Finds the account by the key's ID. */
export function findKeyStateRow(keyId: string) {
  return select(
    KEY_STATE,
    sql`FROM ${d}
      JOIN ${a} ON ${a.id} = ${d.accountId}
      JOIN ${k} ON ${k.accountId} = ${d.accountId} AND ${k.id} = ${d.keyId}
      JOIN ${u} ON ${u.accountId} = ${k.accountId} AND ${u.id} = ${k.id}
      WHERE ${d.keyId} = ${keyId}`,
  )
}

const KEY_ID = selection({ id: k.id })

/** The key if it has this hash or had it before its last rotation, whether that secret is still valid or not. */
export function findKeyByHash(keyId: string, hash: string) {
  return select(
    KEY_ID,
    sql`FROM ${d} JOIN ${k} ON ${k.accountId} = ${d.accountId} AND ${k.id} = ${d.keyId}
      WHERE ${d.keyId} = ${keyId} AND (${k.hash} = ${hash} OR ${k.previousHash} = ${hash})`,
  )
}

export function updateLastUsed(accountId: string, id: string, now: number) {
  return update(apiKeys, { lastUsedAt: now }, sql`${apiKeys.accountId} = ${accountId} AND ${apiKeys.id} = ${id}`)
}

const UNLOCK = selection({ unlocked_at: loginUnlocks.unlockedAt })

export function findUnlockRow(emailNormalized: string) {
  return select(UNLOCK, sql`FROM ${loginUnlocks} WHERE ${loginUnlocks.emailNormalized} = ${emailNormalized}`)
}
