// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of the source
import { allOf, of } from '../mutation.ts'

/** What answers show of themselves, and what they and the log must not tell. */

const EXPOSED = [
  ...['Accept-Ranges', 'Content-Disposition', 'Content-Range', 'ETag', 'Idempotent-Replayed', 'Link', 'Location'],
  ...['RateLimit', 'RateLimit-Policy', 'Retry-After', 'Server-Timing', 'WWW-Authenticate', 'X-D1-Bookmark'],
  ...['X-RateLimit-Limit', 'X-RateLimit-Remaining', 'X-RateLimit-Reset', 'X-Request-Id'],
]
const SENT = [
  ...['Authorization', 'Content-Type', 'X-API-Key', 'X-D1-Bookmark', 'X-Request-Id', 'Idempotency-Key', 'If-Match'],
  ...['If-None-Match', 'If-Range', 'Range'],
]
const METHODS = ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE']

const CORS = [
  ...allOf(
    'exposed headers',
    'http/security-headers.ts',
    'http/headers',
    ['const EXPOSED = [', 'const EXPOSED: string[] = []\nexport const judged = ['],
    EXPOSED.map((name) => `read ${name}`),
  ),
  ...allOf(
    'headers that may be sent',
    'http/security-headers.ts',
    'http/headers',
    ['  allowHeaders: [', "  allowHeaders: ['None'].concat([]) ?? ["],
    SENT.map((name) => `send ${name}`),
  ),
  ...allOf(
    'methods of other origins',
    'http/security-headers.ts',
    'http/headers',
    ["allowMethods: ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE']", "allowMethods: ['TRACE']"],
    METHODS.map((method) => `method ${method}`),
  ),
]

const FILES = [
  ...of(
    'attachments/file-answer.ts',
    ['attachments/ranges', 'attachments/filenames'],
    [
      ["    'Content-Security-Policy': \"default-src 'none'; style-src 'unsafe-inline'; sandbox\",\n", ''],
      ["style-src 'unsafe-inline'; sandbox", "style-src 'unsafe-inline'"],
      [
        'return { status: 304, headers: known, bytes: null }',
        'return { status: 304, headers: { ETag: etag }, bytes: null }',
      ],
      ["'Cache-Control': `private, max-age=", "'Cache-Control': `max-age="],
      ['Math.max(0, Math.floor(expires - now / SECOND))', '31536000'],
      ["'Content-Type': inline ?? OTHER,", "'Content-Type': inline ?? row.mime_type,"],
      ["`${inline ? 'inline' : 'attachment'}; filename=", '`inline; filename='],
      ["row.filename.replace(/[^\\x20-\\x7e]|[\"\\\\%]/g, '_')", 'row.filename'],
    ],
  ),
  ...of(
    'attachments/file-routes.ts',
    ['attachments/download'],
    [['    await countAddress(c)\n    throw addressRefused()', '    throw addressRefused()']],
  ),
  ...of(
    'attachments/url-signing.ts',
    ['attachments/url-signing'],
    [["|| !isMatch(query.expires ?? '', /^[1-9]\\d{0,11}$/, 12)) return null", ') return null']],
  ),
  ...of('attachments/storage.ts', ['attachments/upload'], [['input.content, { sha256 })', 'input.content)']]),
]

const DOCS = [
  ...of(
    'docs/page.ts',
    ['docs/page'],
    [
      ['    "default-src \'none\'",\n', ''],
      ['    "script-src \'self\'",\n', ''],
      ["`style-src-elem 'self' 'nonce-${nonce}'`", "`style-src-elem 'self' 'unsafe-inline'`"],
      ['    "connect-src \'self\'",\n', ''],
      ['    "base-uri \'none\'",\n', ''],
      ['    "form-action \'none\'",\n', ''],
      ['    "frame-ancestors \'none\'",\n', ''],
    ],
  ),
  ...of('docs/routes.ts', ['docs/page'], [[", 200, { 'Content-Security-Policy': policyOf(nonce) })", ', 200)']]),
]

