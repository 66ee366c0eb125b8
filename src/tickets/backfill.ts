import type { DirectoryDb } from '../db/client'
import { findUnindexedTickets, indexTicket } from './backfill.queries'

/** With 65 KiB of text each, they have 6.5 MB. */
const TICKETS_PER_STEP = 100

/**
 * Adds tickets without an entry to the search index: those from before it existed, and those that an earlier version of the
 * service inserts during a deployment. Returns whether there were any.
 */
export async function indexTickets(directory: DirectoryDb): Promise<boolean> {
  const found = await directory.all(findUnindexedTickets(TICKETS_PER_STEP))
  await directory.execute(found.map(indexTicket))
  return found.length > 0
}
