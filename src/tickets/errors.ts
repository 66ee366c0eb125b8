import { detail } from '../core/error-details'
import { type ApiError, forbidden } from '../core/errors'

/** What `created_by` and `assigned_to` must name; otherwise 422. */
export const unknownCreator = () => detail(['created_by'], 'must be a user of this account')
export const unknownAssignee = () => detail(['assigned_to'], 'must be an active agent or admin of this account')

/** 403: a customer may close a ticket and open it again, and move it nowhere else. */
export function statusChangeForbidden(status: string): ApiError {
  return forbidden([detail(['status'], `can not be set to ${status} by your role`)])
}
