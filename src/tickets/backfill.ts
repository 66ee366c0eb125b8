import type { Bindings } from '../core/config'
import { openDirectory } from '../db/client'
import { findUnindexedTickets, indexTicket } from './backfill.queries'

/** At 65 KiB of text each, a step reads 6.5 MB. */
const TICKETS_PER_STEP = 100
const STEPS_PER_SWEEP = 10

/**
 * Adds tickets without an entry to the search index: those from before it existed, and those that an earlier version of the
 * service inserts during a deployment. Returns whether none was left.
 */
export async function indexTickets(env: Bindings): Promise<boolean> {
  const directory = openDirectory(env)
  for (let step = 0; step < STEPS_PER_SWEEP; step += 1) {
    const found = await directory.all(findUnindexedTickets(TICKETS_PER_STEP))
    if (found.length === 0) return true
    await directory.batch(Object.fromEntries(found.map((ticket, index) => [index, indexTicket(ticket)])))
  }
  return false
}
