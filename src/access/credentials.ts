import { type Bindings, type Config, verificationKeys } from '../core/config'
import type { Credential } from '../core/credential'
import { detail } from '../core/error-details'
import { authenticationRequired, invalidInput, invalidToken, type ServiceError } from '../core/errors'
import { openDirectory } from '../db/client'
import { ExpiringSet } from '../lib/expiring-set'
import { matchOf } from '../lib/text'
import { MINUTE } from '../lib/time'
import type { Throttle } from '../service/context'
import { hashKey, parseKey } from './api-key-format'
import { findKeyByHash } from './queries'
import { isTokenForm, readToken } from './tokens'

/** Longer than any credential of this API. */
const MAX_AUTHORIZATION = 2_100
const BEARER = /^Bearer +(\S+)$/i
const SCHEME = 'bearer '

const TOKEN_PROBLEMS = {
  malformed: 'The token is malformed or truncated',
  invalid: 'The token is not valid',
  expired: 'The token has expired; log in again',
}

/** For keys that are unknown, forged, revoked or expired. */
export const INVALID_KEY = 'The API key is not valid'
/** For users, too, that do not exist or are inactive. */
export const REVOKED_TOKEN = 'The token was revoked; log in again'

/**
 * Throws 401 without a valid credential, 400 for two different credentials, and 429 or 503 if a key must be looked up and
 * cannot be.
 */
export async function identify(
  headers: Headers,
  env: Pick<Bindings, 'DB'>,
  config: Config,
  throttle: Throttle,
): Promise<Credential> {
  const authorization = headers.get('Authorization') ?? ''
  const bearer = matchOf(authorization, BEARER, MAX_AUTHORIZATION)?.[1]
  const header = headers.get('X-API-Key') || null
  if (bearer && header && bearer !== header)
    throw invalidInput([
      detail(['X-API-Key'], 'conflicting_fields', 'must not be sent together with another credential'),
    ])
  if (header !== null) return identifyHeader(header, env, config, throttle)
  if (!bearer) throw unreadable(authorization)
  return bearer.startsWith('tk_') ? identifyKey(bearer, env, config, throttle) : identifyToken(bearer, config)
}

function unreadable(authorization: string): ServiceError {
  if (authorization === '' || authorization.toLowerCase() === SCHEME.trim()) return authenticationRequired()
  if (authorization.slice(0, SCHEME.length).toLowerCase() !== SCHEME)
    return authenticationRequired('The Authorization header must start with "Bearer "')
  return invalidToken(TOKEN_PROBLEMS.malformed)
}

/** A token in the header for API keys is not accepted, but named. */
async function identifyHeader(text: string, ...context: [Pick<Bindings, 'DB'>, Config, Throttle]): Promise<Credential> {
  if (isTokenForm(text)) throw invalidToken('X-API-Key takes an API key; send a token as Authorization: Bearer <token>')
  return identifyKey(text, ...context)
}

async function identifyToken(text: string, config: Config): Promise<Credential> {
  const claims = await readToken(text, verificationKeys(config, 'tokens'))
  if (typeof claims === 'string') throw invalidToken(TOKEN_PROBLEMS[claims])
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
): Promise<Credential> {
  const key = parseKey(text, verificationKeys(config, 'apiKeys'))
  if (!key) throw invalidToken('The API key is malformed or truncated')
  if (key.mac === 'invalid') throw invalidToken(INVALID_KEY)
  const hash = hashKey(text)
  if (key.mac === 'unknown' && !(await isUnderOldSecret(key.id, hash, env, throttle))) throw invalidToken(INVALID_KEY)
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
