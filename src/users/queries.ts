import { sql } from 'drizzle-orm'
import type { Role } from '../core/policy'
import { returning } from '../db/legacy'
import { select } from '../db/statement'

export interface UserRow {
  id: string
  name: string
  email: string
  role: Role
  status: 'active' | 'inactive'
  created_at: number
  last_login_at: number | null
}

/** One person of an account. */
export function findUser(accountId: string, id: string) {
  return returning(
    select<UserRow>(sql`
      SELECT id, name, email, role, status, created_at, last_login_at FROM users
      WHERE account_id = ${accountId} AND id = ${id} AND kind = 'person'`),
    ['id', 'name', 'email', 'role', 'status', 'created_at', 'last_login_at'],
  )
}
