import type { Bindings } from '../core/config'
import { openDirectory } from '../db/client'
import { DAY } from '../lib/time'
import { WakeUpBatch } from '../service/wake-up-queue'
import { cancelDeliveries, deleteCompleted, hasDueWebhook, purgeDeletedWebhooks } from './deliveries.queries'
import { findAccountsWithPendingEvents } from './fan-out.queries'

const ACCOUNTS_A_SWEEP = 100
const ROWS_A_STATEMENT = 500
const STATEMENTS_A_SWEEP = 10
const COMPLETED_RETENTION = 7 * DAY

/**
 * Rings for what a lost message, a full queue or a crash has left behind: for at most 100 accounts with events that were
 * not fanned out, beginning after the one that is named, and for what is due. Gives the account to go on with next time.
 */
export async function enqueueWork(env: Bindings, after: string, now: number): Promise<string> {
  const [accounts, due] = await openDirectory(env).batch([
    findAccountsWithPendingEvents(after, ACCOUNTS_A_SWEEP),
    hasDueWebhook(now),
  ])
  const batch = new WakeUpBatch(env.WEBHOOKS)
  for (const { account_id } of accounts) batch.add(account_id, now)
  if (due.length > 0) batch.add(null, now)
  await batch.enqueue()
  return accounts.length < ACCOUNTS_A_SWEEP ? '' : (accounts.at(-1)?.account_id ?? '')
}

/** Forgets deliveries that were settled 7 days ago, and what belonged to deleted webhooks: at most 500 rows a statement. */
export async function sweepDeliveries(env: Bindings, now: number): Promise<void> {
  const directory = openDirectory(env)
  for (let statements = 0; statements < STATEMENTS_A_SWEEP; statements += 1) {
    const [, attempts, deliveries] = await directory.batch([
      cancelDeliveries(ROWS_A_STATEMENT),
      ...deleteCompleted(now - COMPLETED_RETENTION, ROWS_A_STATEMENT),
      purgeDeletedWebhooks(ROWS_A_STATEMENT),
    ])
    if (attempts.length < ROWS_A_STATEMENT && deliveries.length < ROWS_A_STATEMENT) return
  }
}
