import type { Bindings } from '../core/config'
import { openDirectory } from '../db/client'
import { retryTransient } from '../lib/retry'
import { DAY } from '../lib/time'
import { WakeUpBatch } from '../service/wake-up-queue'
import {
  cancelDeliveries,
  deleteCompletedAttempts,
  deleteCompletedDeliveries,
  hasDueWebhook,
  purgeDeletedWebhooks,
} from './deliveries.queries'
import { findAccountsWithPendingEvents } from './fan-out.queries'

const ACCOUNTS_PER_SWEEP = 100
const ROWS_PER_STATEMENT = 500
const BATCHES_PER_SWEEP = 10
const COMPLETED_RETENTION = 7 * DAY

/**
 * Enqueues the work that a lost message, a full queue or a crash has left behind: due deliveries, and the pending events
 * of at most 100 accounts after an ID. Returns the ID to continue after the next time.
 */
export async function enqueueWork(env: Bindings, after: string, now: number): Promise<string> {
  const { accounts, due } = await openDirectory(env).batch({
    accounts: findAccountsWithPendingEvents(after, ACCOUNTS_PER_SWEEP),
    due: hasDueWebhook(now),
  })
  const batch = new WakeUpBatch(env.WEBHOOKS)
  for (const { account_id } of accounts) batch.add(account_id, now)
  if (due.length > 0) batch.add(null, now)
  await batch.enqueue()
  return accounts.length < ACCOUNTS_PER_SWEEP ? '' : (accounts.at(-1)?.account_id ?? '')
}

/** Deletes deliveries that completed 7 days ago, and deleted webhooks with theirs: at most 500 rows per statement. */
export async function sweepDeliveries(env: Bindings, now: number): Promise<void> {
  const directory = openDirectory(env)
  const completedBefore = now - COMPLETED_RETENTION
  for (let batches = 0; batches < BATCHES_PER_SWEEP; batches += 1) {
    const { attempts, deliveries } = await retryTransient(() =>
      directory.batch({
        canceled: cancelDeliveries(ROWS_PER_STATEMENT),
        attempts: deleteCompletedAttempts(completedBefore, ROWS_PER_STATEMENT),
        deliveries: deleteCompletedDeliveries(completedBefore, ROWS_PER_STATEMENT),
        purged: purgeDeletedWebhooks(ROWS_PER_STATEMENT),
      }),
    )
    if (attempts.length < ROWS_PER_STATEMENT && deliveries.length < ROWS_PER_STATEMENT) return
  }
}
