import type { MiddlewareHandler } from 'hono'
import type { AppEnv } from '../http/app-env'
import { SECOND } from '../lib/time'

const WINDOW_SECONDS = 60

/**
 * Sets the `X-RateLimit-*` headers and those of the IETF's draft-ietf-httpapi-ratelimit-headers.
 */
export const rateHeaders: MiddlewareHandler<AppEnv> = async (c, next) => {
  await next()
  const { rate } = c.var
  if (!rate) return
  const { headers } = c.res
  const secondsLeft = Math.max(0, rate.resetAt - Math.floor(Date.now() / SECOND))
  headers.set('X-RateLimit-Limit', String(rate.limit))
  headers.set('X-RateLimit-Remaining', String(rate.remaining))
  headers.set('X-RateLimit-Reset', String(rate.resetAt))
  headers.set('RateLimit-Policy', `"${rate.policy}";q=${rate.limit};w=${WINDOW_SECONDS}`)
  headers.set('RateLimit', `"${rate.policy}";r=${rate.remaining};t=${secondsLeft}`)
}
