import { type SQL, sql } from 'drizzle-orm'

/**
 * The time (ms) of the write that the batch is about to commit, as an SQL expression: `now`, or later where an earlier write
 * of the account has that time or a later one. Writes of an account therefore have times in the order of their commits,
 * whatever the clocks of isolates say and however long requests take. For statements before `takeSequences`.
 */
export function nextWriteTime(accountId: string, now: number): SQL {
  return sql`(SELECT ${nextAfterLatest(now)} FROM account_state WHERE account_id = ${accountId})`
}

/** The same time in terms of a row of `account_state`. */
export function nextAfterLatest(now: number): SQL {
  return sql`max(${now}, last_write_at + 1)`
}

/** The time (ms) that the batch has taken, as an SQL expression. For statements after `takeSequences`. */
export function lastWriteTime(accountId: string): SQL {
  return sql`(SELECT last_write_at FROM account_state WHERE account_id = ${accountId})`
}
