import { type SQL, sql } from 'drizzle-orm'
import { rows } from '../db/client'
import { limitOf } from '../db/paging'
import { ROLES, type Role } from '../roles'
import type { UserRow } from './queries'

export type { UserRow } from './queries'

const STATUSES = ['active', 'inactive'] as const

export interface UserFilter {
  role?: Role | undefined
  status?: (typeof STATUSES)[number] | undefined
  emailKey?: string | undefined
  q?: string | undefined
}

/** A part of a list: after some pages, or beyond a person's place (null: from an end on), towards its end or beginning. */
export type UserSlice =
  | { limit: number; offset: number }
  | { limit: number; beyond: { at: number; id: string } | null; towards: 'next' | 'prev' }

/** How many people of an account match: from the counters that triggers keep, but for an e-mail or a text. */
export function countUsers(accountId: string, filter: UserFilter) {
  const { role, status, emailKey, q } = filter
  if (emailKey !== undefined || q !== undefined)
    return rows<{ total: number }>(
      sql`SELECT count(*) AS total FROM ${searched(filter)} WHERE ${matching(accountId, filter)}`,
    )
  const conditions = [
    sql`account_id = ${accountId}`,
    ...(role ? [sql`role = ${role}`] : []),
    ...(status ? [sql`status = ${status}`] : []),
  ]
  return rows<{ total: number }>(
    sql`SELECT coalesce(sum(count), 0) AS total FROM user_counters WHERE ${sql.join(conditions, sql` AND `)}`,
  )
}

/** The people of an account, oldest first (towards the beginning: newest first). */
export function findUsers(accountId: string, filter: UserFilter, slice: UserSlice) {
  const way = sql.raw('beyond' in slice && slice.towards === 'prev' ? 'DESC' : 'ASC')
  const limit = limitOf(slice, () => countUsers(accountId, filter).query)
  const page = sql`ORDER BY u.created_at ${way}, u.id ${way} LIMIT ${limit} OFFSET ${'offset' in slice ? slice.offset : 0}`
  const isFoundOneByOne = filter.emailKey !== undefined || filter.q !== undefined
  const found = isFoundOneByOne
    ? sql`${searched(filter)} WHERE ${matching(accountId, filter)}${isBeyond(slice, 'u')}`
    : firstOfGroups(accountId, filter, slice, way)
  return rows<UserRow>(sql`
    SELECT u.id, u.name, u.email, u.role, u.status, u.created_at, u.last_login_at FROM ${found} ${page}`)
}

/** The first of each role and status, as many as the slice could want: each is a stretch of an index. */
function firstOfGroups(accountId: string, { role, status }: UserFilter, slice: UserSlice, way: SQL): SQL {
  const groups = (role ? [role] : ROLES).flatMap((r) =>
    (status ? [status] : STATUSES).map((s) => ({ role: r, status: s })),
  )
  const wanted = slice.limit + ('offset' in slice ? slice.offset : 0)
  return sql`json_each(${JSON.stringify(groups)}) g
    CROSS JOIN users u ON u.account_id = ${accountId} AND u.id IN (
      SELECT y.id FROM users y INDEXED BY users_by_role
      WHERE y.account_id = ${accountId} AND y.kind = 'person' AND y.role = g.value ->> 'role'
        AND y.status = g.value ->> 'status'${isBeyond(slice, 'y')}
      ORDER BY y.created_at ${way}, y.id ${way} LIMIT ${wanted})`
}

function isBeyond(slice: UserSlice, alias: string): SQL {
  if (!('beyond' in slice) || slice.beyond === null) return sql``
  const { at, id } = slice.beyond
  const comparison = sql.raw(slice.towards === 'prev' ? '<' : '>')
  return sql` AND (${sql.raw(`${alias}.created_at, ${alias}.id`)}) ${comparison} (${at}, ${id})`
}

/** A text is looked for in an index that holds what it may be part of; an e-mail is found by its own. */
function searched({ emailKey }: UserFilter): SQL {
  return sql.raw(emailKey === undefined ? 'users u INDEXED BY users_by_role' : 'users u')
}

function matching(accountId: string, { role, status, emailKey, q }: UserFilter): SQL {
  const conditions = [sql`u.account_id = ${accountId}`, sql`u.kind = 'person'`]
  if (role) conditions.push(sql`u.role = ${role}`)
  if (status) conditions.push(sql`u.status = ${status}`)
  if (emailKey) conditions.push(sql`u.email_key = ${emailKey}`)
  if (q) conditions.push(sql`(instr(lower(u.name), lower(${q})) > 0 OR instr(u.email_key, lower(${q})) > 0)`)
  return sql.join(conditions, sql` AND `)
}
