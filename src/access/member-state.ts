import type { Bindings } from '../core/config'
import type { Role } from '../core/policy'
import { openAccount, openDirectory } from '../db/client'
import { MINUTE } from '../lib/time'
import { findKeyStateRow, findRevokedTokens, findUserState, updateLastUsed } from './queries'

/** How far clocks of two machines may lie apart. */
const CLOCK_MARGIN = 2 * MINUTE

/** Which member is asked for; a key's ID is its own in all accounts. */
export type MemberName = { kind: 'token'; accountId: string; memberId: string } | { kind: 'key'; memberId: string }

/** What D1 knows of a member, for its Durable Object to keep. */
export interface MemberState {
  accountId: string
  role: Role
  plan: 'standard' | 'premium'
  active: boolean
  /** Of a person: the generation of good tokens, and the one token that outlived the last change. */
  tokenVersion: number
  exemptTokenId: string | null
  /** Of an API key: hashes of its secrets (hexadecimal) and until when (ms) each is good, null for no end. */
  secrets: { hash: string; until: number | null }[]
}

/** A token that was given back, and when it would have expired (ms). */
export interface RevokedToken {
  id: string
  expiresAt: number
}

/**
 * What D1 knows of a member, null where it has gone, and the tokens that it gave back since a time (ms). Throws
 * `DbError`.
 */
export async function findMemberState(
  env: Pick<Bindings, 'DB'>,
  member: MemberName,
  since: number,
): Promise<{ memberState: MemberState | null; revokedTokens: RevokedToken[] }> {
  if (member.kind === 'key') return { memberState: await findKeyState(env, member.memberId), revokedTokens: [] }
  const { accountId, memberId } = member
  const [[row], revoked] = await openAccount(env, accountId).batch([
    findUserState(accountId, memberId),
    findRevokedTokens(accountId, memberId, since - CLOCK_MARGIN, Date.now()),
  ])
  const revokedTokens = revoked.map((token) => ({ id: token.token_id, expiresAt: token.expires_at }))
  if (!row) return { memberState: null, revokedTokens }
  const memberState = {
    accountId,
    role: row.role,
    plan: row.plan,
    active: row.status === 'active',
    tokenVersion: row.credential_generation,
    exemptTokenId: row.spared_token,
    secrets: [],
  }
  return { memberState, revokedTokens }
}

/** Notes that an API key is in use. Throws `DbError`. */
export async function touchApiKey(
  env: Pick<Bindings, 'DB'>,
  accountId: string,
  keyId: string,
  now: number,
): Promise<void> {
  await openAccount(env, accountId).all(updateLastUsed(accountId, keyId, now))
}

/** What a key's Durable Object vouches for, or null where there is no such key. Throws `DbError`. */
export async function findKeyState(env: Pick<Bindings, 'DB'>, keyId: string) {
  const row = await openDirectory(env).first(findKeyStateRow(keyId))
  if (!row) return null
  const end = row.expires_at
  const previous =
    row.previous_hash === null ? [] : [{ hash: row.previous_hash, until: earlier(row.previous_until, end) }]
  return {
    accountId: row.account_id,
    role: row.role,
    plan: row.plan,
    active: row.revoked_at === null,
    tokenVersion: 0,
    exemptTokenId: null,
    secrets: [{ hash: row.hash, until: end }, ...previous],
  }
}

function earlier(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b
  return Math.min(a, b)
}
