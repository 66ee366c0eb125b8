import type { Caller } from '../core/caller'
import type { Bindings } from '../core/config'
import type { DbCosts } from '../db/client'

/** Where a caller stands in its minute. */
interface RateState {
  policy: 'standard' | 'premium'
  limit: number
  remaining: number
  /** Unix seconds at which the minute ends. */
  resetAt: number
}

/** What middleware leaves on a request for what comes after it. */
export interface AppEnv {
  Bindings: Bindings
  Variables: {
    requestId: string
    startedAt: number
    costs: DbCosts
    /** How long (ms) it took to find out who calls and whether they may; beside the database on a GET by token. */
    authMilliseconds: number
    rate?: RateState
    /** Set by the guard; until `admission` resolves it is only what the credential claims. */
    caller: Caller
    /** The word of the caller's Durable Object; rejects with 401, 403, 429 or 503. */
    verification: Promise<Caller>
    /** Whether the caller has written within a minute; the last word on it comes with `admission`. */
    wroteRecently?: boolean
    /** SHA-256 of the body, once it was read. */
    bodyHash?: string
    /** Whether the answer was given to an earlier request with the same idempotency key. */
    replayed?: boolean
    failure?: unknown
  }
}
