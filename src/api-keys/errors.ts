import { detail } from '../core/error-details'
import { type ApiError, conflict } from '../core/errors'

export function tooManyKeys(): ApiError {
  const message = 'The account has reached its limit of active API keys; revoke one first'
  return conflict([{ field: 'name', message, code: 'too_many' }])
}

export function keyRevoked(): ApiError {
  return conflict([detail(['key_id'], 'not_allowed', 'must be a key that is neither revoked nor expired')])
}
