// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of the source
import { of, redundant } from '../mutation.ts'

/** Every header that closes something or tells a caller where it stands. */
const SECURITY = [
  "'Access-Control-Allow-Origin': ANY_ORIGIN,",
  "'Access-Control-Expose-Headers': EXPOSED.join(','),",
  "'Cache-Control': 'no-store',",
  "'Content-Security-Policy': \"default-src 'none'; frame-ancestors 'none'\",",
  "'Cross-Origin-Resource-Policy': 'cross-origin',",
  "'Referrer-Policy': 'no-referrer',",
  "'Strict-Transport-Security': 'max-age=31536000; includeSubDomains',",
  "'X-Content-Type-Options': 'nosniff',",
  "'X-Frame-Options': 'DENY',",
]

const RATE = [
  "headers.set('X-RateLimit-Limit', String(rate.limit))",
  "headers.set('X-RateLimit-Remaining', String(rate.remaining))",
  "headers.set('X-RateLimit-Reset', String(rate.resetAt))",
  'headers.set(\'RateLimit-Policy\', `"${rate.policy}";q=${rate.limit};w=${WINDOW_SECONDS}`)',
  'headers.set(\'RateLimit\', `"${rate.policy}";r=${rate.remaining};t=${secondsLeft}`)',
]

export const HEADERS = [
  ...of(
    'http/security-headers.ts',
    ['http/headers'],
    SECURITY.map((line) => [line, '']),
  ),
  ...of(
    'rate-limiting/headers.ts',
    ['rate-limiting/limits'],
    RATE.map((line) => [line, '']),
  ),
  ...of(
    'http/errors.ts',
    ['access/roles', 'auth/login'],
    [
      [
        "export function unauthorized(): ApiError {\n  return new ApiError(401, 'unauthorized', 'A valid credential is required', [], {\n    'WWW-Authenticate': 'Bearer realm=\"ticketing-api\"',\n  })",
        "export function unauthorized(): ApiError {\n  return new ApiError(401, 'unauthorized', 'A valid credential is required', [], {})",
      ],
    ],
  ),
  ...of('http/errors.ts', ['rate-limiting/limits'], [["    'Retry-After': String(retryAfterSeconds),\n", '']]),
  ...of('http/errors.ts', ['http/failures', 'http/errors'], [["{ 'Retry-After': '5' }", '{}']]),
  ...redundant(
    'every answer that does not say otherwise is given this header',
    of(
      'attachments/file-answer.ts',
      ['attachments/ranges', 'attachments/filenames'],
      [["'X-Content-Type-Options': 'nosniff',", '']],
    ),
  ),
]
