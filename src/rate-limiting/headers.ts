import type { MiddlewareHandler } from 'hono'
import type { AppEnv } from '../http/app-env'
import { SECOND } from '../lib/time'

const WINDOW_SECONDS = 60

/**
 * Writes the caller's rate onto the answer: the `X-RateLimit-*` headers, and the fields of the IETF's
 * draft-ietf-httpapi-ratelimit-headers.
 */
export const rateHeaders: MiddlewareHandler<AppEnv> = async (c, next) => {
  await next()
  const { rate } = c.var
  if (!rate) return
  const secondsLeft = Math.max(0, rate.resetAt - Math.floor(Date.now() / SECOND))
  c.header('X-RateLimit-Limit', String(rate.limit))
  c.header('X-RateLimit-Remaining', String(rate.remaining))
  c.header('X-RateLimit-Reset', String(rate.resetAt))
  c.header('RateLimit-Policy', `"${rate.policy}";q=${rate.limit};w=${WINDOW_SECONDS}`)
  c.header('RateLimit', `"${rate.policy}";r=${rate.remaining};t=${secondsLeft}`)
}
