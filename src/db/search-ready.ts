import type { AccountDb } from './client'
import { backfills } from './schema/accounts'
import { sql } from './sql'
import { type NamedStatements, type Results, select } from './statement'

/** A row while the sweep is filling the search indexes. It belongs to no account. */
const PENDING = { pending: select({ name: backfills.name }, sql`FROM ${backfills} WHERE ${backfills.name} = 'search'`) }

/**
 * Runs statements that search. While the sweep has not indexed all tickets and users yet, it calls `statementsOf` once more, with
 * true, for a second round trip.
 */
export async function searchBatch<const T extends NamedStatements>(
  db: Pick<AccountDb, 'batch'>,
  statementsOf: (usesOldIndex: boolean) => T,
): Promise<Results<T>> {
  const rows: Results<typeof PENDING> & Results<T> = await db.batch({ ...PENDING, ...statementsOf(false) })
  return rows.pending.length === 0 ? rows : db.batch(statementsOf(true))
}
