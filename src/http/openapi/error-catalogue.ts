import { detail } from '../../core/error-details'
import {
  type ApiError,
  authenticationRequired,
  cursorExpired,
  type ErrorCode,
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
  unavailable,
} from '../../core/errors'
import { idempotencyKeyReused } from '../../service/constraint-errors'

interface Entry {
  meaning: string
  example: ApiError
}

/** In the order of their statuses. */
export const ERROR_CATALOGUE: Record<ErrorCode, Entry> = {
  invalid_input: {
    meaning:
      'The body is not JSON, or a field, a parameter or a header is missing, unknown, of another type or outside its ' +
      'range. `details` has an entry for each.',
    example: invalidInput([detail(['priority'], 'invalid_value', 'must be one of: low, medium, high, critical')]),
  },
  unauthorized: {
    meaning: 'There is no credential, or it is malformed, expired, forged or revoked.',
    example: authenticationRequired(),
  },
  invalid_credentials: {
    meaning:
      'The password does not fit the e-mail, nobody has it, its user is inactive, or `account` must say which of several ' +
      'accounts is meant: the answer is the same.',
    example: invalidCredentials(),
  },
  forbidden: {
    meaning:
      'The caller is known, but its role may not do this, or not with the fields that `details` names. Also any request ' +
      'over plain HTTP where the service is deployed.',
    example: forbidden([detail(['assigned_to'], 'not_allowed', 'cannot be set by your role')]),
  },
  not_found: {
    meaning: 'It is not there, or the caller may not see it: nobody can tell which.',
    example: notFound(),
  },
  method_not_allowed: {
    meaning: 'The path has other methods: `Allow` names them.',
    example: methodNotAllowed(['GET', 'HEAD', 'PATCH', 'DELETE']),
  },
  request_timeout: {
    meaning: 'The body of the request did not arrive within 30 seconds. The request had no effect.',
    example: requestTimeout(30),
  },
  conflict: {
    meaning:
      'The request is at odds with what is there: an e-mail or a URL in use, the last admin, a limit of the plan, a webhook ' +
      'that is off, an `Idempotency-Key` whose answer was forgotten just now.',
    example: idempotencyRecordExpired(),
  },
  cursor_expired: {
    meaning: 'The events after the cursor are kept no longer; `details` names the oldest sequence that is.',
    example: cursorExpired(4_711),
  },
  length_required: {
    meaning: 'A file was sent without its `Content-Length`.',
    example: lengthRequired(),
  },
  precondition_failed: {
    meaning: 'The ticket has another version than `If-Match` names. Read it again, and decide anew.',
    example: preconditionFailed(),
  },
  payload_too_large: {
    meaning: 'The body has more bytes than the route takes, or the account has no room for them.',
    example: payloadTooLarge('10 MiB'),
  },
  unsupported_media_type: {
    meaning: 'The body has another `Content-Type` than the message names.',
    example: jsonRequired(),
  },
  range_not_satisfiable: {
    meaning: 'The range begins behind the end of the file; `Content-Range` tells its size.',
    example: rangeNotSatisfiable(258_940),
  },
  validation_error: {
    meaning:
      'The request is well-formed, but refers to what it may not, would break a limit of the ticket, or reuses an ' +
      '`Idempotency-Key` for something else.',
    example: idempotencyKeyReused(),
  },
  rate_limited: {
    meaning: 'The limit that the message names is reached: wait as long as `Retry-After` says.',
    example: rateLimited('100 requests per minute', 41),
  },
  internal_error: {
    meaning: 'Something went wrong on our side. `X-Request-Id` is what to report.',
    example: internalError(),
  },
  unavailable: {
    meaning: 'Something that the service needs does not answer. Wait as long as `Retry-After` says.',
    example: unavailable(),
  },
}
