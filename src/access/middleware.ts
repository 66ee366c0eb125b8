import type { Context, MiddlewareHandler } from 'hono'
import type { Caller } from '../core/caller'
import { configOf } from '../core/config'
import type { Credential } from '../core/credential'
import { forbidden, invalidToken, rateLimited } from '../core/errors'
import type { Role } from '../core/policy'
import type { Plan } from '../db/by-plan'
import type { AppEnv } from '../http/app-env'
import type { Guard } from '../http/openapi/guard'
import { MINUTE, SECOND } from '../lib/time'
import { callDurableObject } from './call-durable-object'
import { addressLimiterName, ipAddressKey, ipNetworkKey } from './client-address'
import { INVALID_KEY, identify, REVOKED_TOKEN } from './credentials'
import type { AddressRateLimit } from './durable-objects/address-counters'
import { rateLimiterOf } from './objects'
import { refusalMemory } from './refusal-memory'
import { throttleFor } from './throttle'
import { limiterName } from './verify-claim'
import { type RateLimitResult, secondsLeft } from './window'

const READS = new Set(['GET', 'HEAD'])

/**
 * Allows users and API keys of the given roles. Throws 401 without a valid credential (counted by IP address, so that 429 comes
 * first), 429 over the caller's limit, 403 for other roles, 503 if the rate limiter cannot be reached.
 */
export function requireRole(allowed: readonly Role[]): Guard {
  return protectedRoute({ roles: allowed, apiKeys: true })
}

/** As `requireRole`, without API keys: for what users do with their own account and with keys. */
export function requireUser(allowed: readonly Role[]): Guard {
  return protectedRoute({ roles: allowed, apiKeys: false })
}

function protectedRoute(policy: { roles: readonly Role[]; apiKeys: boolean }): Guard {
  return { handlers: [requireCredential, authorize(policy)], policy, isCounted: true }
}

/** An error while identifying is counted by IP address like a missing credential, so that 429 comes before it. */
const requireCredential: MiddlewareHandler<AppEnv> = async (c, next) => {
  const credential = await timed(c, async () => {
    return await identifyRequest(c).catch(async (error) => {
      await countIpAddress(c)
      throw error
    })
  })
  c.set('credential', credential)
  await next()
}

/**
 * Verifies the caller with its Durable Object. A GET with a token goes on in parallel, as the caller that the token claims to
 * be: `registerRoute` discards the response if that turns out to be wrong.
 */
function authorize({ roles, apiKeys }: { roles: readonly Role[]; apiKeys: boolean }): MiddlewareHandler<AppEnv> {
  const isAllowed = ({ kind, role }: Caller) => (apiKeys || kind === 'person') && roles.includes(role)
  return async (c, next) => {
    const { credential } = c.var
    const verification = timed(c, () => verifyAndCount(c, credential, isAllowed))
    verification.catch(() => undefined)
    c.set('verification', verification)
    c.set('wroteRecently', isNew(credential))
    const claimed = READS.has(c.req.method) ? claimedCaller(credential) : null
    c.set('caller', claimed && isAllowed(claimed) ? claimed : await verification)
    await next()
    await verification
  }
}

function identifyRequest(c: Context<AppEnv>): Promise<Credential> {
  return identify(c.req.raw.headers, c.env, configOf(c.env), throttleFor(c.env, ipAddressOf(c)))
}

/** Ignores credentials and counts by IP address. Throws 429 and 503. */
export const publicRoute: Guard = {
  handlers: [
    async (c, next) => {
      await timed(c, () => countIpAddress(c))
      await next()
    },
  ],
  policy: 'everybody',
  isCounted: true,
}

/** Adds the time of the work to `auth` in `Server-Timing`. */
async function timed<T>(c: Context<AppEnv>, work: () => Promise<T>): Promise<T> {
  const started = Date.now()
  try {
    return await work()
  } finally {
    c.set('authMilliseconds', c.var.authMilliseconds + Date.now() - started)
  }
}

/**
 * Counts requests that no route has counted (404 and 405): by caller if the credential is valid, else by IP address. The
 * response stays as it is, even over the limit, and gets the rate limit headers.
 */
