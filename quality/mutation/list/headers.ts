import { equivalent, inside } from '../mutation.ts'

/** Response headers for security and rate limits. */
export const HEADERS = [
  ...inside('DEFAULTS', ['http/headers'], (it) => [
    it.property('Access-Control-Allow-Origin').remove(),
    it.property('Access-Control-Expose-Headers').remove(),
    it.property('Cache-Control').remove(),
    it.property('Content-Security-Policy').remove(),
    it.property('Cross-Origin-Resource-Policy').remove(),
    it.property('Referrer-Policy').remove(),
    it.property('Strict-Transport-Security').remove(),
    it.property('X-Content-Type-Options').remove(),
    it.property('X-Frame-Options').remove(),
  ]),
  ...inside('rateHeaders', ['access/rate-limits'], (it) => [
    it.literal('X-RateLimit-Limit').enclosingStatement().remove(),
    it.literal('X-RateLimit-Remaining').enclosingStatement().remove(),
    it.literal('X-RateLimit-Reset').enclosingStatement().remove(),
    it.literal('RateLimit-Policy').enclosingStatement().remove(),
    it.literal('RateLimit').enclosingStatement().remove(),
  ]),
  ...inside('authenticationRequired', ['access/unauthorized'], (it) => [it.property('WWW-Authenticate').remove()]),
  ...inside('invalidToken', ['access/unauthorized'], (it) => [it.property('WWW-Authenticate').remove()]),
  ...inside('rateLimited', ['access/rate-limits'], (it) => [it.property('Retry-After').remove()]),
  ...inside('serviceUnavailable', ['http/failures', 'http/errors'], (it) => [it.property('Retry-After').remove()]),
  ...equivalent(
    'every response has this header by default',
    inside('contentHeaders', ['attachments/ranges', 'attachments/filenames'], (it) => [
      it.property('X-Content-Type-Options').remove(),
    ]),
  ),
]
