import { detail } from '../core/error-details'
import { conflict, type ServiceError } from '../core/errors'

export function tooManyKeys(): ServiceError {
  const message = 'The account has reached its limit of active API keys; revoke one first'
  return conflict([{ field: 'name', message, code: 'too_many' }])
}

export function keyRevoked(): ServiceError {
  return conflict([detail(['key_id'], 'not_allowed', 'must be a key that is neither revoked nor expired')])
}