export const countUnroutedRequests: MiddlewareHandler<AppEnv> = async (c, next) => {
  await next()
  if (c.var.rate || (c.res.status !== 404 && c.res.status !== 405)) return
  const credential = await identifyRequest(c).catch(() => null)
  const verification =
    credential && (await callDurableObject(() => limiterOf(c, credential).verifyAndCount(credential.claim, false)))
  if (verification?.valid) setRateLimit(c, verification.plan, verification.rateLimit)
  else setRateLimit(c, 'standard', await countedIpAddress(c))
}

async function verifyAndCount(
  c: Context<AppEnv>,
  credential: Credential,
  isAllowed: (caller: Caller) => boolean,
): Promise<Caller> {
  const isWrite = !READS.has(c.req.method)
  const verification = await callDurableObject(() => limiterOf(c, credential).verifyAndCount(credential.claim, isWrite))
  if (!verification.valid) {
    refusalMemory.recordInvalid(credential, Date.now())
    await countIpAddress(c)
    throw invalidToken(credential.claim.kind === 'key' ? INVALID_KEY : REVOKED_TOKEN)
  }
  refusalMemory.recordValid(credential, verification.role, verification.rateLimit, Date.now())
  setRateLimit(c, verification.plan, verification.rateLimit)
  c.set('wroteRecently', verification.wroteRecently || isNew(credential))
  assertWithinLimit(verification.rateLimit)
  const caller = callerOf(credential, verification.accountId, verification.role)
  if (!isAllowed(caller)) throw caller.kind === 'key' ? forbidden([], 'This API key may not do this') : forbidden()
  return caller
}

/** For requests without a valid credential. Throws 429 and 503. */
export async function countIpAddress(c: Context<AppEnv>): Promise<void> {
  const rateLimit = await countedIpAddress(c)
  setRateLimit(c, 'standard', rateLimit)
  assertWithinLimit(rateLimit, rateLimit.isNetwork ? ' from one IPv6 /48 network' : '')
}

function countedIpAddress(c: Context<AppEnv>): Promise<AddressRateLimit> {
  const address = ipAddressOf(c)
  const network = ipNetworkKey(address)
  return callDurableObject(() => rateLimiterOf(c.env, addressLimiterName(address)).count(address, network))
}

export function ipAddressOf(c: Context<AppEnv>): string {
  return ipAddressKey(c.req.header('CF-Connecting-IP'))
}

function limiterOf(c: Context<AppEnv>, { claim }: Credential) {
  return rateLimiterOf(c.env, limiterName(claim))
}

function callerOf({ claim, token }: Credential, accountId: string, role: Role): Caller {
  const member = { accountId, id: claim.memberId, role }
  if (claim.kind === 'key') return { ...member, kind: 'key', token: null, keyHash: claim.hash }
  const { tokenId: id, tokenVersion } = claim
  return { ...member, kind: 'person', token: { id, tokenVersion, expiresAt: token?.expiresAt ?? 0 }, keyHash: null }
}

/** The caller that a token claims to be. Null for an API key, which has no claims, and if the claim must be verified first. */
function claimedCaller(credential: Credential): Caller | null {
  const { claim, token } = credential
  if (claim.kind !== 'token' || !token || refusalMemory.shouldWait(credential, Date.now())) return null
  return callerOf(credential, claim.accountId, token.role)
}

/** Logging in and registering are writes, although not by this credential: reads must see them for a minute. */
function isNew({ token }: Credential): boolean {
  return token !== null && Date.now() - token.issuedAt * SECOND < MINUTE
}

function setRateLimit(c: Context<AppEnv>, policy: Plan, rateLimit: RateLimitResult): void {
  const { limit, remaining, resetAt } = rateLimit
  c.set('rate', { policy, limit, remaining, resetAt })
}

function assertWithinLimit(rateLimit: RateLimitResult, source = ''): void {
  if (rateLimit.admitted) return
  throw rateLimited(`${rateLimit.limit} requests per minute${source}`, secondsLeft(rateLimit))
}
