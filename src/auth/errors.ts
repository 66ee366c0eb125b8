import { type ApiError, forbidden } from '../core/errors'

/** 403, the same for an account that does not exist and for one that is closed. */
export function registrationClosed(): ApiError {
  return forbidden([], 'There is no account of this name that is open for registration')
}
