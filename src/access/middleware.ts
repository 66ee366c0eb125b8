import type { Context, MiddlewareHandler } from 'hono'
import type { Caller } from '../core/caller'
import { configOf } from '../core/config'
import { forbidden, rateLimited, unauthorized } from '../core/errors'
import type { Role } from '../core/policy'
import type { AppEnv } from '../http/app-env'
import type { Guard } from '../http/openapi/guard'
import { MINUTE, SECOND } from '../lib/time'
import { callDurableObject } from './call-durable-object'
import { ipAddressKey } from './client-address'
import { type Credential, identify } from './credentials'
import { refusalMemory } from './refusal-memory'
import { throttleFor } from './throttle'
import { limiterName } from './verify-claim'
import type { RateLimitResult } from './window'

const READS = new Set(['GET', 'HEAD'])

/**
 * Lets in known callers of the given roles: people and API keys. Throws 429 and 401 for callers without a good credential
 * (counted by address), 429 for callers over their limit, 403 for other roles, 503 when the rate limiter can't be
 * reached.
 */
export function requireRole(allowed: readonly Role[]): Guard {
  return protectedRoute({ roles: allowed, apiKeys: true })
}

/** As `guard`, but lets in no API keys: for what a person does with their own account or with keys. */
export function requireUser(allowed: readonly Role[]): Guard {
  return protectedRoute({ roles: allowed, apiKeys: false })
}

function protectedRoute(policy: { roles: readonly Role[]; apiKeys: boolean }): Guard {
  const isAllowed = ({ kind, role }: Caller) => (policy.apiKeys || kind === 'person') && policy.roles.includes(role)
  const handler: MiddlewareHandler<AppEnv> = async (c, next) => {
    const credential = await timed(c, () => identified(c))
    const verification = timed(c, () => verifyAndCount(c, credential, isAllowed))
    verification.catch(() => undefined)
    c.set('verification', verification)
    c.set('wroteRecently', isNew(credential))
    const claimed = claimedCaller(credential)
    c.set('caller', claimed && READS.has(c.req.method) && isAllowed(claimed) ? claimed : await verification)
    await next()
    await verification
  }
  return { handler, policy, counts: true }
}

/** A refusal to identify is counted by address like the lack of a credential, and told after 429. */
async function identified(c: Context<AppEnv>): Promise<Credential> {
  const credential = await identifyRequest(c).catch(async (error) => {
    await countIpAddress(c)
    throw error
  })
  if (credential) return credential
  await countIpAddress(c)
  throw unauthorized()
}

function identifyRequest(c: Context<AppEnv>): Promise<Credential | null> {
  return identify(c.req.raw.headers, c.env, configOf(c.env), throttleFor(c.env, ipAddressOf(c)))
}

/** Lets in everybody, counted by address; credentials are not looked at. Throws 429 and 503. */
export const publicRoute: Guard = {
  async handler(c, next) {
    await timed(c, () => countIpAddress(c))
    await next()
  },
  policy: 'everybody',
  counts: true,
}

/** Adds what the work takes to the time of finding out who calls. */
async function timed<T>(c: Context<AppEnv>, work: () => Promise<T>): Promise<T> {
  const started = Date.now()
  try {
    return await work()
  } finally {
    c.set('authMilliseconds', c.var.authMilliseconds + Date.now() - started)
  }
}

/**
 * Counts what no route of the API has counted (404 and 405), under its credential if that is good. Such a request gets
 * its answer all the same, with the rate headers.
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
  const writes = !READS.has(c.req.method)
  const verification = await callDurableObject(() => limiterOf(c, credential).verifyAndCount(credential.claim, writes))
  if (!verification.valid) {
    refusalMemory.recordInvalid(credential, Date.now())
    await countIpAddress(c)
    throw unauthorized()
  }
  refusalMemory.recordValid(credential, verification.role, verification.rateLimit, Date.now())
  setRateLimit(c, verification.plan, verification.rateLimit)
  c.set('wroteRecently', verification.wroteRecently || isNew(credential))
  assertWithinLimit(verification.rateLimit)
  const caller = callerOf(credential, verification.accountId, verification.role)
  if (!isAllowed(caller)) throw caller.kind === 'key' ? forbidden([], 'This API key may not do this') : forbidden()
  return caller
}

/** Counts a request that brings no good credential by its address. Throws 429 and 503. */
export async function countIpAddress(c: Context<AppEnv>): Promise<void> {
  const rateLimit = await countedIpAddress(c)
  setRateLimit(c, 'standard', rateLimit)
  assertWithinLimit(rateLimit)
}

function countedIpAddress(c: Context<AppEnv>): Promise<RateLimitResult> {
  return callDurableObject(() => c.env.RATE_LIMITER.getByName(`address:${ipAddressOf(c)}`).count())
}

/** The name under which the caller's address is counted. */
export function ipAddressOf(c: Context<AppEnv>): string {
  return ipAddressKey(c.req.header('CF-Connecting-IP'))
}

function limiterOf(c: Context<AppEnv>, { claim }: Credential) {
  return c.env.RATE_LIMITER.getByName(limiterName(claim))
}

function callerOf({ claim, token }: Credential, accountId: string, role: Role): Caller {
  const member = { accountId, id: claim.memberId, role }
  if (claim.kind === 'key') return { ...member, kind: 'key', token: null, keyHash: claim.hash }
  const { tokenId: id, tokenVersion } = claim
  return { ...member, kind: 'person', token: { id, tokenVersion, expiresAt: token?.expiresAt ?? 0 }, keyHash: null }
}

/** The caller that a token claims. Null for a key, which does not say, and if the claim must be verified first. */
function claimedCaller(credential: Credential): Caller | null {
  const { claim, token } = credential
  if (claim.kind !== 'token' || !token || refusalMemory.shouldWait(credential, Date.now())) return null
  return callerOf(credential, claim.accountId, token.role)
}

/** Who has joined or logged in within a minute has written, if not yet under this credential. */
function isNew({ token }: Credential): boolean {
  return token !== null && Date.now() - token.issuedAt * SECOND < MINUTE
}

function setRateLimit(c: Context<AppEnv>, policy: 'standard' | 'premium', rateLimit: RateLimitResult): void {
  const { limit, remaining, resetAt } = rateLimit
  c.set('rate', { policy, limit, remaining, resetAt })
}

function assertWithinLimit(rateLimit: RateLimitResult): void {
  if (rateLimit.admitted) return
  throw rateLimited(
    `${rateLimit.limit} requests per minute`,
    Math.max(1, rateLimit.resetAt - Math.floor(Date.now() / SECOND)),
  )
}
