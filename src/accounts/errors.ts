import { type ApiError, forbidden } from '../core/errors'

/** 403: the operator makes the accounts. */
export function signupClosed(): ApiError {
  return forbidden([], 'Accounts are made by the operator of this service')
}
