/** What is wrong with a field, for programs. Codes may be added, but keep their meaning. */
export const DETAIL_CODES = [
  'required',
  'unknown_field',
  'unknown_parameter',
  'invalid_type',
  'invalid_value',
  'invalid_format',
  'too_short',
  'too_long',
  'too_many',
  'too_large',
  'not_found',
  'already_exists',
  'not_allowed',
  'conflicting_fields',
] as const
export type DetailCode = (typeof DETAIL_CODES)[number]

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
export type ServiceErrorCode = (typeof ERROR_CODES)[number]
