import { type Bindings, type Config, verificationKeys } from '../core/config'
import { detail } from '../core/error-details'
import { invalidInput } from '../core/errors'
import type { Role } from '../core/policy'
import { openDirectory } from '../db/client'
import { ExpiringSet } from '../lib/expiring-set'
import { matchOf } from '../lib/text'
import { MINUTE } from '../lib/time'
import type { Throttle } from '../service/context'
import { hashKey, parseKey } from './api-key-format'
import { findKeyByHash } from './queries'
import { readToken } from './tokens'

/** What a credential claims, once all that can be checked without its Durable Object has been. */
export type Claim =
  | { kind: 'token'; accountId: string; memberId: string; tokenVersion: number; tokenId: string }
  | { kind: 'key'; memberId: string; hash: string }

export interface Credential {
  claim: Claim
  /** What a token says of itself; the role may be out of date. Times are unix seconds. */
  token: { role: Role; id: string; issuedAt: number; expiresAt: number } | null
}

/** Longer than any credential of this API. */
const MAX_AUTHORIZATION = 2_100
const BEARER = /^Bearer +(\S+)$/i

/**
 * The credential of a request, or null where there is none or a bad one. Throws 400 for two different ones at once, and
 * 429 or 503 where a key had to be looked up and could not be.
 */
export async function identify(
  headers: Headers,
  env: Pick<Bindings, 'DB'>,
  config: Config,
  throttle: Throttle,
): Promise<Credential | null> {
  const bearer = matchOf(headers.get('Authorization') ?? '', BEARER, MAX_AUTHORIZATION)?.[1]
  const header = headers.get('X-API-Key') || null
  if (bearer && header && bearer !== header)
    throw invalidInput([detail(['X-API-Key'], 'must not come beside another credential')])
  if (header !== null) return identifyKey(header, env, config, throttle)
  if (!bearer) return null
  return bearer.startsWith('tk_') ? identifyKey(bearer, env, config, throttle) : identifyToken(bearer, config)
}

async function identifyToken(text: string, config: Config): Promise<Credential | null> {
  const claims = await readToken(text, verificationKeys(config, 'tokens'))
  if (!claims) return null
  const { acc, sub, gen, jti, role, iat, exp } = claims
  return {
    claim: { kind: 'token', accountId: acc, memberId: sub, tokenVersion: gen, tokenId: jti },
    token: { role, id: jti, issuedAt: iat, expiresAt: exp },
  }
}

async function identifyKey(
  text: string,
  env: Pick<Bindings, 'DB'>,
  config: Config,
  throttle: Throttle,
): Promise<Credential | null> {
  const key = parseKey(text, verificationKeys(config, 'apiKeys'))
  if (!key || key.mac === 'bad') return null
  const hash = hashKey(text)
  if (key.mac === 'unknown' && !(await isFromOldSecret(key.id, hash, env, throttle))) return null
  return { claim: { kind: 'key', memberId: key.id, hash }, token: null }
}

/** Hashes of keys whose MAC is of a secret that was rotated away, and which were looked up and found. */
const foundBefore = new Set<string>()
const MAX_FOUND = 10_000

/**
 * Hashes of keys that were looked up and not found, so that the same key costs one query a minute. A key is created under a
 * current secret, so only the operator (a restored backup) can make such a key valid.
 */
const notFound = new ExpiringSet(MAX_FOUND)

/** That a key was found once is remembered; whether it still counts is for its Durable Object to say. */
async function isFromOldSecret(
  keyId: string,
  hash: string,
  env: Pick<Bindings, 'DB'>,
  throttle: Throttle,
): Promise<boolean> {
  if (foundBefore.has(hash)) return true
  if (notFound.has(hash, Date.now())) return false
  const found = await throttle.guardKeyLookup(() => isKnownKey(env, keyId, hash))
  if (!found) notFound.add(hash, Date.now() + MINUTE)
  if (found && foundBefore.size < MAX_FOUND) foundBefore.add(hash)
  return found
}

/** Whether a key is known by its hash: for keys whose MAC is of a secret that was rotated away. Throws `DbError`. */
export async function isKnownKey(env: Pick<Bindings, 'DB'>, keyId: string, hash: string): Promise<boolean> {
  return (await openDirectory(env).first(findKeyByHash(keyId, hash))) !== undefined
}
