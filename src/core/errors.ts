import type { DetailCode, ServiceErrorCode } from './error-codes'

export { DETAIL_CODES, type DetailCode, ERROR_CODES, type ServiceErrorCode } from './error-codes'

export interface ErrorDetail {
  field: string
  message: string
  code: DetailCode
}

export type ErrorStatus =
  | 400
  | 401
  | 403
  | 404
  | 405
  | 408
  | 409
  | 410
  | 411
  | 412
  | 413
  | 415
  | 416
  | 422
  | 429
  | 500
  | 503

/** The message and the details are sent to the client. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError'

  constructor(
    readonly status: ErrorStatus,
    readonly code: ServiceErrorCode,
    message: string,
    readonly details: ErrorDetail[] = [],
    readonly headers: Record<string, string> = {},
    /** For the log only. */
    cause?: unknown,
  ) {
    super(message, { cause })
  }
}

/** The body of a response. `origin` is that of the service's absolute URLs. */
export function errorBody({ code, message, details }: ServiceError, origin: string, requestId: string) {
  const documentation_url = `${origin}/docs/guides/errors#${code}`
  return { error: { code, message, details, documentation_url, request_id: requestId } }
}

/** 400 */
export function invalidInput(details: ErrorDetail[]): ServiceError {
  return new ServiceError(400, 'invalid_input', 'The request data is invalid', details)
}

const CHALLENGE = 'Bearer realm="ticketing-api"'

/** 401 for a request without a credential of a known form. */
export function authenticationRequired(
  message = 'Authentication required: send Authorization: Bearer <token or API key>',
): ServiceError {
  return new ServiceError(401, 'unauthorized', message, [], { 'WWW-Authenticate': CHALLENGE })
}

/** 401 for a credential that is not valid (RFC 6750, 3.1). The message must not contain quotes or backslashes. */
export function invalidToken(message: string): ServiceError {
  const challenge = `${CHALLENGE}, error="invalid_token", error_description="${message}"`
  return new ServiceError(401, 'unauthorized', message, [], { 'WWW-Authenticate': challenge })
}

/** 401, the same for an unknown email address, a wrong password, an inactive user and a password of two accounts. */
export function invalidCredentials(): ServiceError {
  return new ServiceError(401, 'invalid_credentials', 'The email or the password is wrong', [], {
    'WWW-Authenticate': CHALLENGE,
  })
}

/** 403. The details name the fields that the role may not set. */
export function forbidden(details: ErrorDetail[] = [], message = 'Your role does not allow this'): ServiceError {
  return new ServiceError(403, 'forbidden', message, details)
}

/** 403 */
export function httpsRequired(origin: string): ServiceError {
  return new ServiceError(403, 'forbidden', `HTTPS is required: send the request to ${origin}`)
}

/** 404, the same if the resource does not exist and if the caller may not see it. */
export function notFound(): ServiceError {
  return new ServiceError(404, 'not_found', 'Not found, or you do not have access')
}

/** 405 with `Allow`. */
export function methodNotAllowed(methods: string[]): ServiceError {
  const allow = methods.join(', ')
  return new ServiceError(405, 'method_not_allowed', `The method must be one of: ${allow}`, [], { Allow: allow })
}

/** 408 */
export function requestTimeout(seconds: number): ServiceError {
  return new ServiceError(408, 'request_timeout', `The body must arrive within ${seconds} seconds`)
}

/** 409. Pass seconds if a retry may succeed. */
export function conflict(details: ErrorDetail[], retryAfterSeconds?: number): ServiceError {
  const headers = retryAfterSeconds === undefined ? {} : { 'Retry-After': String(retryAfterSeconds) }
  return new ServiceError(409, 'conflict', 'The request conflicts with the current state', details, headers)
}

/** 409: the idempotency record expired during the request. A retry runs as a new request. */
export function idempotencyRecordExpired(): ServiceError {
  const message = 'Idempotency-Key expired while the request was running; retry'
  return conflict([{ field: 'Idempotency-Key', message, code: 'not_found' }], 1)
}

/** 410. `oldest` is the first sequence that is retained. */
export function cursorExpired(oldest: number): ServiceError {
  const message = `The oldest retained sequence is ${oldest}`
  const details: ErrorDetail[] = [{ field: 'cursor', message, code: 'invalid_value' }]
  return new ServiceError(410, 'cursor_expired', 'The cursor is older than the retained events', details)
}

/** 411: R2 needs the length of a raw body. */
export function lengthRequired(): ServiceError {
  return new ServiceError(411, 'length_required', 'The body must be sent with its Content-Length')
}

/** 412 */
export function preconditionFailed(): ServiceError {
  return new ServiceError(
    412,
    'precondition_failed',
    'The ticket was modified since the version in If-Match; fetch it again and retry',
  )
}

/** 413. `limit` is a text such as `10 MiB`. */
export function payloadTooLarge(limit: string): ServiceError {
  const rule = `must be at most ${limit}`
  const details: ErrorDetail[] = [{ field: 'body', message: `Body ${rule}`, code: 'too_large' }]
  return new ServiceError(413, 'payload_too_large', `The body ${rule}`, details)
}

/** 413: the account has no space left. */
export function storageFull(message: string): ServiceError {
  return new ServiceError(413, 'payload_too_large', message)
}

/** 415 */
export function jsonRequired(): ServiceError {
  return new ServiceError(415, 'unsupported_media_type', 'The body must be sent with Content-Type: application/json')
}

/** 415 for a raw body without a media type, or with that of a form. */
export function fileTypeRequired(): ServiceError {
  const message = 'The body must be sent with the Content-Type of the file, such as image/png'
  return new ServiceError(415, 'unsupported_media_type', message)
}

/** 415 for a compressed body. */
export function unsupportedEncoding(): ServiceError {
  return new ServiceError(415, 'unsupported_media_type', 'The body must be sent without Content-Encoding')
}

/** 416 */
export function rangeNotSatisfiable(size: number): ServiceError {
  return new ServiceError(416, 'range_not_satisfiable', `The range must begin before byte ${size}`, [], {
    'Content-Range': `bytes */${size}`,
  })
}

/** 422: well-formed, but has an invalid reference or would exceed a limit. */
export function validationError(details: ErrorDetail[]): ServiceError {
  return new ServiceError(422, 'validation_error', 'The request refers to something that is not allowed', details)
}

/** 429. `limit` is a text such as `100 requests per minute`. */
export function rateLimited(limit: string, retryAfterSeconds: number): ServiceError {
  return new ServiceError(429, 'rate_limited', `The limit of ${limit} is reached`, [], {
    'Retry-After': String(retryAfterSeconds),
  })
}

/** 503 with `Retry-After`: a dependency failed. */
export function unavailable(cause?: unknown): ServiceError {
  return serviceUnavailable('The service is temporarily unavailable; try again soon', cause)
}

/** 503 with `Retry-After`. */
export function tooManyLargeBodies(): ServiceError {
  return serviceUnavailable('Too many large bodies are being read; try again soon, or send files as raw uploads')
}

/** 503. The message says what to configure. */
export function notConfigured(message: string): ServiceError {
  return serviceUnavailable(message)
}

function serviceUnavailable(message: string, cause?: unknown): ServiceError {
  return new ServiceError(503, 'unavailable', message, [], { 'Retry-After': '5' }, cause)
}

/** 500. The cause is only logged. */
export function internalError(): ServiceError {
  return new ServiceError(500, 'internal_error', 'Something went wrong on our side')
}
