import type { Bindings } from '../core/config'
import type { Role } from '../core/policy'
import type { Plan } from '../db/by-plan'
import { openAccount, openDirectory } from '../db/client'
import { CLOCK_MARGIN } from './clock'
import { findKeyStateRow, findRevokedTokens, findUserState, updateLastUsed } from './queries'

/** The ID of an API key is unique across accounts, that of a user only within its account. */
export type MemberName = { kind: 'token'; accountId: string; memberId: string } | { kind: 'key'; memberId: string }

/** The committed state of a member, as its Durable Object caches it. */
export interface MemberState {
  accountId: string
  role: Role
  plan: Plan
  active: boolean
  /** Of a user: the version of valid tokens, and the one token of an earlier version that is valid too. */
  tokenVersion: number
  exemptTokenId: string | null
  /** Of an API key: the SHA-256 of each valid secret (hexadecimal) and its expiry (ms), null for none. */
  secrets: { hash: string; until: number | null }[]
}

export interface RevokedToken {
  id: string
  /** Milliseconds. */
  expiresAt: number
}

/** The state of a member, null if there is none, and its tokens that were revoked since a time (ms). Throws `DbError`. */
export async function findMemberState(
  env: Pick<Bindings, 'DB'>,
  member: MemberName,
  since: number,
): Promise<{ memberState: MemberState | null; revokedTokens: RevokedToken[] }> {
  if (member.kind === 'key') return { memberState: await findKeyState(env, member.memberId), revokedTokens: [] }
  const { accountId, memberId } = member
  const {
    user: [row],
    revoked,
  } = await openAccount(env, accountId).batch({
    user: findUserState(accountId, memberId),
    revoked: findRevokedTokens(accountId, memberId, since - CLOCK_MARGIN, Date.now()),
  })
  const revokedTokens = revoked.map((token) => ({ id: token.token_id, expiresAt: token.expires_at }))
  if (!row) return { memberState: null, revokedTokens }
  const memberState = {
    accountId,
    role: row.role,
    plan: row.plan,
    active: row.status === 'active',
    tokenVersion: row.token_version,
    exemptTokenId: row.exempt_token_id,
    secrets: [],
  }
  return { memberState, revokedTokens }
}

/** Records that an API key was used. Throws `DbError`. */
export async function touchApiKey(
  env: Pick<Bindings, 'DB'>,
  accountId: string,
  keyId: string,
  now: number,
): Promise<void> {
  await openAccount(env, accountId).all(updateLastUsed(accountId, keyId, now))
}

/** The state of an API key of any account, null if there is none. Throws `DbError`. */
export async function findKeyState(env: Pick<Bindings, 'DB'>, keyId: string): Promise<MemberState | null> {
  const row = await openDirectory(env).first(findKeyStateRow(keyId))
  if (!row) return null
  const { expires_at: expiresAt, previous_hash: previousHash, previous_until: previousUntil } = row
  const previous = previousHash === null ? [] : [{ hash: previousHash, until: earlier(previousUntil, expiresAt) }]
  return {
    accountId: row.account_id,
    role: row.role,
    plan: row.plan,
    active: row.revoked_at === null,
    tokenVersion: 0,
    exemptTokenId: null,
    secrets: [{ hash: row.hash, until: expiresAt }, ...previous],
  }
}

function earlier(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b
  return Math.min(a, b)
}
