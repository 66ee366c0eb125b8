import { type SQL, sql } from 'drizzle-orm'
import { rows } from '../db/client'
import type { Role } from '../roles'

export interface UserRow {
  id: string
  name: string
  email: string
  role: Role
  status: 'active' | 'inactive'
  created_at: number
  last_login_at: number | null
}

interface UserFilter {
  role?: string | undefined
  status?: string | undefined
  emailKey?: string | undefined
  q?: string | undefined
}

/** How many people of an account match. */
export function countUsers(accountId: string, filter: UserFilter) {
  return rows<{ total: number }>(sql`SELECT count(*) AS total FROM users WHERE ${matching(accountId, filter)}`)
}

/** The people of an account, oldest first. */
export function findUsers(accountId: string, filter: UserFilter, limit: number, offset: number) {
  return rows<UserRow>(sql`
    SELECT id, name, email, role, status, created_at, last_login_at FROM users
    WHERE ${matching(accountId, filter)}
    ORDER BY created_at, id LIMIT ${limit} OFFSET ${offset}`)
}

function matching(accountId: string, { role, status, emailKey, q }: UserFilter): SQL {
  const conditions = [sql`account_id = ${accountId}`, sql`kind = 'person'`]
  if (role) conditions.push(sql`role = ${role}`)
  if (status) conditions.push(sql`status = ${status}`)
  if (emailKey) conditions.push(sql`email_key = ${emailKey}`)
  if (q) conditions.push(sql`(instr(lower(name), lower(${q})) > 0 OR instr(email_key, lower(${q})) > 0)`)
  return sql.join(conditions, sql` AND `)
}

/** One person of an account. */
export function findUser(accountId: string, id: string) {
  return rows<UserRow>(sql`
    SELECT id, name, email, role, status, created_at, last_login_at FROM users
    WHERE account_id = ${accountId} AND id = ${id} AND kind = 'person'`)
}
