import { detail } from '../core/error-details'
import { type ApiError, conflict } from '../core/errors'

export function emailTaken(): ApiError {
  return conflict([detail(['email'], 'already_exists', 'is already in use in this account')])
}
