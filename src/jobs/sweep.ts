import { sweepObjects } from '../attachments/service'
import { sweepTokens } from '../auth/service'
import { type Bindings, configOf } from '../core/config'
import { logFailure } from '../core/log'
import { skipAccountsWithoutWebhooks, sweepEvents } from '../events/service'
import { DAY } from '../lib/time'
import { sweepIdempotencyRecords } from '../service/commit'
import { enqueueWork, sweepDeliveries } from '../webhooks/service'

/**
 * Looks after what was left behind, in all accounts: rings for events and deliveries, forgets what is kept no longer,
 * deletes objects of what is gone. Gives the account that the next sweep goes on with. Never throws: a part that fails is
 * logged, and tried again by the next sweep.
 */
export async function sweep(env: Bindings, after: string, now: number): Promise<string> {
  const [next, ...others] = await Promise.allSettled([
    enqueueWork(env, after, now),
    skipAccountsWithoutWebhooks(env),
    sweepEvents(env, configOf(env).eventRetentionDays * DAY, now),
    sweepDeliveries(env, now),
    sweepObjects(env, now),
    sweepTokens(env, now),
    sweepIdempotencyRecords(env, now),
  ])
  for (const result of [next, ...others]) if (result.status === 'rejected') logFailure('sweep', result.reason)
  return next.status === 'fulfilled' ? next.value : ''
}
