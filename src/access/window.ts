import { MINUTE, SECOND } from '../lib/time'
import { CLOCK_MARGIN } from './clock'

/** `count` requests were admitted in a calendar minute, numbered since the epoch. */
export interface RateLimitWindow {
  minute: number
  count: number
}

export interface RateLimitResult {
  admitted: boolean
  limit: number
  remaining: number
  /** Unix seconds at which the minute ends. */
  resetAt: number
}

/** Until the minute of a result ends, at least one: for `Retry-After`. */
export function secondsLeft({ resetAt }: RateLimitResult): number {
  return Math.max(1, resetAt - Math.floor(Date.now() / SECOND))
}

/**
 * Counts one request at `now` (ms) against a limit per calendar minute. A clock that went back does not start a new minute,
 * unless the stored one would end more than `CLOCK_MARGIN` from now.
 */
export function hit(
  window: RateLimitWindow,
  now: number,
  limit: number,
): { window: RateLimitWindow; rateLimit: RateLimitResult } {
  const isTrusted = (window.minute + 1) * MINUTE - now <= CLOCK_MARGIN
  const minute = Math.max(isTrusted ? window.minute : 0, Math.floor(now / MINUTE))
  const before = minute === window.minute ? window.count : 0
  const admitted = before < limit
  const count = admitted ? before + 1 : before
  return {
    window: { minute, count },
    rateLimit: { admitted, limit, remaining: Math.max(0, limit - count), resetAt: ((minute + 1) * MINUTE) / SECOND },
  }
}
