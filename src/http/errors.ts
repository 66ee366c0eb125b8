import type { ContentfulStatusCode } from 'hono/utils/http-status'

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
  'conflict',
  'cursor_expired',
  'length_required',
  'precondition_failed',
  'payload_too_large',
  'unsupported_media_type',
  'validation_error',
  'rate_limited',
  'internal_error',
  'unavailable',
] as const
export type ErrorCode = (typeof ERROR_CODES)[number]

/** Any failure that a caller is told of. Its message and details are shown as they are. */
export class ApiError extends Error {
  override readonly name = 'ApiError'

  constructor(
    readonly status: ContentfulStatusCode,
    readonly code: ErrorCode,
    message: string,
    readonly details: ErrorDetail[] = [],
    readonly headers: Record<string, string> = {},
  ) {
    super(message)
  }

  /** The body of the answer, as contract and OpenAPI document have it. */
  toJSON() {
    return { error: { code: this.code, message: this.message, details: this.details } }
  }
}

export function invalidInput(details: ErrorDetail[]): ApiError {
  return new ApiError(400, 'invalid_input', 'The request data is invalid', details)
}

export function unauthorized(): ApiError {
  return new ApiError(401, 'unauthorized', 'A valid credential is required', [], {
    'WWW-Authenticate': 'Bearer realm="ticketing-api"',
  })
}

/** One answer for an unknown e-mail, a wrong password, an inactive user and an ambiguous account. */
export function invalidCredentials(): ApiError {
  return new ApiError(401, 'invalid_credentials', 'The e-mail or the password is wrong', [], {
    'WWW-Authenticate': 'Bearer realm="ticketing-api"',
  })
}

export function forbidden(details: ErrorDetail[] = [], message = 'Your role may not do this'): ApiError {
  return new ApiError(403, 'forbidden', message, details)
}

export function notFound(): ApiError {
  return new ApiError(404, 'not_found', 'There is nothing here that you may see')
}

export function conflict(details: ErrorDetail[]): ApiError {
  return new ApiError(409, 'conflict', 'The request conflicts with what is there', details)
}

export function payloadTooLarge(message: string): ApiError {
  return new ApiError(413, 'payload_too_large', message)
}

export function unsupportedMediaType(expected: string): ApiError {
  return new ApiError(415, 'unsupported_media_type', `The body must be sent with Content-Type: ${expected}`)
}

export function validationError(details: ErrorDetail[]): ApiError {
  return new ApiError(422, 'validation_error', 'The request refers to something that is not allowed', details)
}

/** `limit` names what was exceeded: `100 requests per minute`. */
export function rateLimited(limit: string, retryAfterSeconds: number): ApiError {
  return new ApiError(429, 'rate_limited', `The limit of ${limit} is reached`, [], {
    'Retry-After': String(retryAfterSeconds),
  })
}

export function unavailable(message = 'The service can not answer at the moment, try again soon'): ApiError {
  return new ApiError(503, 'unavailable', message, [], { 'Retry-After': '5' })
}

export function internalError(): ApiError {
  return new ApiError(500, 'internal_error', 'Something went wrong on our side')
}
