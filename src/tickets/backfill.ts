import type { Bindings } from '../core/config'
import { openDirectory } from '../db/client'
import { findUnindexedTickets, indexTicket } from './backfill.queries'

/** With 65 KiB of text each, they have 6.5 MB. */
const TICKETS_PER_STEP = 100

/**
 * Adds tickets without an entry to the search index: those from before it existed, and those that an earlier version of the
 * service inserts during a deployment. Returns whether there were any.
 */
export async function indexTickets(env: Pick<Bindings, 'DB'>): Promise<boolean> {
  const directory = openDirectory(env)
  const found = await directory.all(findUnindexedTickets(TICKETS_PER_STEP))
  if (found.length === 0) return false
  await directory.batch(Object.fromEntries(found.map((ticket, index) => [index, indexTicket(ticket)])))
  return true
}
