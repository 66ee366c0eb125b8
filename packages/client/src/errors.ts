/** The codes that the API answers with; `unreadable` is this client's, for an answer that is not the API's. */
export type ErrorCode =
  | 'invalid_input'
  | 'unauthorized'
  | 'invalid_credentials'
  | 'forbidden'
  | 'not_found'
  | 'method_not_allowed'
  | 'request_timeout'
  | 'conflict'
  | 'cursor_expired'
  | 'length_required'
  | 'precondition_failed'
  | 'payload_too_large'
  | 'range_not_satisfiable'
  | 'unsupported_media_type'
  | 'validation_error'
  | 'rate_limited'
  | 'internal_error'
  | 'unavailable'
  | 'unreadable'

export interface ErrorDetail {
  /** The path of a field, such as `attachments.0.content`. */
  field: string
  message: string
}

interface Facts {
  status: number
  code: ErrorCode
  details: ErrorDetail[]
  requestId: string | null
  retryAfterSeconds: number | null
}

/** The API answered with a failure. `message` is its own, and `details` says field by field what is wrong. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly status: number
  readonly code: ErrorCode
  readonly details: ErrorDetail[]
  /** Finds the request in the service's log. */
  readonly requestId: string | null
  /** When to try again, where the answer says so. */
  readonly retryAfterSeconds: number | null

  constructor(message: string, { status, code, details, requestId, retryAfterSeconds }: Facts) {
    super(message)
    this.status = status
    this.code = code
    this.details = details
    this.requestId = requestId
    this.retryAfterSeconds = retryAfterSeconds
  }
}

/** No whole answer came: the network failed, or the time was up. What was sent may or may not have been done. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError'
}

/** The failure that an answer of 400 or more tells of. */
export function errorOf(status: number, headers: Headers, text: string, now: number): ApiError {
  const { code, message, details } = readBody(text)
  return new ApiError(message ?? `The service answered ${status}`, {
    status,
    code: code ?? 'unreadable',
    details: details ?? [],
    requestId: headers.get('X-Request-Id'),
    retryAfterSeconds: readRetryAfter(headers.get('Retry-After'), now),
  })
}

/** An answer that is well, but no JSON: that of something on the way to the API. */
export function unreadable({ status, headers }: Response): ApiError {
  return new ApiError('The answer is not the API’s: it is no JSON', {
    status,
    code: 'unreadable',
    details: [],
    requestId: headers.get('X-Request-Id'),
    retryAfterSeconds: null,
  })
}

function readBody(text: string): Partial<Pick<ApiError, 'code' | 'message' | 'details'>> {
  try {
    return JSON.parse(text).error ?? {}
  } catch {
    return {}
  }
}

/** Seconds from now; the header holds such, or a date (RFC 9110, 10.2.3). */
function readRetryAfter(header: string | null, now: number): number | null {
  if (header === null) return null
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - now) / 1_000
  return Number.isNaN(seconds) ? null : Math.max(0, seconds)
}
