import { forbidden, type ServiceError } from '../core/errors'

export function signupClosed(): ServiceError {
  return forbidden([], 'Signup is closed: the operator of this service creates accounts')
}
