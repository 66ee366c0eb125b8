import { alias } from '../db/alias'
import { users } from '../db/schema/accounts'
import { type RowOf, selection } from '../db/selection'
import { sql } from '../db/sql'
import { select } from '../db/statement'

const u = alias(users, 'u')

/** A user, with the alias `u`, as responses and snapshots in events have it. */
export const USER = selection({
  id: u.id,
  name: u.name,
  email: u.email,
  role: u.role,
  status: u.status,
  created_at: u.createdAt,
  last_login_at: u.lastLoginAt,
  email_verified: u.emailVerified,
})

export type UserRow = RowOf<typeof USER>

/** Does not find API keys. */
export function findUser(accountId: string, id: string) {
  return select(USER, sql`FROM ${u} WHERE ${u.accountId} = ${accountId} AND ${u.id} = ${id} AND ${u.kind} = 'person'`)
}
