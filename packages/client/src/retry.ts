import { ApiError, ConnectionError } from './errors.ts'

/**
 * What comes of sending a request twice: `safe` changes nothing, `keyed` is done once by its idempotency key, `once`
 * might be done twice.
 */
export type Repeatability = 'safe' | 'keyed' | 'once'

const FIRST_WAIT_MS = 500
const LONGEST_BACKOFF_MS = 20_000
/** A calendar minute, which is what the rate limit makes anybody wait at most. */
const LONGEST_RETRY_AFTER_SECONDS = 60
const SPREAD_MS = 1_000

const PASSING = new Set([429, 502, 503, 504])

/**
 * How long to wait before a failed request is sent again (ms), or null where that is no use or not safe. `attempt` is 1
 * after the first. Waits double, half of each at random, so that many clients do not come back at once; `Retry-After` is
 * honoured, and one of more than a minute is left to the caller.
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
  // Nothing was done for a request over the limit. All else may have been.
  if (failure.status === 429) return true
  if (repeatability === 'once') return false
  return PASSING.has(failure.status) || isStillRunning(failure)
}

/** The same key's first request is not through yet: its answer is to be had in a moment. */
function isStillRunning({ status, retryAfterSeconds }: ApiError): boolean {
  return status === 409 && retryAfterSeconds !== null
}
