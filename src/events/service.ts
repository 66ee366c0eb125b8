import { openAccount, openDirectory } from '../db/client'
import type { Bindings } from '../env'
import { findAccountsWithEvents, markFannedOut } from './queries'

const EVENTS_A_ROUND = 500
const ACCOUNTS_A_SWEEP = 100

/**
 * Fans an account's events out to its webhooks: of which, until webhooks exist, there are none. At most 500 events;
 * the next ring or sweep takes the rest.
 */
export async function fanOut(env: Bindings, accountId: string, now: number): Promise<void> {
  await openAccount(env, accountId).all(markFannedOut(accountId, EVENTS_A_ROUND, now))
}

/** Fans out what a lost message left behind, for all accounts. */
export async function sweepEvents(env: Bindings, now: number): Promise<void> {
  const accounts = await openDirectory(env).all(findAccountsWithEvents(ACCOUNTS_A_SWEEP))
  for (const { account_id } of accounts) await fanOut(env, account_id, now)
}
