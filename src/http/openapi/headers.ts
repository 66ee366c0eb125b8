import { ASCII_PATTERN } from '../schemas/patterns'

const text = (maxLength: number, example: string) =>
  ({ type: 'string', maxLength, pattern: ASCII_PATTERN, example }) as const
const patterned = (maxLength: number, pattern: string, example: string) =>
  ({ type: 'string', maxLength, pattern, example }) as const
const integer = (maximum: number, example: number) =>
  ({ type: 'integer', format: 'int64', minimum: 0, maximum, example }) as const

const LAST_SECOND = 253_402_300_799

export const HEADERS = {
  'X-Request-Id': {
    required: true,
    description: 'Names the request in the log: what the request brought, if it is fit for a name, or a new UUID.',
    schema: patterned(255, '^[\\w=-]{1,255}$', '1b671a64-40d5-491e-99b0-da01ff1f3341'),
  },
  'Server-Timing': {
    required: true,
    description: 'Milliseconds that it took to know the caller, the database, the rest, and all together.',
    schema: text(200, 'auth;dur=2, db;dur=3, app;dur=3, total;dur=8'),
  },
  'Cache-Control': {
    required: true,
    description: '`no-store`, unless the answer may be kept.',
    schema: text(100, 'no-store'),
  },
  'Access-Control-Allow-Origin': {
    required: true,
    description: 'Scripts of every origin may read the answer; there are no cookies that they could misuse.',
    schema: { type: 'string', const: '*' },
  },
  'X-RateLimit-Limit': {
    required: true,
    description: 'Requests a minute that the caller may send.',
    schema: integer(1_000_000_000, 100),
  },
  'X-RateLimit-Remaining': {
    required: true,
    description: 'Requests that are left of this minute.',
    schema: integer(1_000_000_000, 95),
  },
  'X-RateLimit-Reset': {
    required: true,
    description: 'When the next minute begins, in Unix seconds.',
    schema: integer(LAST_SECOND, 1714997400),
  },
  'RateLimit-Policy': {
    required: true,
    description: 'The limit as draft-ietf-httpapi-ratelimit-headers writes it: a quota `q` in a window of `w` seconds.',
    schema: patterned(100, '^"(standard|premium)";q=\\d+;w=60$', '"standard";q=100;w=60'),
  },
  RateLimit: {
    required: true,
    description: 'What is left of it: `r` requests for the next `t` seconds.',
    schema: patterned(100, '^"(standard|premium)";r=\\d+;t=\\d+$', '"standard";r=95;t=41'),
  },
  'X-D1-Bookmark': {
    description: 'How far the answer has seen the database. Sent back, it lets another process read nothing older.',
    schema: text(500, '00000085-0000024c-00004c6d-8e61117bf38d7adb71b934ebbf891683'),
  },
  'Idempotent-Replayed': {
    description: '`true` where this is the answer to an earlier request with the same `Idempotency-Key`.',
    schema: { type: 'string', const: 'true' },
  },
  'Retry-After': {
    required: true,
    description: 'Seconds to wait before the request is sent again.',
    schema: integer(86_400, 41),
  },
  'WWW-Authenticate': {
    required: true,
    description: 'The challenge of RFC 6750.',
    schema: text(200, 'Bearer realm="ticketing-api"'),
  },
  Allow: {
    required: true,
    description: 'The methods that the path has.',
    schema: text(100, 'GET, PATCH, DELETE'),
  },
  ETag: {
    required: true,
    description: 'Changes with what the caller is shown. For `If-None-Match`, and on tickets for `If-Match`.',
    schema: text(100, '"3.9f86d081884c7d65"'),
  },
  Location: {
    required: true,
    description: 'The path of what was made.',
    schema: { type: 'string', format: 'uri-reference', maxLength: 300, example: '/api/v1/tickets/ticket124' },
  },
  Link: {
    description: 'The pages around this one (RFC 8288): `first`, `prev`, `next` and `last`, as far as there are any.',
    schema: text(16_000, '</api/v1/tickets?page=2>; rel="next"'),
  },
  'Accept-Ranges': { required: true, description: 'Ranges are in bytes.', schema: { type: 'string', const: 'bytes' } },
  'Content-Disposition': {
    required: true,
    description: 'Whether a browser shows the file or saves it, and its name (RFC 6266).',
    schema: text(2_000, `inline; filename="error_screenshot.png"; filename*=UTF-8''error_screenshot.png`),
  },
  'Content-Range': {
    required: true,
    description: 'Which bytes these are, and of how many (RFC 9110, 14.4).',
    schema: patterned(100, '^bytes (\\d+-\\d+|\\*)/\\d+$', 'bytes 0-1023/258940'),
  },
  'Last-Modified': {
    required: true,
    description: 'When the file was uploaded.',
    schema: text(29, 'Thu, 01 May 2025 09:30:00 GMT'),
  },
} as const

export type HeaderName = keyof typeof HEADERS

/** Of every response. */
export const ALWAYS = [
  'X-Request-Id',
  'Server-Timing',
  'Cache-Control',
  'Access-Control-Allow-Origin',
] as const satisfies HeaderName[]

/** Of every response to a request that is counted. */
export const RATE = [
  'X-RateLimit-Limit',
  'X-RateLimit-Remaining',
  'X-RateLimit-Reset',
  'RateLimit-Policy',
  'RateLimit',
] as const satisfies HeaderName[]

export function headerRefs(names: readonly HeaderName[]): Record<string, { $ref: string }> {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]))
}

/** For a response that may lack them. */
export function optionalHeaders(names: readonly HeaderName[]) {
  return Object.fromEntries(names.map((name) => [name, { ...HEADERS[name], required: false }]))
}
