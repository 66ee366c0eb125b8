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
    description:
      'ID of this request in the logs: the `X-Request-Id` of the request if it is valid, otherwise a new UUID.',
    schema: patterned(255, '^[\\w=-]{1,255}$', '1b671a64-40d5-491e-99b0-da01ff1f3341'),
  },
  'Server-Timing': {
    required: true,
    description:
      'Milliseconds spent on authentication (`auth`), the database (`db`), everything else (`app`) and in total. ' +
      '401, 403 and 404 responses have the total only.',
    schema: text(200, 'auth;dur=2, db;dur=3, app;dur=3, total;dur=8'),
  },
  'Cache-Control': {
    required: true,
    description: '`no-store`, unless the response may be cached.',
    schema: text(100, 'no-store'),
  },
  'Access-Control-Allow-Origin': {
    required: true,
    description: 'Scripts of every origin may read the response. Cookies are not used.',
    schema: { type: 'string', const: '*' },
  },
  'X-RateLimit-Limit': {
    required: true,
    description: 'Requests per minute that this caller may send.',
    schema: integer(1_000_000_000, 100),
  },
  'X-RateLimit-Remaining': {
    required: true,
    description: 'Requests left in this minute.',
    schema: integer(1_000_000_000, 95),
  },
  'X-RateLimit-Reset': {
    required: true,
    description: 'Start of the next minute, in Unix seconds.',
    schema: integer(LAST_SECOND, 1714997400),
  },
  'RateLimit-Policy': {
    required: true,
    description: 'The limit in the form of draft-ietf-httpapi-ratelimit-headers: `q` requests per `w` seconds.',
    schema: patterned(100, '^"(standard|premium)";q=\\d+;w=60$', '"standard";q=100;w=60'),
  },
  RateLimit: {
    required: true,
    description: 'Requests left (`r`) for the next `t` seconds.',
    schema: patterned(100, '^"(standard|premium)";r=\\d+;t=\\d+$', '"standard";r=95;t=41'),
  },
  'X-D1-Bookmark': {
    description:
      'Database state of this response. Another process that sends it back reads data that is at least as recent.',
    schema: text(500, '00000085-0000024c-00004c6d-8e61117bf38d7adb71b934ebbf891683'),
  },
  'Idempotent-Replayed': {
    description: 'Present if this is the stored response to an earlier request with the same `Idempotency-Key`.',
    schema: { type: 'string', const: 'true' },
  },
  'Retry-After': {
    required: true,
    description: 'Seconds to wait before you retry.',
    schema: integer(86_400, 41),
  },
  'WWW-Authenticate': {
    required: true,
    description: 'The authentication scheme to use (RFC 6750).',
    schema: text(200, 'Bearer realm="ticketing-api"'),
  },
  Allow: {
    required: true,
    description: 'The methods that the path supports.',
    schema: text(100, 'GET, PATCH, DELETE'),
  },
  ETag: {
    required: true,
    description: 'Version of the content that you see, for `If-None-Match` and, on tickets, for `If-Match`.',
    schema: text(100, '"3.9f86d081884c7d65"'),
  },
  Location: {
    required: true,
    description: 'Path of the new resource.',
    schema: { type: 'string', format: 'uri-reference', maxLength: 300, example: '/api/v1/tickets/ticket124' },
  },
  Link: {
    description: 'URLs of other pages (RFC 8288): `first`, `prev`, `next` and `last`, as far as they exist.',
    schema: text(16_000, '</api/v1/tickets?page=2>; rel="next"'),
  },
  'Accept-Ranges': { required: true, description: 'The unit of ranges.', schema: { type: 'string', const: 'bytes' } },
  'Content-Disposition': {
    required: true,
    description: '`inline` or `attachment`, and the filename (RFC 6266).',
    schema: text(2_000, `inline; filename="error_screenshot.png"; filename*=UTF-8''error_screenshot.png`),
  },
  'Content-Range': {
    required: true,
    description: 'The bytes in this response and the size of the file (RFC 9110, section 14.4).',
    schema: patterned(100, '^bytes (\\d+-\\d+|\\*)/\\d+$', 'bytes 0-1023/258940'),
  },
  'Last-Modified': {
    required: true,
    description: 'Time of the upload.',
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

const OPTIONAL = [...RATE, 'Retry-After'] as const

/** Components of headers that some responses lack. */
export const OPTIONAL_HEADERS = Object.fromEntries(
  OPTIONAL.map((name) => [optional(name), { ...HEADERS[name], required: false }]),
)

/** For a response that may lack them. */
export function optionalHeaders(names: readonly (typeof OPTIONAL)[number][]): Record<string, { $ref: string }> {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${optional(name)}` }]))
}

function optional(name: (typeof OPTIONAL)[number]): string {
  return `Optional-${name}`
}
