import { z } from 'zod'
import { isMatch } from './text.ts'

export const SECOND = 1_000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

/** In characters: with a fraction and an offset. */
export const MAX_INSTANT = 35
/** An RFC 3339 time, or a date. */
export const INSTANT_PATTERN = '^\\d{4}-\\d{2}-\\d{2}(T\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,9})?(Z|[+-]\\d{2}:\\d{2}))?$'
const INSTANT = new RegExp(INSTANT_PATTERN)
const DateOrTime = z.union([z.iso.datetime({ offset: true }), z.iso.date()])

/** Milliseconds since the epoch as RFC 3339 in UTC to the second: `2025-05-01T09:30:00Z`. */
export function toWireTime(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`
}

/** Whether a text has the form of an RFC 3339 time or a date, even if there is no such day or hour. */
export function isInstantForm(text: string): boolean {
  return isMatch(text, INSTANT, MAX_INSTANT)
}

/** The milliseconds of an RFC 3339 time or of a date (midnight UTC); null for any other text. */
export function parseInstant(text: string): number | null {
  return isMatch(text, INSTANT, MAX_INSTANT) && DateOrTime.safeParse(text).success ? Date.parse(text) : null
}
