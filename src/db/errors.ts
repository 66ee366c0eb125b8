/** Why a batch failed, without the SQL and the values that the message of D1 may contain. */
type DbFailure =
  | { kind: 'constraint'; rule: string }
  | { kind: 'unique' }
  | { kind: 'missing_row' }
  | { kind: 'transient' }
  | { kind: 'overloaded' }
  | { kind: 'unavailable' }

/** Thrown by `db/client.ts` instead of every error of D1. */
export class DbError extends Error {
  override readonly name = 'DbError'

  constructor(readonly failure: DbFailure) {
    super(failure.kind === 'constraint' ? `refused: ${failure.rule}` : failure.kind)
  }

  /** As on errors of the other bindings: see `lib/retry.ts`. */
  get retryable(): boolean {
    return this.failure.kind === 'transient'
  }

  get overloaded(): boolean {
    return this.failure.kind === 'overloaded'
  }
}

export function isConstraint(error: unknown, rule: string): boolean {
  return error instanceof DbError && error.failure.kind === 'constraint' && error.failure.rule === rule
}

const OVERLOADED = /D1 DB is overloaded/

/**
 * The errors with the action "Retry the operation" in https://developers.cloudflare.com/d1/observability/debug-d1/. D1 itself retries
 * only batches that do not write.
 */
const TRANSIENT =
  /Network connection lost|storage caused object to be reset|reset because its code was updated|transient issue on remote node/

/**
 * `constraint`: a trigger aborted the batch (`RAISE` in `migrations/`). `unique`: a key is in use. `missing_row`: a NOT NULL subquery
 * or a foreign key found no row. `transient`: the batch may have been committed or not.
 */
export function toDbError(error: unknown): DbError {
  const message = error instanceof Error ? error.message : ''
  const rule = /refused:([a-z_]+)/.exec(message)?.[1]
  if (rule) return new DbError({ kind: 'constraint', rule })
  if (/UNIQUE constraint failed|SQLITE_CONSTRAINT_PRIMARYKEY/.test(message)) return new DbError({ kind: 'unique' })
  if (/NOT NULL constraint failed|FOREIGN KEY constraint failed/.test(message))
    return new DbError({ kind: 'missing_row' })
  if (OVERLOADED.test(message)) return new DbError({ kind: 'overloaded' })
  if (TRANSIENT.test(message)) return new DbError({ kind: 'transient' })
  return new DbError({ kind: 'unavailable' })
}

/** Whether the batch was aborted because the caller's credential is no longer valid or its role was lowered. */
export function isCallerRejected(error: unknown): error is DbError {
  return isConstraint(error, 'credential') || isConstraint(error, 'role')
}
