import { type Bindings, type Config, verificationKeys } from '../core/config'
import type { Credential } from '../core/credential'
import { detail } from '../core/error-details'
import { invalidInput } from '../core/errors'
import { openDirectory } from '../db/client'
import { ExpiringSet } from '../lib/expiring-set'
import { matchOf } from '../lib/text'
import { MINUTE } from '../lib/time'
import type { Throttle } from '../service/context'
import { hashKey, parseKey } from './api-key-format'
import { findKeyByHash } from './queries'
import { readToken } from './tokens'

/** Longer than any credential of this API. */
const MAX_AUTHORIZATION = 2_100
const BEARER = /^Bearer +(\S+)$/i

/**
 * Null without a valid credential. Throws 400 for two different credentials, and 429 or 503 if a key must be looked up and
 * cannot be.
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
  if (!key || key.mac === 'invalid') return null
  const hash = hashKey(text)
  if (key.mac === 'unknown' && !(await isUnderOldSecret(key.id, hash, env, throttle))) return null
  return { claim: { kind: 'key', memberId: key.id, hash }, token: null }
}

/** Hashes of keys under a previous MAC secret that were looked up and found. */
const knownKeys = new Set<string>()
const MAX_FOUND = 10_000

/**
 * Hashes of keys that were looked up and not found, so that each costs one query a minute. Only a restored backup can make
 * such a key valid: keys are created under a current secret.
 */
const unknownKeys = new ExpiringSet(MAX_FOUND)

async function isUnderOldSecret(
  keyId: string,
  hash: string,
  env: Pick<Bindings, 'DB'>,
  throttle: Throttle,
): Promise<boolean> {
  if (knownKeys.has(hash)) return true
  if (unknownKeys.has(hash, Date.now())) return false
  const found = await throttle.guardKeyLookup(() => isKnownKey(env, keyId, hash))
  if (!found) unknownKeys.add(hash, Date.now() + MINUTE)
  if (found && knownKeys.size < MAX_FOUND) knownKeys.add(hash)
  return found
}

/** For keys whose MAC secret was rotated away. Throws `DbError`. */
export async function isKnownKey(env: Pick<Bindings, 'DB'>, keyId: string, hash: string): Promise<boolean> {
  return (await openDirectory(env).first(findKeyByHash(keyId, hash))) !== undefined
}
