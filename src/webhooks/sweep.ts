import type { Bindings } from '../core/config'
import { openDirectory } from '../db/client'
import { DAY } from '../lib/time'
import { Bell } from '../service/wake-up-queue'
import { abandonDeliveries, deleteEndedWebhooks, deleteSettled, findDue } from './deliveries.queries'
import { findAccountsWithWork } from './fan-out.queries'

const ACCOUNTS_A_SWEEP = 100
const ROWS_A_STATEMENT = 500
const STATEMENTS_A_SWEEP = 10
const SETTLED_ARE_KEPT_FOR = 7 * DAY

/**
 * Rings for what a lost message, a full queue or a crash has left behind: for at most 100 accounts with events that were
 * not fanned out, beginning after the one that is named, and for what is due. Gives the account to go on with next time.
 */
export async function ringForWork(env: Bindings, after: string, now: number): Promise<string> {
  const [accounts, due] = await openDirectory(env).batch([findAccountsWithWork(after, ACCOUNTS_A_SWEEP), findDue(now)])
  const bell = new Bell(env.WEBHOOKS)
  for (const { account_id } of accounts) bell.add(account_id, now)
  if (due.length > 0) bell.add(null, now)
  await bell.ring()
  return accounts.length < ACCOUNTS_A_SWEEP ? '' : (accounts.at(-1)?.account_id ?? '')
}

/** Forgets deliveries that were settled 7 days ago, and what belonged to deleted webhooks: at most 500 rows a statement. */
export async function sweepDeliveries(env: Bindings, now: number): Promise<void> {
  const directory = openDirectory(env)
  for (let statements = 0; statements < STATEMENTS_A_SWEEP; statements += 1) {
    const [, attempts, deliveries] = await directory.batch([
      abandonDeliveries(ROWS_A_STATEMENT),
      ...deleteSettled(now - SETTLED_ARE_KEPT_FOR, ROWS_A_STATEMENT),
      deleteEndedWebhooks(ROWS_A_STATEMENT),
    ])
    if (attempts.length < ROWS_A_STATEMENT && deliveries.length < ROWS_A_STATEMENT) return
  }
}
