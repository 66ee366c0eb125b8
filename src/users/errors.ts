import { detail } from '../core/error-details'
import { type ApiError, conflict } from '../core/errors'

/** 409: somebody of the account has this e-mail. */
export function emailTaken(): ApiError {
  return conflict([detail(['email'], 'is already in use in this account')])
}
