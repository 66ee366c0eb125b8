import { DbError } from '../db/errors'
import { type ApiError, conflict, payloadTooLarge, preconditionFailed, unavailable, validationError } from './errors'
import { detail } from './validation'

/** What a caller is told of the rules that only the live row can judge. */
const RULES: Record<string, () => ApiError> = {
  attachments: () => validationError([detail(['attachments'], 'would be more than the 500 that a ticket may have')]),
  storage: () =>
    payloadTooLarge('An account may store 5 GB of attachments, a premium one 100 GB (a GB is 1,000,000,000 bytes)'),
  tags: () => validationError([detail(['add_tags'], 'would make more than the 20 tags that a ticket may have')]),
  precondition: () => preconditionFailed(),
  last_admin: () => conflict([detail(['user_id'], 'must not be of the last active admin')]),
  custom_fields: () => validationError([detail(['custom_fields'], 'would be more than the 50 that a ticket may have')]),
}

/**
 * The answer to a failure of the database: 422, 409 or 413 for a rule of the data, 503 for anything else. Other errors stay as
 * they are.
 */
export function refusalOf(error: unknown): unknown {
  if (!(error instanceof DbError)) return error
  const rule = error.failure.kind === 'refused' ? RULES[error.failure.rule] : undefined
  return rule ? rule() : unavailable(error)
}

/** Throws that answer: for the `catch` of a write. */
export function refuse(error: unknown): never {
  throw refusalOf(error)
}
