import { type SQL, sql } from 'drizzle-orm'
import { returning } from '../db/legacy'
import { run, select } from '../db/statement'

export interface AccountRow {
  id: string
  slug: string
  name: string
  plan: 'standard' | 'premium'
  allow_registration: number
  created_at: number
}

const COLUMNS = sql`id, slug, name, plan, allow_registration, created_at`

/** An account by its ID. */
export function findAccount(id: string) {
  return returning(select<AccountRow>(sql`SELECT ${COLUMNS} FROM accounts WHERE id = ${id}`), [
    'id',
    'slug',
    'name',
    'plan',
    'allow_registration',
    'created_at',
  ])
}

interface NewAccount {
  id: string
  name: string
  slug: string
  /** What is put behind the slug where it is taken. */
  suffix: string
}

/** Adds a standard account that is closed to strangers, and its counters. */
export function insertAccount({ id, name, slug, suffix }: NewAccount, now: number) {
  return [
    run(sql`
      INSERT INTO accounts (id, slug, name, plan, allow_registration, created_at)
      VALUES (${id}, CASE WHEN EXISTS (SELECT 1 FROM accounts WHERE slug = ${slug}) THEN ${`${slug}-${suffix}`} ELSE ${slug} END,
        ${name}, 'standard', 0, ${now})`),
    run(sql`INSERT INTO account_state (account_id, ticket_number, event_sequence, last_write_at)
      VALUES (${id}, 0, 0, ${now - 1})`),
  ]
}

/** Changes the named fields of an account, of which there is at least one. */
export function updateAccount(
  id: string,
  change: { name?: string | undefined; allowRegistration?: boolean | undefined },
) {
  const assignments: SQL[] = []
  if (change.name !== undefined) assignments.push(sql`name = ${change.name}`)
  if (change.allowRegistration !== undefined)
    assignments.push(sql`allow_registration = ${change.allowRegistration ? 1 : 0}`)
  return run(sql`UPDATE accounts SET ${sql.join(assignments, sql`, `)} WHERE id = ${id}`)
}
