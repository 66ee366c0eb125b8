import type { AccountDb } from './client'
import { backfills } from './schema/backfills'
import { sql } from './sql'
import { type NamedStatements, type Results, select } from './statement'

/** Whether the search indexes have all tickets and users: one row, of no account. */
const READINESS = {
  readiness: select({ is_done: backfills.isDone }, sql`FROM ${backfills} WHERE ${backfills.name} = 'search'`),
}

/**
 * Runs statements that search. If the sweep has not indexed all tickets and users yet, it calls `statementsOf` once more, with
 * true, for a second round trip.
 */
export async function searchBatch<const T extends NamedStatements>(
  db: Pick<AccountDb, 'batch'>,
  statementsOf: (usesOldIndex: boolean) => T,
): Promise<Results<T>> {
  const rows: Results<typeof READINESS> & Results<T> = await db.batch({ ...READINESS, ...statementsOf(false) })
  return rows.readiness[0]?.is_done === 1 ? rows : db.batch(statementsOf(true))
}
