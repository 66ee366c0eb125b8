import { detail } from '../core/error-details'
import { type ApiError, conflict } from '../core/errors'

/** 409: the account has as many live keys as its plan allows. */
export function tooManyKeys(): ApiError {
  return conflict([{ field: 'name', message: 'The plan has no room for one more API key' }])
}

/** 409: a key that was revoked or has expired stays so. */
export function keyRevoked(): ApiError {
  return conflict([detail(['key_id'], 'must name a key that was not revoked and has not expired')])
}
