import type { Role } from '../core/policy'
import { alias } from '../db/alias'
import { byPlan } from '../db/by-plan'
import { accounts, apiKeyAccounts, apiKeys, users } from '../db/schema/accounts'
import { type RowOf, selection } from '../db/selection'
import { type SQL, sql } from '../db/sql'
import { select } from '../db/statement'
import { insertSelect, update } from '../db/write'

const MAX_ACTIVE_KEYS = { standard: 20, premium: 100 }
const KEY_LIMIT = byPlan(accounts.plan, MAX_ACTIVE_KEYS)

const k = alias(apiKeys, 'k')
const u = alias(users, 'u')

const API_KEY = selection({
  id: k.id,
  name: u.name,
  role: u.role,
  last_four: k.lastFour,
  created_at: k.createdAt,
  last_used_at: k.lastUsedAt,
  expires_at: k.expiresAt,
  revoked_at: k.revokedAt,
})

export type ApiKeyRow = RowOf<typeof API_KEY>

const MEMBER_JOIN = sql`JOIN ${u} ON ${u.accountId} = ${k.accountId} AND ${u.id} = ${k.id}`

interface NewApiKey {
  id: string
  name: string
  role: Role
  lastFour: string
  /** SHA-256 of the secret (hexadecimal). */
  hash: string
  expiresAt: number | null
}

/** Inserts a key and the member that it acts as, unless the account has as many active keys as its plan allows. */
export function insertApiKey(accountId: string, key: NewApiKey, now: number) {
  const email = `${key.id}@keys.invalid`
  const active = sql`(SELECT count(*) FROM ${apiKeys} WHERE ${apiKeys.accountId} = ${accountId} AND ${isActive(now)})`
  const limit = sql`(SELECT ${KEY_LIMIT} FROM ${accounts} WHERE ${accounts.id} = ${accountId})`
  const wasInserted = sql`EXISTS (SELECT 1 FROM ${users} WHERE ${users.accountId} = ${accountId} AND ${users.id} = ${key.id})`
  return [
    insertSelect(
      users,
      {
        accountId,
        id: key.id,
        kind: 'key',
        name: key.name,
        email,
        emailNormalized: email,
        role: key.role,
        status: 'active',
        tokenVersion: 1,
        createdAt: now,
      },
      sql`WHERE ${active} < ${limit}`,
    ),
    insertSelect(
      apiKeys,
      {
        accountId,
        id: key.id,
        lastFour: key.lastFour,
        hash: key.hash,
        createdAt: now,
        expiresAt: key.expiresAt,
      },
      sql`WHERE ${wasInserted}`,
    ),
    insertSelect(apiKeyAccounts, { keyId: key.id, accountId }, sql`WHERE ${wasInserted}`),
  ]
}

function isActive(now: number): SQL {
  return sql`${apiKeys.revokedAt} IS NULL AND (${apiKeys.expiresAt} IS NULL OR ${apiKeys.expiresAt} > ${now})`
}

/** Newest first, including revoked and expired keys. */
export function findApiKeys(accountId: string, limit: number, offset: number) {
  return select(
    API_KEY,
    sql`FROM ${k} ${MEMBER_JOIN} WHERE ${k.accountId} = ${accountId}
      ORDER BY ${k.id} DESC LIMIT ${limit} OFFSET ${offset}`,
  )
}

const TOTAL = selection({ total: sql<number>`count(*)` })

/** Including revoked and expired keys. */
export function countApiKeys(accountId: string) {
  return select(TOTAL, sql`FROM ${apiKeys} WHERE ${apiKeys.accountId} = ${accountId}`)
}

/** Also finds a revoked or expired key. */
export function findApiKey(accountId: string, id: string) {
  return select(API_KEY, sql`FROM ${k} ${MEMBER_JOIN} WHERE ${k.accountId} = ${accountId} AND ${k.id} = ${id}`)
}

const KEY_ID = selection({ id: apiKeys.id })

/** A key if it has the secret with this hash. */
export function findRotated(accountId: string, id: string, hash: string) {
  return select(
    KEY_ID,
    sql`FROM ${apiKeys}
      WHERE ${apiKeys.accountId} = ${accountId} AND ${apiKeys.id} = ${id} AND ${apiKeys.hash} = ${hash}`,
  )
}

/** Changes nothing if the key was revoked before. */
export function revokeApiKey(accountId: string, id: string, now: number) {
  return update(
    apiKeys,
    { revokedAt: now, previousHash: null, previousUntil: null },
    sql`${apiKeys.accountId} = ${accountId} AND ${apiKeys.id} = ${id} AND ${apiKeys.revokedAt} IS NULL`,
  )
}

interface NewSecret {
  hash: string
  lastFour: string
  /** Until when (ms) the old secret is valid; null revokes it. */
  previousUntil: number | null
}

/** Replaces the secret of an active key. */
export function rotateApiKey(accountId: string, id: string, secret: NewSecret, now: number) {
  const previousHash = secret.previousUntil === null ? null : apiKeys.hash
  return update(
    apiKeys,
    { previousHash, previousUntil: secret.previousUntil, hash: secret.hash, lastFour: secret.lastFour },
    sql`${apiKeys.accountId} = ${accountId} AND ${apiKeys.id} = ${id} AND ${isActive(now)}`,
  )
}
