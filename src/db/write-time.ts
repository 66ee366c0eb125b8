import { accountCounters } from './schema/accounts'
import { type SQL, sql } from './sql'

/**
 * The time of a write (ms): the clock's, or later if an earlier write of the account has that time or a later one. The
 * writes of an account therefore have times in the order of their commits, whatever the clocks of isolates say and however
 * long requests take.
 */
export interface WriteClock {
  now: number
  /** How many files the write adds: each has a millisecond of its own, and the write has the time of the last. */
  files?: number
}

/** The time of the write that the batch is about to commit, for statements before `reserveSequences`. */
export function nextWriteTime(accountId: string, clock: WriteClock): SQL<number> {
  return sql`(SELECT ${nextAfterLatest(clock)} FROM ${accountCounters} WHERE ${accountCounters.accountId} = ${accountId})`
}

/** The same time within a statement on `accountCounters`. */
export function nextAfterLatest({ now, files = 1 }: WriteClock): SQL<number> {
  const next = sql<number>`max(${now}, ${accountCounters.lastWriteAt} + 1)`
  return files > 1 ? sql`${next} + ${files - 1}` : next
}

/** The time that the batch has reserved. */
export function lastWriteTime(accountId: string): SQL<number> {
  return sql`(SELECT ${accountCounters.lastWriteAt} FROM ${accountCounters} WHERE ${accountCounters.accountId} = ${accountId})`
}
