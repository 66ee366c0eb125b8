import { forbidden, type ServiceError } from '../core/errors'

/** The same for an account that does not exist and for a closed one. */
export function registrationClosed(): ServiceError {
  return forbidden([], 'No account with this slug is open for registration')
}
