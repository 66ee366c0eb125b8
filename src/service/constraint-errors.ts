import { detail } from '../core/error-details'
import {
  type ApiError,
  conflict,
  forbidden,
  payloadTooLarge,
  preconditionFailed,
  unauthorized,
  unavailable,
  validationError,
} from '../core/errors'
import { DbError } from '../db/errors'

/** The errors of the rules that the database enforces, by name. */
export const CONSTRAINT_ERRORS = {
  attachments: () => validationError([detail(['attachments'], 'must be at most 500 on a ticket and its comments')]),
  storage: () =>
    payloadTooLarge('An account may store 5 GB of attachments, a premium one 100 GB (a GB is 1,000,000,000 bytes)'),
  tags: () => validationError([detail(['add_tags'], 'must leave at most 20 tags on the ticket')]),
  precondition: () => preconditionFailed(),
  credential: () => unauthorized(),
  role: () => forbidden(),
  last_admin: () => conflict([detail(['user_id'], 'must not name the last active admin')]),
  custom_fields: () => validationError([detail(['custom_fields'], 'must be at most 50 on a ticket')]),
} as const satisfies Record<string, () => ApiError>

/** 422: the idempotency key was used for another request. */
export function idempotencyKeyReused(): ApiError {
  return validationError([detail(['Idempotency-Key'], 'was used for another request')])
}

/** 403: the caller's role may do this, but not with these fields. */
export function fieldsForbidden(fields: readonly string[]): ApiError {
  return forbidden(fields.map((field) => detail([field], 'can not be set by your role')))
}

/** 503 if the failure is not that of a known rule. */
export function fromDbError(error: DbError): ApiError {
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
