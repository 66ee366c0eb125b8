export interface ErrorDetail {
  field: string
  message: string
}

export const ERROR_CODES = [
  'invalid_input',
  'unauthorized',
  'invalid_credentials',
  'forbidden',
  'not_found',
  'method_not_allowed',
  'request_timeout',
  'conflict',
  'cursor_expired',
  'length_required',
  'precondition_failed',
  'payload_too_large',
  'range_not_satisfiable',
  'unsupported_media_type',
  'validation_error',
  'rate_limited',
  'internal_error',
  'unavailable',
] as const
export type ErrorCode = (typeof ERROR_CODES)[number]

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
export class ApiError extends Error {
  override readonly name = 'ApiError'

  constructor(
    readonly status: ErrorStatus,
    readonly code: ErrorCode,
    message: string,
    readonly details: ErrorDetail[] = [],
    readonly headers: Record<string, string> = {},
    /** For the log only. */
    cause?: unknown,
  ) {
    super(message, { cause })
  }

  toJSON() {
    return { error: { code: this.code, message: this.message, details: this.details } }
  }
}

/** 400 */
export function invalidInput(details: ErrorDetail[]): ApiError {
  return new ApiError(400, 'invalid_input', 'The request data is invalid', details)
}

/** 401, with the challenge of RFC 6750. */
export function unauthorized(): ApiError {
  return new ApiError(401, 'unauthorized', 'A valid credential is required', [], {
    'WWW-Authenticate': 'Bearer realm="ticketing-api"',
  })
}

/** 401, the same for an unknown email address, a wrong password, an inactive user and an ambiguous account. */
export function invalidCredentials(): ApiError {
  return new ApiError(401, 'invalid_credentials', 'The e-mail or the password is wrong', [], {
    'WWW-Authenticate': 'Bearer realm="ticketing-api"',
  })
}

/** 403. The details name the fields that the role may not set. */
export function forbidden(details: ErrorDetail[] = [], message = 'Your role may not do this'): ApiError {
  return new ApiError(403, 'forbidden', message, details)
}

/** 403 */
export function httpsRequired(origin: string): ApiError {
  return new ApiError(403, 'forbidden', `HTTPS is required: send the request to ${origin}`)
}

/** 404, the same if the resource does not exist and if the caller may not see it. */
export function notFound(): ApiError {
  return new ApiError(404, 'not_found', 'There is nothing here that you may see')
}

/** 405 with `Allow`. */
export function methodNotAllowed(methods: string[]): ApiError {
  const allow = methods.join(', ')
  return new ApiError(405, 'method_not_allowed', `The method must be one of: ${allow}`, [], { Allow: allow })
}

/** 408 */
export function requestTimeout(seconds: number): ApiError {
  return new ApiError(408, 'request_timeout', `The body must arrive within ${seconds} seconds`)
}

/** 409. Pass seconds if a retry may succeed. */
export function conflict(details: ErrorDetail[], retryAfterSeconds?: number): ApiError {
  const headers = retryAfterSeconds === undefined ? {} : { 'Retry-After': String(retryAfterSeconds) }
  return new ApiError(409, 'conflict', 'The request conflicts with what is there', details, headers)
}

/** 409: the idempotency record expired during the request. A retry runs as a new request. */
export function idempotencyRecordExpired(): ApiError {
  const details = [{ field: 'Idempotency-Key', message: 'The answer of this key has just been forgotten, try again' }]
  return conflict(details, 1)
}

/** 410. `oldest` is the first sequence that is retained. */
export function cursorExpired(oldest: number): ApiError {
  const details = [{ field: 'cursor', message: `The oldest sequence that is kept is ${oldest}` }]
  return new ApiError(410, 'cursor_expired', 'The cursor is older than what is kept', details)
}

/** 411: R2 needs the length of a raw body. */
export function lengthRequired(): ApiError {
  return new ApiError(411, 'length_required', 'The body must be sent with its Content-Length')
}

/** 412 */
export function preconditionFailed(): ApiError {
  return new ApiError(412, 'precondition_failed', 'The ticket has changed since: read it again')
}

/** 413. The message names the limit. */
export function payloadTooLarge(message: string): ApiError {
  return new ApiError(413, 'payload_too_large', message)
}

/** 415. `expected` is the media type that the route accepts. */
export function unsupportedMediaType(expected: string): ApiError {
  return new ApiError(415, 'unsupported_media_type', `The body must be sent with Content-Type: ${expected}`)
}

/** 415 for a compressed body. */
export function unsupportedEncoding(): ApiError {
  return new ApiError(415, 'unsupported_media_type', 'The body must be sent as it is, without Content-Encoding')
}

/** 416 */
export function rangeNotSatisfiable(size: number): ApiError {
  return new ApiError(416, 'range_not_satisfiable', `The range must begin before byte ${size}`, [], {
    'Content-Range': `bytes */${size}`,
  })
}

/** 422: well-formed, but has an invalid reference or would exceed a limit. */
export function validationError(details: ErrorDetail[]): ApiError {
  return new ApiError(422, 'validation_error', 'The request refers to something that is not allowed', details)
}

/** 429. `limit` is a text such as `100 requests per minute`. */
export function rateLimited(limit: string, retryAfterSeconds: number): ApiError {
  return new ApiError(429, 'rate_limited', `The limit of ${limit} is reached`, [], {
    'Retry-After': String(retryAfterSeconds),
  })
}

/** 503 with `Retry-After`: a dependency failed. */
export function unavailable(cause?: unknown): ApiError {
  return serviceUnavailable('The service can not answer at the moment, try again soon', cause)
}

/** 503. The message says what to configure. */
export function notConfigured(message: string): ApiError {
  return serviceUnavailable(message)
}

function serviceUnavailable(message: string, cause?: unknown): ApiError {
  return new ApiError(503, 'unavailable', message, [], { 'Retry-After': '5' }, cause)
}

/** 500. The cause is only logged. */
export function internalError(): ApiError {
  return new ApiError(500, 'internal_error', 'Something went wrong on our side')
}
