import type { Credential } from '../core/credential'
import type { Role } from '../core/policy'
import { ExpiringSet } from '../lib/expiring-set'
import { MINUTE, SECOND } from '../lib/time'
import { limiterName } from './verify-claim'
import type { RateLimitResult } from './window'

const CAPACITY = 10_000
const TTL = MINUTE
/** With fewer requests left in the minute, the next ones are likely to be refused. */
const LOW_REMAINING = 10

/**
 * The tokens and callers for whom a read in advance of verification is likely to be discarded, of the last minute. API keys
 * are never read for in advance. The memory only makes a read wait: whether a request is admitted is always decided by the
 * caller's Durable Object.
 */
export class RefusalMemory {
  private readonly names: ExpiringSet

  constructor(capacity = CAPACITY) {
    this.names = new ExpiringSet(capacity)
  }

  get size(): number {
    return this.names.size
  }

  shouldWait({ claim, token }: Credential, now: number): boolean {
    return this.names.has(limiterName(claim), now) || (token !== null && this.names.has(tokenName(token), now))
  }

  /** Records a 401. */
  recordInvalid({ token }: Credential, now: number): void {
    if (token) this.names.add(tokenName(token), now + TTL)
  }

  /** Records the role and the rate of a valid credential. A token that claims another role may be refused by it (403). */
  recordValid({ claim, token }: Credential, role: Role, { remaining, resetAt }: RateLimitResult, now: number): void {
    if (!token) return
    if (token.role === role) this.names.delete(tokenName(token))
    else this.names.add(tokenName(token), now + TTL)
    if (remaining < LOW_REMAINING) this.names.add(limiterName(claim), Math.min(resetAt * SECOND, now + MINUTE))
  }
}

function tokenName({ id }: { id: string }): string {
  return `token:${id}`
}

/** The memory of this isolate. */
export const refusalMemory = new RefusalMemory()
