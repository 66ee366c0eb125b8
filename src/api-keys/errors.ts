import { detail } from '../core/error-details'
import { type ApiError, conflict } from '../core/errors'

export function tooManyKeys(): ApiError {
  return conflict([{ field: 'name', message: 'The plan has no room for one more API key' }])
}

export function keyRevoked(): ApiError {
  return conflict([detail(['key_id'], 'must name a key that was not revoked and has not expired')])
}
