import { sweepObjects } from '../attachments/service'
import { sweepTokens } from '../auth/service'
import { type Bindings, configOf } from '../core/config'
import { logFailure } from '../core/log'
import { openDirectory } from '../db/client'
import { skipAccountsWithoutWebhooks, sweepEvents } from '../events/service'
import { retryTransient } from '../lib/retry'
import { DAY } from '../lib/time'
import { sweepIdempotencyRecords } from '../service/commit'
import { indexTickets } from '../tickets/service'
import { enqueueWork, sweepDeliveries } from '../webhooks/service'
import { sweepBackfills } from './backfills'
import { sweepErasures } from './erasures'

/** The account after which the next sweep continues, for each task that goes from account to account. */
export interface SweepProgress {
  fanOut: string
  events: string
}

export const BEGINNING: SweepProgress = { fanOut: '', events: '' }

/**
 * Recovers lost work of all accounts: notifies the queue of pending events and deliveries, deletes expired rows, orphaned
 * objects, and the texts of deleted tickets and comments, and continues backfills. Logs failures instead of throwing; the next
 * sweep retries them.
 */
export async function sweep(env: Bindings, progress: SweepProgress, now: number): Promise<SweepProgress> {
  const backfills = sweepBackfills(env, now)
  const [fanOut, events, ...others] = await Promise.allSettled([
    enqueueWork(env, progress.fanOut, now),
    sweepEvents(env, progress.events, configOf(env).eventRetentionDays * DAY, now),
    skipAccountsWithoutWebhooks(env),
    sweepDeliveries(env, now),
    sweepObjects(env, now),
    sweepTokens(env, now),
    sweepIdempotencyRecords(env, now),
    sweepErasures(env, now),
    backfills,
    // After the backfills, which index tickets too.
    backfills.catch(() => undefined).then(() => retryTransient(() => indexTickets(openDirectory(env)))),
  ])
  for (const result of [fanOut, events, ...others]) if (result.status === 'rejected') logFailure('sweep', result.reason)
  return { fanOut: cursorOf(fanOut), events: cursorOf(events) }
}

/** After a failure, a task begins with the first account again. */
function cursorOf(result: PromiseSettledResult<string>): string {
  return result.status === 'fulfilled' ? result.value : ''
}
