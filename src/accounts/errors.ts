import { type ApiError, forbidden } from '../core/errors'

export function signupClosed(): ApiError {
  return forbidden([], 'Accounts are made by the operator of this service')
}
