import { detail } from '../core/error-details'
import {
  conflict,
  forbidden,
  invalidToken,
  preconditionFailed,
  type ServiceError,
  storageFull,
  unavailable,
  validationError,
} from '../core/errors'
import { DbError } from '../db/errors'

/** The errors of the rules that the database enforces, by name. */
export const CONSTRAINT_ERRORS = {
  attachments: () =>
    validationError([detail(['attachments'], 'too_many', 'must be at most 500 on a ticket and its comments')]),
  storage: () =>
    storageFull('The account may store 5 GB of attachments, or 100 GB on premium (1 GB is 1,000,000,000 bytes)'),
  tags: () => validationError([detail(['add_tags'], 'too_many', 'must leave at most 20 tags on the ticket')]),
  precondition: () => preconditionFailed(),
  credential: () => invalidToken('The credential was revoked during the request'),
  role: () => forbidden(),
  last_admin: () => conflict([detail(['user_id'], 'not_allowed', 'must not be the last active admin')]),
  custom_fields: () =>
    validationError([detail(['custom_fields'], 'too_many', 'must leave at most 50 fields on the ticket')]),
} as const satisfies Record<string, () => ServiceError>

/** 422: the idempotency key was used for another request. */
export function idempotencyKeyReused(): ServiceError {
  return validationError([detail(['Idempotency-Key'], 'already_exists', 'was already used for another request')])
}

/** 403: the caller's role may do this, but not with these fields. */
export function fieldsForbidden(fields: readonly string[]): ServiceError {
  return forbidden(fields.map((field) => detail([field], 'not_allowed', 'cannot be set by your role')))
}

/** 503 if the failure is not that of a known rule. */
export function fromDbError(error: DbError): ServiceError {
  const { failure } = error
  return failure.kind === 'constraint' && isRule(failure.rule) ? CONSTRAINT_ERRORS[failure.rule]() : unavailable(error)
}

/** As `fromDbError`; other errors are returned unchanged. */
export function constraintError(error: unknown): unknown {
  return error instanceof DbError ? fromDbError(error) : error
}

function isRule(name: string): name is keyof typeof CONSTRAINT_ERRORS {
  return Object.hasOwn(CONSTRAINT_ERRORS, name)
}

/** For the `catch` of a write. */
export function rethrow(error: unknown): never {
  throw constraintError(error)
}
