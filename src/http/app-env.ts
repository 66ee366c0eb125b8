import type { Caller } from '../core/caller'
import type { Bindings } from '../core/config'
import type { Credential } from '../core/credential'
import type { ServiceErrorCode } from '../core/errors'
import type { Plan } from '../db/by-plan'
import type { DbCosts } from '../db/client'

interface RateState {
  policy: Plan
  limit: number
  remaining: number
  /** Unix seconds at which the minute ends. */
  resetAt: number
}

/** The variables that middleware sets on a request. */
export interface AppEnv {
  Bindings: Bindings
  Variables: {
    requestId: string
    startedAt: number
    costs: DbCosts
    /** In ms; overlaps with the database on a GET with a token. */
    authMilliseconds: number
    rate?: RateState
    credential: Credential
    /** Until `verification` resolves, this may be only what the credential claims. */
    caller: Caller
    /** By the caller's Durable Object; rejects with 401, 403, 429 or 503. */
    verification: Promise<Caller>
    /** Within a minute. Final when `verification` resolves. */
    wroteRecently?: boolean
    /** SHA-256 of the body in its present and earlier forms, after it was read. */
    bodyHashes?: string[]
    /** Whether the response is a replay. */
    replayed?: boolean
    /** Of an error response. */
    errorCode?: ServiceErrorCode
    failure?: unknown
  }
}
