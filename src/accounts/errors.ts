import { type ApiError, forbidden } from '../core/errors'

export function signupClosed(): ApiError {
  return forbidden([], 'Signup is closed: the operator of this service creates accounts')
}
