import type { MiddlewareHandler } from 'hono'
import { routePath } from 'hono/route'
import { ConfigError } from '../../core/config'
import { noCosts } from '../../db/client'
import type { AppEnv } from '../app-env'

/**
 * Writes one JSON line a request, and `Server-Timing`. The line names the route's pattern, never the address, a
 * header or a body: those may hold credentials, signatures and search texts.
 */
export const requestLog: MiddlewareHandler<AppEnv> = async (c, next) => {
  c.set('startedAt', Date.now())
  c.set('costs', noCosts())
  c.set('authMilliseconds', 0)
  await next()
  const { costs, startedAt, caller, failure, requestId, authMilliseconds } = c.var
  const duration = Date.now() - startedAt
  if (costs.bookmark !== null) c.res.headers.set('X-D1-Bookmark', costs.bookmark)
  const parts = {
    auth: authMilliseconds,
    db: costs.milliseconds,
    app: appTime(duration, authMilliseconds, costs.milliseconds),
  }
  c.res.headers.set('Server-Timing', serverTiming({ ...parts, total: duration }))
  writeLog(c.res.status >= 500 ? 'error' : 'info', {
    request_id: requestId,
    method: c.req.method,
    route: routePath(c),
    status: c.res.status,
    duration_ms: duration,
    auth_ms: parts.auth,
    db_ms: parts.db,
    ...(caller && { account_id: caller.accountId, caller_id: caller.id }),
    db: { round_trips: costs.roundTrips, rows_read: costs.rowsRead, rows_written: costs.rowsWritten },
    ...(failure !== undefined && { failure: describe(failure) }),
  })
}

/** What is left for the service itself. The two it waits for may overlap, so that this is the least it can be. */
function appTime(total: number, auth: number, db: number): number {
  return Math.max(0, total - auth - db)
}

/** The header of https://www.w3.org/TR/server-timing/, durations in milliseconds. */
function serverTiming(durations: Record<string, number>): string {
  return Object.entries(durations)
    .map(([name, duration]) => `${name};dur=${duration}`)
    .join(', ')
}

/** One JSON line. Callers pass no secret, no search text and no body. */
export function writeLog(level: 'info' | 'error', entry: Record<string, unknown>): void {
  const line = JSON.stringify({ level, ...entry })
  if (level === 'error') console.error(line)
  else console.info(line)
}

/**
 * One line for a failure that no caller is told of, for something else makes up for it. `part` says what failed; `more`
 * may say for whom, and holds no secret.
 */
export function logFailure(part: string, failure: unknown, more: Record<string, unknown> = {}): void {
  writeLog('error', { failed: part, ...more, failure: describe(failure) })
}

/**
 * An unexpected error by class and place, for its message may hold what must not be logged. What is wrong with the
 * configuration is said without its values.
 */
function describe(thrown: unknown): Record<string, string> {
  const failure = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown
  if (failure instanceof ConfigError) return { error: failure.name, message: failure.message }
  if (!(failure instanceof Error)) return { error: typeof failure, at: '' }
  const at = failure.stack?.split('\n').find((entry) => /^\s+at /.test(entry)) ?? ''
  return { error: failure.name, at: at.trim() }
}
