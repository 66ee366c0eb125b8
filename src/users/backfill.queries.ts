import { alias } from '../db/alias'
import { users } from '../db/schema/accounts'
import { type RowOf, selection } from '../db/selection'
import { sql } from '../db/sql'
import { select } from '../db/statement'
import { update } from '../db/write'
import { foldText } from '../lib/fold-text'

const u = alias(users, 'u')

const NAMED = selection({
  account_id: u.accountId,
  id: u.id,
  kind: u.kind,
  name: u.name,
  email: u.email,
  folded_name: u.foldedName,
})

export type NamedUser = RowOf<typeof NAMED>

/** Where a walk over the users of all accounts continues. */
export interface UserKey {
  accountId: string
  id: string
}

/** The users and API keys of all accounts after a key, in the order of their primary key. */
export function findUsersAfter({ accountId, id }: UserKey, limit: number) {
  return select(
    NAMED,
    sql`FROM ${u} WHERE (${u.accountId}, ${u.id}) > (${accountId}, ${id})
      ORDER BY ${u.accountId}, ${u.id} LIMIT ${limit}`,
  )
}

/** Adds the folded name and email of a user, unless these have changed since they were read. */
export function foldUser({ account_id, id, name, email }: NamedUser) {
  return update(
    users,
    { foldedName: foldText(name), foldedEmail: foldText(email) },
    sql`${users.accountId} = ${account_id} AND ${users.id} = ${id} AND ${users.foldedName} IS NULL
      AND ${users.name} = ${name} AND ${users.email} = ${email}`,
  )
}
