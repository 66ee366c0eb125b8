import type { MiddlewareHandler } from 'hono'
import { cors } from 'hono/cors'

/** Headers that scripts of other origins may read. */
const EXPOSED = [
  'Accept-Ranges',
  'Content-Disposition',
  'Content-Range',
  'ETag',
  'Idempotent-Replayed',
  'Link',
  'Location',
  'RateLimit',
  'RateLimit-Policy',
  'Retry-After',
  'Server-Timing',
  'WWW-Authenticate',
  'X-D1-Bookmark',
  'X-RateLimit-Limit',
  'X-RateLimit-Remaining',
  'X-RateLimit-Reset',
  'X-Request-Id',
]

const ANY_ORIGIN = '*'

/** Any origin is allowed, without cookies. */
const preflight = cors({
  origin: ANY_ORIGIN,
  allowMethods: ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE'],
  allowHeaders: [
    'Authorization',
    'Content-Type',
    'X-API-Key',
    'X-D1-Bookmark',
    'X-Request-Id',
    'Idempotency-Key',
    'If-Match',
    'If-None-Match',
    'If-Range',
    'Range',
  ],
  exposeHeaders: EXPOSED,
  maxAge: 86_400,
})

/** Responds to preflights. Other responses get their CORS headers from `securityHeaders`. */
export const preflights: MiddlewareHandler = (c, next) => (c.req.method === 'OPTIONS' ? preflight(c, next) : next())

const DEFAULTS = Object.entries({
  'Access-Control-Allow-Origin': ANY_ORIGIN,
  'Access-Control-Expose-Headers': EXPOSED.join(','),
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Cross-Origin-Resource-Policy': 'cross-origin',
  'Referrer-Policy': 'no-referrer',
  'Strict-Transport-Security': 'max-age=31536000; includeSubDomains',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
})

/** Keeps headers that the response has already. Writes to `c.res.headers`: `c.header` would copy the response each time. */
export const securityHeaders: MiddlewareHandler = async (c, next) => {
  await next()
  const { headers } = c.res
  for (const [name, value] of DEFAULTS) if (!headers.has(name)) headers.set(name, value)
}
