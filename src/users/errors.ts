import { detail } from '../core/error-details'
import { conflict, forbidden, type ServiceError } from '../core/errors'

export function emailTaken(): ServiceError {
  return conflict([detail(['email'], 'already_exists', 'is already in use in this account')])
}

/** Setting a password needs no current one, so a stolen token could take over its user. */
export function ownPassword(): ServiceError {
  return forbidden([], 'Change your own password with POST /auth/password')
}
