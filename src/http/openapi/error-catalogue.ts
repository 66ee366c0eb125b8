import { detail } from '../../core/error-details'
import {
  authenticationRequired,
  cursorExpired,
  forbidden,
  idempotencyRecordExpired,
  internalError,
  invalidCredentials,
  invalidInput,
  jsonRequired,
  lengthRequired,
  methodNotAllowed,
  notFound,
  payloadTooLarge,
  preconditionFailed,
  rangeNotSatisfiable,
  rateLimited,
  requestTimeout,
  type ServiceError,
  type ServiceErrorCode,
  unavailable,
} from '../../core/errors'
import { idempotencyKeyReused } from '../../service/constraint-errors'

interface Entry {
  meaning: string
  /** Errors capture a stack, which takes time at startup. */
  example: () => ServiceError
}

/** In the order of their statuses. */
export const ERROR_CATALOGUE: Record<ServiceErrorCode, Entry> = {
  invalid_input: {
    meaning:
      'The body is not JSON, or a field, parameter or header is missing, unknown, of the wrong type or out of range. ' +
      '`details` lists each.',
    example: () => invalidInput([detail(['priority'], 'invalid_value', 'must be one of: low, medium, high, critical')]),
  },
  unauthorized: {
    meaning: 'The credential is missing, malformed, expired, forged or revoked, or its user is inactive.',
    example: () => authenticationRequired(),
  },
  invalid_credentials: {
    meaning:
      'The login failed. An unknown email, a wrong password, an inactive user and a missing `account` get the same response.',
    example: () => invalidCredentials(),
  },
  forbidden: {
    meaning:
      'The role of the caller does not allow this, or not with the fields in `details`. Also for plain HTTP to a deployed ' +
      'service.',
    example: () => forbidden([detail(['assigned_to'], 'not_allowed', 'cannot be set by your role')]),
  },
  not_found: {
    meaning: 'The resource does not exist or is not visible to the caller. Also for a path without an operation.',
    example: () => notFound(),
  },
  method_not_allowed: {
    meaning: 'The path does not support the method. `Allow` lists the methods that it supports.',
    example: () => methodNotAllowed(['GET', 'HEAD', 'PATCH', 'DELETE']),
  },
  request_timeout: {
    meaning: 'The body did not arrive within 30 seconds. The request had no effect.',
    example: () => requestTimeout(30),
  },
  conflict: {
    meaning:
      'The request conflicts with the current state: an email or URL in use, the last admin, a limit of the plan, an inactive ' +
      'webhook, or an `Idempotency-Key` whose response has just expired.',
    example: () => idempotencyRecordExpired(),
  },
  cursor_expired: {
    meaning: 'The cursor is older than the retained events. `details` names the oldest retained sequence.',
    example: () => cursorExpired(4_711),
  },
  length_required: {
    meaning: 'A file was sent without `Content-Length`.',
    example: () => lengthRequired(),
  },
  precondition_failed: {
    meaning: 'The ticket does not have the version in `If-Match`. Fetch it again and retry.',
    example: () => preconditionFailed(),
  },
  payload_too_large: {
    meaning: 'The body exceeds a limit, or the account has no storage left.',
    example: () => payloadTooLarge('10 MiB'),
  },
  unsupported_media_type: {
    meaning: 'The body has the wrong `Content-Type`, or a `Content-Encoding`. The message names what to send.',
    example: () => jsonRequired(),
  },
  range_not_satisfiable: {
    meaning: 'The range begins after the end of the file. `Content-Range` has its size.',
    example: () => rangeNotSatisfiable(258_940),
  },
  validation_error: {
    meaning:
      'The request is well-formed, but refers to something that is not allowed, would exceed a limit, or reuses an ' +
      '`Idempotency-Key` for another request.',
    example: () => idempotencyKeyReused(),
  },
  rate_limited: {
    meaning: 'The limit in the message is reached. Retry after the seconds in `Retry-After`.',
    example: () => rateLimited('100 requests per minute', 41),
  },
  internal_error: {
    meaning: 'An unexpected error occurred. Report it with `request_id`.',
    example: () => internalError(),
  },
  unavailable: {
    meaning: 'The service or its storage cannot be reached. Retry after the seconds in `Retry-After`.',
    example: () => unavailable(),
  },
}
