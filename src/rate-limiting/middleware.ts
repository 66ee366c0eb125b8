import type { Context, MiddlewareHandler } from 'hono'
import { type Credential, identify } from '../auth/service'
import type { Caller } from '../context'
import { configOf } from '../env'
import type { AppEnv } from '../http/app-env'
import { forbidden, rateLimited, unauthorized, unavailable } from '../http/errors'
import { SECOND } from '../lib/time'
import type { Role } from '../roles'
import { addressKey } from './address'
import type { Verdict } from './window'

const READS = new Set(['GET', 'HEAD'])

/**
 * Lets in known callers of the given roles. Throws 429 and 401 for callers without a good credential (counted by
 * address), 429 for callers over their limit, 403 for other roles, 503 when the rate limiter can't be reached.
 */
export function guard(allowed: readonly Role[]): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const credential = await identify(c.req.raw.headers, configOf(c.env)).catch(async (error) => {
      await countAddress(c)
      throw error
    })
    if (!credential) {
      await countAddress(c)
      throw unauthorized()
    }
    const admission = admit(c, credential, allowed)
    admission.catch(() => undefined)
    c.set('admission', admission)
    const mayRunAhead = READS.has(c.req.method) && credential.claimedRole && allowed.includes(credential.claimedRole)
    if (mayRunAhead) c.set('caller', callerOf(credential, credential.claimedRole ?? 'customer'))
    else c.set('caller', await admission)
    await next()
    await admission
  }
}

/** Lets in everybody, counted by address; credentials are not looked at. Throws 429 and 503. */
export const publicGuard: MiddlewareHandler<AppEnv> = async (c, next) => {
  await countAddress(c)
  await next()
}

/**
 * Counts what no route of the API has counted (404 and 405), under its credential if that is good. Such a request gets
 * its answer all the same, with the rate headers.
 */
export const countUnroutedRequests: MiddlewareHandler<AppEnv> = async (c, next) => {
  await next()
  if (c.var.rate || (c.res.status !== 404 && c.res.status !== 405)) return
  const credential = await identify(c.req.raw.headers, configOf(c.env)).catch(() => null)
  const admission = credential && (await callLimiter(() => limiterOf(c, credential).admit(credential.claim, false)))
  if (admission?.vouched) keepRate(c, admission.plan, admission.verdict)
  else keepRate(c, 'standard', await countedAddress(c))
}

async function admit(c: Context<AppEnv>, credential: Credential, allowed: readonly Role[]): Promise<Caller> {
  const writes = !READS.has(c.req.method)
  const admission = await callLimiter(() => limiterOf(c, credential).admit(credential.claim, writes))
  if (!admission.vouched) {
    await countAddress(c)
    throw unauthorized()
  }
  keepRate(c, admission.plan, admission.verdict)
  refuseOver(admission.verdict)
  if (!allowed.includes(admission.role)) throw forbidden()
  return callerOf(credential, admission.role)
}

/** Counts a request that brings no good credential by its address. Throws 429 and 503. */
export async function countAddress(c: Context<AppEnv>): Promise<void> {
  const verdict = await countedAddress(c)
  keepRate(c, 'standard', verdict)
  refuseOver(verdict)
}

function countedAddress(c: Context<AppEnv>): Promise<Verdict> {
  const name = `address:${addressKey(c.req.header('CF-Connecting-IP'))}`
  return callLimiter(() => c.env.RATE_LIMITER.getByName(name).count())
}

function limiterOf(c: Context<AppEnv>, { claim }: Credential) {
  return c.env.RATE_LIMITER.getByName(`member:${claim.accountId}/${claim.memberId}`)
}

/** A limiter that can't be reached is a 503: nobody gets a free pass. */
async function callLimiter<T>(call: () => T): Promise<Awaited<T>> {
  try {
    return await call()
  } catch {
    throw unavailable()
  }
}

function callerOf({ claim }: Credential, role: Role): Caller {
  return { accountId: claim.accountId, id: claim.memberId, role }
}

function keepRate(c: Context<AppEnv>, policy: 'standard' | 'premium', verdict: Verdict): void {
  const { limit, remaining, resetAt } = verdict
  c.set('rate', { policy, limit, remaining, resetAt })
}

function refuseOver(verdict: Verdict): void {
  if (verdict.admitted) return
  throw rateLimited(verdict.limit, Math.max(1, verdict.resetAt - Math.floor(Date.now() / SECOND)))
}
