import type { MiddlewareHandler } from 'hono'
import type { Role } from '../../core/policy'
import type { AppEnv } from '../app-env'

/** Whom a guard lets in: members of these roles, people alone or their like among API keys too; or everybody. */
export type AccessPolicy = { roles: readonly Role[]; apiKeys: boolean } | 'everybody'

/** What stands before a route, and says of itself what the OpenAPI document tells. */
export interface Guard {
  handlers: readonly MiddlewareHandler<AppEnv>[]
  policy: AccessPolicy
  /** Whether every request is counted by the rate limiter. */
  counts: boolean
}

/** Lets everybody in without counting: for what costs little, or is counted where it is refused. */
export const unmetered: Guard = { handlers: [], policy: 'everybody', counts: false }
