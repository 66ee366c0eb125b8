import { type ApiError, conflict } from '../http/errors'
import { detail } from '../http/validation'

/** 409: somebody of the account has this e-mail. */
export function emailTaken(): ApiError {
  return conflict([detail(['email'], 'is already in use in this account')])
}
