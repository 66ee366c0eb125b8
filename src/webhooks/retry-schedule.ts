import { DAY, SECOND } from '../lib/time'

const JITTER = 0.2
const LONGEST_RETRY_AFTER = DAY

/**
 * When (ms) to try again after a failed scheduled attempt, or null where the schedule (seconds) has ended. `tries` counts
 * the scheduled attempts that were made. The delay varies by 20 % either way, so that what failed together does not come
 * back together; a subscriber's own wish (`Retry-After`, ms) makes it longer, up to a day.
 */
export function nextAttemptAt(schedule: readonly number[], tries: number, retryAfter: number | null, now: number) {
  const seconds = schedule[tries - 1]
  if (seconds === undefined) return null
  const delay = seconds * SECOND * (1 + JITTER * (2 * Math.random() - 1))
  return now + Math.round(Math.max(delay, Math.min(retryAfter ?? 0, LONGEST_RETRY_AFTER)))
}

/** `Retry-After` (RFC 9110, 10.2.3: seconds, or a date) as milliseconds from now, or null where it is neither. */
export function readRetryAfter(header: string | null, now: number): number | null {
  // Stryker disable next-line ConditionalExpression: the text "null" has the same result
  if (header === null) return null
  if (/^\d{1,15}$/.test(header)) return Number(header) * SECOND
  const isDate = /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/.test(header)
  const date = isDate ? Date.parse(header) : Number.NaN
  return Number.isNaN(date) ? null : Math.max(0, date - now)
}
