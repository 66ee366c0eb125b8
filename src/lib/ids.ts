import { ulid } from 'ulid'

type IdPrefix = 'ticket' | 'user' | 'comment' | 'attach' | 'webhook' | 'evt' | 'dlv' | 'key' | 'acct' | 'change'

/** A new unguessable ID such as `ticket_01j…`: 48 bits of milliseconds, so that it sorts by time, and 80 random bits (ULID). */
export function newId(prefix: IdPrefix, now: number): string {
  return `${prefix}_${ulid(now).toLowerCase()}`
}
