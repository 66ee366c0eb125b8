import { isMatch, matchOf } from './text.ts'

export const SECOND = 1_000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

/** In characters: with a fraction and an offset. */
export const MAX_INSTANT = 35
const INSTANT = /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2}))?$/

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
  const match = matchOf(text, INSTANT, MAX_INSTANT)
  if (!match) return null
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = '', zone = 'Z'] = match
  if (
    Number(month) < 1 ||
    Number(month) > 12 ||
    Number(day) < 1 ||
    Number(day) > daysInMonth(Number(year), Number(month))
  )
    return null
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return null
  // For `Z`, both are 0.
  if (Number(zone.slice(1, 3)) > 23 || Number(zone.slice(4)) > 59) return null
  // Stryker disable next-line MethodExpression: V8 ignores further digits; ECMAScript allows only three
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction.padEnd(3, '0').slice(0, 3)}${zone}`)
}

function daysInMonth(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate()
}
