import type { MiddlewareHandler } from 'hono'
import { routePath } from 'hono/route'
import { describeFailure, writeLog } from '../../core/log'
import { noCosts } from '../../db/client'
import type { AppEnv } from '../app-env'

/** Where the time was spent could reveal to a caller without access what exists. */
const UNITEMIZED = new Set([401, 403, 404])

/**
 * Logs one JSON line for each request and sets `Server-Timing`. The line has the route's pattern and never the URL, a header or
 * a body, which may contain credentials, signatures and search texts.
 */
export const requestLog: MiddlewareHandler<AppEnv> = async (c, next) => {
  c.set('startedAt', Date.now())
  c.set('costs', noCosts())
  c.set('authMilliseconds', 0)
  await next()
  const { costs, startedAt, caller, errorCode, failure, requestId, authMilliseconds } = c.var
  const duration = Date.now() - startedAt
  if (costs.bookmark !== null) c.res.headers.set('X-D1-Bookmark', costs.bookmark)
  const parts = {
    auth: authMilliseconds,
    db: costs.milliseconds,
    app: appTime(duration, authMilliseconds, costs.milliseconds),
  }
  const shown = UNITEMIZED.has(c.res.status) ? {} : parts
  c.res.headers.set('Server-Timing', serverTiming({ ...shown, total: duration }))
  writeLog(c.res.status >= 500 ? 'error' : 'info', {
    request_id: requestId,
    method: c.req.method,
    route: routePath(c),
    status: c.res.status,
    duration_ms: duration,
    auth_ms: parts.auth,
    db_ms: parts.db,
    ...(caller && { account_id: caller.accountId, caller_id: caller.id }),
    db: {
      round_trips: costs.roundTrips,
      rows_read: costs.rowsRead,
      rows_written: costs.rowsWritten,
      ...(costs.roundTrips > 0 && { served_by_primary: !costs.usedReplica, served_by_region: costs.region }),
    },
    // An error of a response that was discarded is not the request's.
    ...(errorCode !== undefined && c.res.status >= 400 && { error_code: errorCode }),
    ...(failure !== undefined && { failure: describeFailure(failure) }),
  })
}

/** A lower bound, because verification and the database may overlap. */
function appTime(total: number, auth: number, db: number): number {
  return Math.max(0, total - auth - db)
}

/** https://www.w3.org/TR/server-timing/; durations in ms. */
function serverTiming(durations: Record<string, number>): string {
  return Object.entries(durations)
    .map(([name, duration]) => `${name};dur=${duration}`)
    .join(', ')
}