const ORDER = [
  ...of(
    'app.ts',
    ['http/headers'],
    [
      ['  app.use(requestId())\n', ''],
      ['  app.use(securityHeaders)\n', ''],
      ['  app.use(preflights)\n', ''],
    ],
  ),
  ...of('app.ts', ['lib/config', 'http/require-https'], [['  app.use(requireHttps)\n', '']]),
  ...of(
    'app.ts',
    ['rate-limiting/limits'],
    [
      ['  app.use(rateHeaders)\n', ''],
      ["  for (const prefix of ['/api/*', '/ticketing/*']) app.use(prefix, countUnroutedRequests)\n", ''],
    ],
  ),
  ...of(
    'http/route.ts',
    ['idempotency/every-route', 'idempotency/replay'],
    [["headers.set('Idempotent-Replayed', 'true')", "headers.delete('Idempotent-Replayed')"]],
  ),
  ...of(
    'http/route.ts',
    ['rate-limiting/revocation', 'db/sessions'],
    [['    forgetHeaders(c, await early.catch(() => undefined))\n', '    await early.catch(() => undefined)\n']],
  ),
  ...of(
    'http/route.ts',
    ['http/parameters'],
    [['const NoParameters = z.strictObject({})', 'const NoParameters = z.object({})']],
  ),
  ...of('http/route.ts', ['idempotency/keys'], [['isMatch(key, KEY, MAX_KEY)', "key !== 'none'"]]),
  ...of(
    'http/logging.ts',
    ['db/sessions'],
    [["c.res.headers.set('X-D1-Bookmark', costs.bookmark)", 'c.res.headers.delete(costs.bookmark)']],
  ),
  ...of(
    'http/logging.ts',
    ['http/headers'],
    [
      [
        "c.res.headers.set('Server-Timing', serverTiming({ ...parts, total: duration }))",
        'serverTiming({ ...parts, total: duration })',
      ],
    ],
  ),
  ...of('http/errors.ts', ['http/errors'], [['[], { Allow: allow })', '[], {})']]),
  ...of('http/errors.ts', ['attachments/ranges'], [["    'Content-Range': `bytes */${size}`,\n", '']]),
  ...of(
    'http/errors.ts',
    ['auth/login'],
    [
      [
        "'The e-mail or the password is wrong', [], {\n    'WWW-Authenticate': 'Bearer realm=\"ticketing-api\"',\n  })",
        "'The e-mail or the password is wrong', [], {})",
      ],
    ],
  ),
]

const DISCRETION = [
  ...of(
    'http/fallbacks.ts',
    ['http/failures'],
    [
      ['  return internalError()\n', "  return new ApiError(500, 'internal_error', String(error))\n"],
      [
        'if (error instanceof DbError) return unavailable(error)',
        "if (error instanceof DbError) return new ApiError(503, 'unavailable', error.message)",
      ],
    ],
  ),
  ...of(
    'http/fallbacks.ts',
    ['rate-limiting/revocation', 'http/check-order', 'http/failures'],
    [
      [
        '  return new Response(JSON.stringify(told), { status: told.status, headers })',
        '  return c.json(told.toJSON(), told.status, headers)',
      ],
    ],
  ),
  ...of('http/logging.ts', ['http/logging'], [['    route: routePath(c),\n', '    route: c.req.path,\n']]),
  ...of(
    'http/logging.ts',
    ['http/failures'],
    [
      [
        'return { error: failure.name, at: at.trim() }',
        'return { error: failure.name, at: at.trim(), message: failure.message }',
      ],
    ],
  ),
  ...of(
    'db/errors.ts',
    ['http/failures'],
    [
      [
        "  return new DbError({ kind: 'unavailable' })\n",
        "  return Object.assign(new DbError({ kind: 'unavailable' }), { name: message })\n",
      ],
    ],
  ),
]

export const ANSWERS = [...CORS, ...FILES, ...DOCS, ...ORDER, ...DISCRETION]
