import { type Bindings, type Config, configOf } from '../core/config'
import { rateLimited } from '../core/errors'
import type { Plan } from '../db/by-plan'
import { ExpiringSet } from '../lib/expiring-set'
import { SECOND } from '../lib/time'
import { callDurableObject } from './call-durable-object'
import { rateLimiterOf } from './objects'
import { type RateLimitResult, secondsLeft } from './window'

/** Of a plan's limit of requests. */
const DOWNLOADS_PER_REQUEST = 10
const PLANS: readonly Plan[] = ['standard', 'premium']
const MAX_ACCOUNTS = 10_000
/** With fewer downloads left in the minute, the next ones are likely to be refused. */
const FEW_REMAINING = 10

/** Accounts with a plan, close to their limit or over it. The memory only makes a read wait; it never refuses a download. */
const closeToLimit = new ExpiringSet(MAX_ACCOUNTS)

/** Downloads per minute of an account with the plan. */
function downloadLimit({ rateLimits }: Pick<Config, 'rateLimits'>, plan: Plan): number {
  return DOWNLOADS_PER_REQUEST * rateLimits[plan]
}

/**
 * Counts a download of an account in parallel with `read`, which finds the plan. For an account close to its limit the count
 * comes first, so that a download that is refused again reads nothing. Throws 429 over the limit, and 503 if the download
 * cannot be counted.
 */
export async function countDownload<T extends { plan: Plan }>(
  env: Bindings,
  accountId: string,
  read: () => Promise<T>,
): Promise<T> {
  const config = configOf(env)
  // The object does not know the plan.
  const highest = Math.max(...PLANS.map((plan) => downloadLimit(config, plan)))
  const counting = callDurableObject(() => rateLimiterOf(env, `downloads:${accountId}`).countUpTo(highest))
  const known = PLANS.find((plan) => closeToLimit.has(entryOf(accountId, plan), Date.now()))
  if (known) assertAdmitted(await counting, downloadLimit(config, known))
  const [download, found] = await Promise.all([counting, read()])
  const limit = downloadLimit(config, found.plan)
  if (numberOf(download) > limit - FEW_REMAINING)
    closeToLimit.add(entryOf(accountId, found.plan), download.resetAt * SECOND)
  assertAdmitted(download, limit)
  return found
}

function entryOf(accountId: string, plan: Plan): string {
  return `${plan}:${accountId}`
}

/** In its minute; infinite beyond the highest limit. */
function numberOf({ admitted, limit, remaining }: RateLimitResult): number {
  return admitted ? limit - remaining : Number.POSITIVE_INFINITY
}

function assertAdmitted(download: RateLimitResult, limit: number): void {
  if (numberOf(download) <= limit) return
  throw rateLimited(`${limit.toLocaleString('en')} downloads per minute in this account`, secondsLeft(download))
}
