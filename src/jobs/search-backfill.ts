import type { Bindings } from '../core/config'
import { openDirectory } from '../db/client'
import { indexTickets } from '../tickets/service'
import { foldUsers } from '../users/service'
import { completeBackfill, continueBackfill, findBackfill } from './backfill.queries'

/** The position after the last user. Positions of users are JSON. */
const ALL_USERS = 'end'

/** A step of filling the search indexes. Searches use the old ones until both are complete. */
export async function fillSearchIndexes(env: Bindings): Promise<void> {
  const hasAllTickets = await indexTickets(env)
  const directory = openDirectory(env)
  const backfill = await directory.first(findBackfill('search'))
  if (!backfill || backfill.is_done === 1) return
  const next = backfill.position === ALL_USERS ? null : await foldUsers(env, backfill.position)
  const hasAll = hasAllTickets && next === null
  await directory.all(hasAll ? completeBackfill('search') : continueBackfill('search', next ?? ALL_USERS))
}
