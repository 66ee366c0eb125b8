/** Why the database did not do it, without the SQL and the values that its own message may hold. */
type DbFailure = { kind: 'refused'; rule: string } | { kind: 'unique' } | { kind: 'gone' } | { kind: 'unavailable' }

/** Thrown by `db/client.ts` in place of every error of D1. */
export class DbError extends Error {
  override readonly name = 'DbError'

  constructor(readonly failure: DbFailure) {
    super(failure.kind === 'refused' ? `refused: ${failure.rule}` : failure.kind)
  }
}

/** Whether a rule of the data has refused the batch. */
export function isConstraint(error: unknown, rule: string): boolean {
  return error instanceof DbError && error.failure.kind === 'refused' && error.failure.rule === rule
}

/**
 * What an error of D1 means: `refused` by a rule of `migrations/0001_triggers.sql` (RAISE), `unique` for a key that is
 * taken, `gone` for a row that a NOT NULL subquery or a foreign key no longer found, else `unavailable`.
 */
export function toDbError(error: unknown): DbError {
  const message = error instanceof Error ? error.message : ''
  const rule = /refused:([a-z_]+)/.exec(message)?.[1]
  if (rule) return new DbError({ kind: 'refused', rule })
  if (/UNIQUE constraint failed|SQLITE_CONSTRAINT_PRIMARYKEY/.test(message)) return new DbError({ kind: 'unique' })
  if (/NOT NULL constraint failed|FOREIGN KEY constraint failed/.test(message)) return new DbError({ kind: 'gone' })
  return new DbError({ kind: 'unavailable' })
}

/** Whether a batch was refused because the caller's credential or role does not hold any more. */
export function isAccessEnded(error: unknown): boolean {
  return isConstraint(error, 'credential') || isConstraint(error, 'role')
}
