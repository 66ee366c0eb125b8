import type { MiddlewareHandler } from 'hono'
import type { Role } from '../../core/policy'
import type { AppEnv } from '../app-env'

/** The roles that may call, and whether API keys with such a role may; or everybody. */
export type AccessPolicy = { roles: readonly Role[]; apiKeys: boolean } | 'everybody'

/** The middleware in front of a route, and its policy for the OpenAPI document. */
export interface Guard {
  handlers: readonly MiddlewareHandler<AppEnv>[]
  policy: AccessPolicy
  /** Whether every request is counted by the rate limiter. */
  isCounted: boolean
}

/** For what costs little, or is counted when it is rejected. */
export const unmetered: Guard = { handlers: [], policy: 'everybody', isCounted: false }
