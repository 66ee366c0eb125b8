import { detail } from '../core/error-details'
import { forbidden, type ServiceError } from '../core/errors'

export const unknownCreator = () => detail(['created_by'], 'not_found', 'must be a user of this account')
export const unknownAssignee = () =>
  detail(['assigned_to'], 'not_allowed', 'must be an active agent or admin of this account')

/** 403: customers may only close and reopen tickets. */
export function statusChangeForbidden(status: string): ServiceError {
  return forbidden([detail(['status'], 'not_allowed', `cannot be set to ${status} by your role`)])
}
