import type { Bindings } from '../core/config'
import { type DirectoryDb, openDirectory } from '../db/client'
import type { Statement } from '../db/statement'
import { retryTransient } from '../lib/retry'
import { MINUTE } from '../lib/time'
import { complete, type DueErasure, eraseNext, findDueErasures, isErased, postpone } from './erasures.queries'

const ERASURES_PER_BATCH = 20
const BATCHES_PER_SWEEP = 20
const BYTES_PER_SWEEP = 128 * 1_048_576

/**
 * How long an erasure is kept after the deletion: longer than a delivery takes that had read the event before. Its response is
 * stored without its text while the erasure exists.
 */
const GRACE = 10 * MINUTE

/**
 * Removes the texts of deleted tickets and comments from events, delivery attempts, idempotency records and history, in
 * steps. Each batch records how far it came, so that the next one continues there.
 */
export async function sweepErasures(env: Pick<Bindings, 'DB'>, now: number): Promise<void> {
  const directory = openDirectory(env)
  let bytes = 0
  for (let batches = 0; batches < BATCHES_PER_SWEEP && bytes < BYTES_PER_SWEEP; batches += 1) {
    const due = await retryTransient(() => continueErasures(directory, now))
    if (due.length === 0) return
    bytes += due.reduce((sum, erasure) => sum + erasure.bytes, 0)
  }
}

async function continueErasures(directory: DirectoryDb, now: number): Promise<DueErasure[]> {
  const due = await directory.all(findDueErasures(now, ERASURES_PER_BATCH))
  await directory.execute(due.flatMap((erasure) => nextStep(erasure, now)))
  return due
}

function nextStep(erasure: DueErasure, now: number): Statement[] {
  if (!isErased(erasure)) return eraseNext(erasure, now)
  const end = erasure.created_at + GRACE
  return [end <= now ? complete(erasure) : postpone(erasure, end)]
}
