import { type SQL, sql } from 'drizzle-orm'

/**
 * The time of a write (ms): the clock's, or later where an earlier write of the account has that time or a later one. Writes
 * of an account therefore have times in the order of their commits, whatever the clocks of isolates say and however long
 * requests take. `account_state.last_write_at` holds the latest.
 */
export interface WriteClock {
  now: number
  /** How many files the write brings: each has a millisecond of its own, and the write has the time of the last. */
  files?: number
}

/** The time of the write that the batch is about to commit, as an SQL expression, for statements before it is taken. */
export function nextWriteTime(accountId: string, clock: WriteClock): SQL {
  return sql`(SELECT ${nextAfterLatest(clock)} FROM account_state WHERE account_id = ${accountId})`
}

/** The same time in terms of a row of `account_state`: the statement that takes it sets `last_write_at` to it. */
export function nextAfterLatest({ now, files = 1 }: WriteClock): SQL {
  return files > 1 ? sql`max(${now}, last_write_at + 1) + ${files - 1}` : sql`max(${now}, last_write_at + 1)`
}

/** The time that the batch has taken, as an SQL expression. */
export function lastWriteTime(accountId: string): SQL {
  return sql`(SELECT last_write_at FROM account_state WHERE account_id = ${accountId})`
}
