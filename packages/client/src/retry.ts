import { ApiError, ConnectionError } from './errors.ts'

/**
 * The effect of a retry: `safe` requests change nothing, `keyed` ones run once by their idempotency key, `once` ones
 * might run twice.
 */
export type Repeatability = 'safe' | 'keyed' | 'once'

const FIRST_WAIT_MS = 500
const LONGEST_BACKOFF_MS = 20_000
/** A calendar minute, the longest wait for the rate limit. */
const LONGEST_RETRY_AFTER_SECONDS = 60
const SPREAD_MS = 1_000

/** 520 to 524 are Cloudflare's: it could not reach the service, or got no complete response. */
const TRANSIENT = new Set([429, 502, 503, 504, 520, 521, 522, 523, 524])

/**
 * How long to wait before a retry (ms), or null if a retry is useless or unsafe. `attempt` is 1 after the first. Waits
 * double, half of each random, so that clients spread out. `Retry-After` is respected; more than a minute is left to
 * the caller.
 */
export function waitBeforeRetry(
  failure: unknown,
  repeatability: Repeatability,
  attempt: number,
  random: () => number = Math.random,
): number | null {
  if (!mayRetry(failure, repeatability)) return null
  const after = failure instanceof ApiError ? failure.retryAfterSeconds : null
  if (after !== null && after > LONGEST_RETRY_AFTER_SECONDS) return null
  if (after !== null) return after * 1_000 + random() * SPREAD_MS
  const backoff = Math.min(FIRST_WAIT_MS * 2 ** (attempt - 1), LONGEST_BACKOFF_MS)
  return backoff / 2 + (random() * backoff) / 2
}

function mayRetry(failure: unknown, repeatability: Repeatability): boolean {
  if (failure instanceof ConnectionError) return repeatability !== 'once'
  if (!(failure instanceof ApiError)) return false
  // A request over the limit has not run. Any other may have.
  if (failure.status === 429) return true
  if (repeatability === 'once') return false
  return TRANSIENT.has(failure.status) || isStillRunning(failure)
}

/** The first request with the same key is still running; its response will be available shortly. */
function isStillRunning({ status, retryAfterSeconds }: ApiError): boolean {
  return status === 409 && retryAfterSeconds !== null
}
