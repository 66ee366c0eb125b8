import type { SqliteD1 } from './sqlite-d1.ts'
import type { Role } from './token.ts'

const limit = () => ({ admitted: true, limit: 300, remaining: 299, resetAt: Math.ceil(Date.now() / 60_000) * 60 })

/** The bindings of a Worker in this process, apart from its variables. Every Durable Object admits the caller. */
export function bindingsOf(d1: SqliteD1, accountId: string, role: Role | 'admin') {
  const verification = () => ({
    valid: true,
    rateLimit: limit(),
    accountId,
    role,
    plan: 'premium',
    wroteRecently: false,
  })
  const object = new Proxy({}, { get: (_, name) => (name === 'then' ? undefined : async () => verification()) })
  const objects = { getByName: () => object }
  const queue = { send: async () => undefined, sendBatch: async () => undefined }
  return { DB: d1, RATE_LIMITER: objects, LOGIN_THROTTLE: objects, SWEEPER: objects, WEBHOOKS: queue }
}
