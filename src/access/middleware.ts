import type { Context, MiddlewareHandler } from 'hono'
import type { Caller } from '../core/caller'
import { configOf } from '../core/config'
import { forbidden, rateLimited, unauthorized } from '../core/errors'
import type { Role } from '../core/policy'
import type { AppEnv } from '../http/app-env'
import type { Guard } from '../http/openapi/guard'
import { MINUTE, SECOND } from '../lib/time'
import { reach } from './call-durable-object'
import { addressKey } from './client-address'
import { type Credential, identify } from './credentials'
import { refusalMemory } from './refusal-memory'
import { throttleFor } from './throttle'
import { limiterName } from './verify-claim'
import type { Verdict } from './window'

const READS = new Set(['GET', 'HEAD'])

/**
 * Lets in known callers of the given roles: people and API keys. Throws 429 and 401 for callers without a good credential
 * (counted by address), 429 for callers over their limit, 403 for other roles, 503 when the rate limiter can't be
 * reached.
 */
export function guard(allowed: readonly Role[]): Guard {
  return guardWith({ roles: allowed, apiKeys: true })
}

/** As `guard`, but lets in no API keys: for what a person does with their own account or with keys. */
export function personGuard(allowed: readonly Role[]): Guard {
  return guardWith({ roles: allowed, apiKeys: false })
}

function guardWith(admits: { roles: readonly Role[]; apiKeys: boolean }): Guard {
  const lets = ({ kind, role }: Caller) => (admits.apiKeys || kind === 'person') && admits.roles.includes(role)
  const handler: MiddlewareHandler<AppEnv> = async (c, next) => {
    const credential = await timed(c, () => identified(c))
    const admission = timed(c, () => admit(c, credential, lets))
    admission.catch(() => undefined)
    c.set('admission', admission)
    c.set('wroteRecently', isNew(credential))
    const claimed = claimedCaller(credential)
    c.set('caller', claimed && READS.has(c.req.method) && lets(claimed) ? claimed : await admission)
    await next()
    await admission
  }
  return { handler, admits, counts: true }
}

/** A refusal to identify is counted by address like the lack of a credential, and told after 429. */
async function identified(c: Context<AppEnv>): Promise<Credential> {
  const credential = await identifyRequest(c).catch(async (error) => {
    await countAddress(c)
    throw error
  })
  if (credential) return credential
  await countAddress(c)
  throw unauthorized()
}

function identifyRequest(c: Context<AppEnv>): Promise<Credential | null> {
  return identify(c.req.raw.headers, c.env, configOf(c.env), throttleFor(c.env, addressOf(c)))
}

/** Lets in everybody, counted by address; credentials are not looked at. Throws 429 and 503. */
export const publicGuard: Guard = {
  async handler(c, next) {
    await timed(c, () => countAddress(c))
    await next()
  },
  admits: 'everybody',
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
  const admission = credential && (await reach(() => limiterOf(c, credential).admit(credential.claim, false)))
  if (admission?.vouched) keepRate(c, admission.plan, admission.verdict)
  else keepRate(c, 'standard', await countedAddress(c))
}

async function admit(c: Context<AppEnv>, credential: Credential, lets: (caller: Caller) => boolean): Promise<Caller> {
  const writes = !READS.has(c.req.method)
  const admission = await reach(() => limiterOf(c, credential).admit(credential.claim, writes))
  if (!admission.vouched) {
    refusalMemory.recordInvalid(credential, Date.now())
    await countAddress(c)
    throw unauthorized()
  }
  refusalMemory.recordValid(credential, admission.role, admission.verdict, Date.now())
  keepRate(c, admission.plan, admission.verdict)
  c.set('wroteRecently', admission.wroteRecently || isNew(credential))
  refuseOver(admission.verdict)
  const caller = callerOf(credential, admission.accountId, admission.role)
  if (!lets(caller)) throw caller.kind === 'key' ? forbidden([], 'This API key may not do this') : forbidden()
  return caller
}

/** Counts a request that brings no good credential by its address. Throws 429 and 503. */
export async function countAddress(c: Context<AppEnv>): Promise<void> {
  const verdict = await countedAddress(c)
  keepRate(c, 'standard', verdict)
  refuseOver(verdict)
}

function countedAddress(c: Context<AppEnv>): Promise<Verdict> {
  return reach(() => c.env.RATE_LIMITER.getByName(`address:${addressOf(c)}`).count())
}

/** The name under which the caller's address is counted. */
export function addressOf(c: Context<AppEnv>): string {
  return addressKey(c.req.header('CF-Connecting-IP'))
}

function limiterOf(c: Context<AppEnv>, { claim }: Credential) {
  return c.env.RATE_LIMITER.getByName(limiterName(claim))
}

function callerOf({ claim, token }: Credential, accountId: string, role: Role): Caller {
  const member = { accountId, id: claim.memberId, role }
  if (claim.kind === 'key') return { ...member, kind: 'key', token: null, keyHash: claim.hash }
  const { tokenId: id, generation } = claim
  return { ...member, kind: 'person', token: { id, generation, expiresAt: token?.expiresAt ?? 0 }, keyHash: null }
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

function keepRate(c: Context<AppEnv>, policy: 'standard' | 'premium', verdict: Verdict): void {
  const { limit, remaining, resetAt } = verdict
  c.set('rate', { policy, limit, remaining, resetAt })
}

function refuseOver(verdict: Verdict): void {
  if (verdict.admitted) return
  throw rateLimited(
    `${verdict.limit} requests per minute`,
    Math.max(1, verdict.resetAt - Math.floor(Date.now() / SECOND)),
  )
}
