import { ulid } from 'ulid'

type IdPrefix = 'ticket' | 'user' | 'comment' | 'attach' | 'webhook' | 'evt' | 'dlv' | 'key' | 'acct' | 'change'

/** A ULID with a prefix, such as `ticket_01j…`: 48 bits of time, so that IDs sort by it, and 80 random bits. */
export function newId(prefix: IdPrefix, now: number): string {
  return `${prefix}_${ulid(now).toLowerCase()}`
}
