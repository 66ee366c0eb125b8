import { detail } from '../core/error-details'
import { conflict, type ServiceError } from '../core/errors'

export function emailTaken(): ServiceError {
  return conflict([detail(['email'], 'already_exists', 'is already in use in this account')])
}
