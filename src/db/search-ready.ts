import type { AccountDb } from './client'
import { backfills } from './schema/accounts'
import { sql } from './sql'
import { type NamedStatements, type Results, select } from './statement'

/** A row while the sweep is filling the search indexes. It belongs to no account. */
const PENDING = { pending: select({ name: backfills.name }, sql`FROM ${backfills} WHERE ${backfills.name} = 'search'`) }

interface SearchFilter {
  q?: string | undefined
  usesOldIndex?: boolean | undefined
}

/**
 * Runs the statements for a filter. If it searches and the sweep has not indexed all tickets and users yet, it takes a second
 * round trip, for the filter with `usesOldIndex`.
 */
export async function searchBatch<F extends SearchFilter, const T extends NamedStatements>(
  db: Pick<AccountDb, 'batch'>,
  filter: F,
  statementsFor: (filter: F) => T,
): Promise<Results<T>> {
  if (filter.q === undefined) return db.batch(statementsFor(filter))
  const rows: Results<typeof PENDING> & Results<T> = await db.batch({ ...PENDING, ...statementsFor(filter) })
  return rows.pending.length === 0 ? rows : db.batch(statementsFor({ ...filter, usesOldIndex: true }))
}
