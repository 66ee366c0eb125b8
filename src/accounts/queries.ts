import { accountCounters, accounts } from '../db/schema/accounts'
import { type RowOf, selection } from '../db/selection'
import { sql } from '../db/sql'
import { select } from '../db/statement'
import { insertSelect, omitUndefined, update } from '../db/write'

const ACCOUNT = selection({
  id: accounts.id,
  slug: accounts.slug,
  name: accounts.name,
  plan: accounts.plan,
  allow_registration: accounts.allowRegistration,
  created_at: accounts.createdAt,
})

export type AccountRow = RowOf<typeof ACCOUNT>

export function findAccount(id: string) {
  return select(ACCOUNT, sql`FROM ${accounts} WHERE ${accounts.id} = ${id}`)
}

interface NewAccount {
  id: string
  name: string
  slug: string
  /** Appended to the slug if another account has it. */
  suffix: string
}

/** Inserts an account with the standard plan, closed for registration, and its counters. */
export function insertAccount({ id, name, slug, suffix }: NewAccount, now: number) {
  const isTaken = sql`EXISTS (SELECT 1 FROM ${accounts} WHERE ${accounts.slug} = ${slug})`
  return [
    insertSelect(accounts, {
      id,
      slug: sql`CASE WHEN ${isTaken} THEN ${`${slug}-${suffix}`} ELSE ${slug} END`,
      name,
      plan: 'standard',
      allowRegistration: 0,
      createdAt: now,
    }),
    insertSelect(accountCounters, { accountId: id, ticketNumber: 0, eventSequence: 0, lastWriteAt: now - 1 }),
  ]
}

interface AccountChange {
  name?: string | undefined
  allowRegistration?: boolean | undefined
}

/** Updates the fields that are set. Throws if none is. */
export function updateAccount(id: string, { name, allowRegistration }: AccountChange) {
  return update(
    accounts,
    omitUndefined({ name, allowRegistration: allowRegistration === undefined ? undefined : Number(allowRegistration) }),
    sql`${accounts.id} = ${id}`,
  )
}
