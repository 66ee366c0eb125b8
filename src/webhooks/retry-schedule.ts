import { DAY, SECOND } from '../lib/time'

const JITTER = 0.2
const MAX_RETRY_AFTER = DAY

/**
 * When (ms) to retry after a number of scheduled attempts, or null at the end of the schedule (seconds). The delay varies
 * by 20 %, so that deliveries that failed together are not retried together. `retryAfter` (ms) makes it longer, up to a day.
 */
export function nextAttemptAt(schedule: readonly number[], attempts: number, retryAfter: number | null, now: number) {
  const seconds = schedule[attempts - 1]
  if (seconds === undefined) return null
  const delay = seconds * SECOND * (1 + JITTER * (2 * Math.random() - 1))
  return now + Math.round(Math.max(delay, Math.min(retryAfter ?? 0, MAX_RETRY_AFTER)))
}

/** `Retry-After` (RFC 9110, 10.2.3) in milliseconds from now, or null if it is neither seconds nor a date. */
export function readRetryAfter(header: string | null, now: number): number | null {
  // Stryker disable next-line ConditionalExpression: the text "null" has the same result
  if (header === null) return null
  if (/^\d{1,15}$/.test(header)) return Number(header) * SECOND
  const isDate = /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/.test(header)
  const date = isDate ? Date.parse(header) : Number.NaN
  return Number.isNaN(date) ? null : Math.max(0, date - now)
}
