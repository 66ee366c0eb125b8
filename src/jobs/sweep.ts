import { sweepObjects } from '../attachments/service'
import { sweepTokens } from '../auth/service'
import { type Bindings, configOf } from '../core/config'
import { logFailure } from '../core/log'
import { openDirectory } from '../db/client'
import { skipAccountsWithoutWebhooks, sweepEvents } from '../events/service'
import { DAY } from '../lib/time'
import { sweepIdempotencyRecords } from '../service/commit'
import { indexTickets } from '../tickets/service'
import { enqueueWork, sweepDeliveries } from '../webhooks/service'
import { sweepBackfills } from './backfills'
import { sweepErasures } from './erasures'

/**
 * Recovers lost work of all accounts: notifies the queue of pending events and deliveries, deletes expired rows, orphaned
 * objects, and the texts of deleted tickets and comments, and continues backfills. Returns the account after which the next
 * sweep continues. Logs failures instead of throwing; the next sweep retries them.
 */
export async function sweep(env: Bindings, after: string, now: number): Promise<string> {
  const backfills = sweepBackfills(env, now)
  const [next, ...others] = await Promise.allSettled([
    enqueueWork(env, after, now),
    skipAccountsWithoutWebhooks(env),
    sweepEvents(env, configOf(env).eventRetentionDays * DAY, now),
    sweepDeliveries(env, now),
    sweepObjects(env, now),
    sweepTokens(env, now),
    sweepIdempotencyRecords(env, now),
    sweepErasures(env, now),
    backfills,
    // After the backfills, which index tickets too.
    backfills.catch(() => undefined).then(() => indexTickets(openDirectory(env))),
  ])
  for (const result of [next, ...others]) if (result.status === 'rejected') logFailure('sweep', result.reason)
  return next.status === 'fulfilled' ? next.value : ''
}
