/** Error codes of the API. `unreadable` is the client's own, for a response of Cloudflare or another proxy in front of the API. */
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

/** What is wrong with a field. Later versions of the API may add codes. */
export type DetailCode =
  | 'required'
  | 'unknown_field'
  | 'unknown_parameter'
  | 'invalid_type'
  | 'invalid_value'
  | 'invalid_format'
  | 'too_short'
  | 'too_long'
  | 'too_many'
  | 'too_large'
  | 'not_found'
  | 'already_exists'
  | 'not_allowed'
  | 'conflicting_fields'

export interface ErrorDetail {
  /** The path of a field, such as `attachments.0.content`. */
  field: string
  message: string
  code: DetailCode
}

interface ErrorFields {
  status: number
  code: ErrorCode
  details: ErrorDetail[]
  documentationUrl: string | null
  requestId: string | null
  retryAfterSeconds: number | null
}

/** An error response. `message` is the API's, or names the proxy that responded in its place; `details` lists the invalid fields. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly status: number
  readonly code: ErrorCode
  readonly details: ErrorDetail[]
  /** The section of the documentation about `code`. */
  readonly documentationUrl: string | null
  /** Identifies the request in the service's log. */
  readonly requestId: string | null
  /** When to retry, if the response says so. */
  readonly retryAfterSeconds: number | null

  constructor(message: string, { status, code, details, documentationUrl, requestId, retryAfterSeconds }: ErrorFields) {
    super(message)
    this.status = status
    this.code = code
    this.details = details
    this.documentationUrl = documentationUrl
    this.requestId = requestId
    this.retryAfterSeconds = retryAfterSeconds
  }
}

/** No complete response: a network error or a timeout. The request may or may not have run. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError'
}

/** For a status of 400 or more. */
export function errorOf(status: number, headers: Headers, text: string, now: number): ApiError {
  const { code, message, details, documentation_url, request_id } = readBody(text)
  return new ApiError(message ?? proxyMessage(status, headers, text), {
    status,
    code: code ?? 'unreadable',
    details: details ?? [],
    documentationUrl: documentation_url ?? null,
    requestId: headers.get('X-Request-Id') ?? request_id ?? null,
    retryAfterSeconds: readRetryAfter(headers.get('Retry-After'), now),
  })
}

/** A successful response without JSON, for example from a proxy. */
export function unreadable({ status, headers }: Response): ApiError {
  return new ApiError('Unexpected non-JSON response', {
    status,
    code: 'unreadable',
    details: [],
    documentationUrl: null,
    requestId: headers.get('X-Request-Id'),
    retryAfterSeconds: null,
  })
}

/** In the text or the HTML of Cloudflare's error pages, such as 1010 for a rejected client. */
const CLOUDFLARE_CODE = /\berror(?:\s+code)?:?\s*(?:<[^>]*>\s*)?(1\d{3}|5\d\d)\b/i

function proxyMessage(status: number, headers: Headers, text: string): string {
  const isCloudflare = headers.has('CF-Ray') || headers.get('Server') === 'cloudflare'
  if (!isCloudflare) return `A proxy returned status ${status} in place of the API`
  const code = headers.get('cf-error-type') ?? CLOUDFLARE_CODE.exec(text)?.[1]
  return `Cloudflare returned status ${status}${code ? ` (error ${code})` : ''} in place of the API`
}

interface ErrorBody extends Pick<ApiError, 'code' | 'message' | 'details'> {
  documentation_url: string
  request_id: string
}

function readBody(text: string): Partial<ErrorBody> {
  try {
    return JSON.parse(text).error ?? {}
  } catch {
    return {}
  }
}

/** Seconds from now. The header contains seconds or a date (RFC 9110, 10.2.3). */
function readRetryAfter(header: string | null, now: number): number | null {
  if (header === null) return null
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - now) / 1_000
  return Number.isNaN(seconds) ? null : Math.max(0, seconds)
}
