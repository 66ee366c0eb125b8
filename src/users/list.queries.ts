import { type SQL, sql } from 'drizzle-orm'
import { ROLES, type Role } from '../core/policy'
import { mergeUnion } from '../db/merge-union'
import { limitUnlessPastEnd } from '../db/paging'
import { select } from '../db/statement'
import type { UserRow } from './queries'

export type { UserRow } from './queries'

/** People where what a text may be part of is in the index. */
const SEARCHED = sql.raw('users u INDEXED BY users_by_role')
const LISTED_STATUSES = ['active', 'inactive'] as const

export interface UserFilter {
  role?: Role | undefined
  status?: (typeof LISTED_STATUSES)[number] | undefined
  emailNormalized?: string | undefined
  q?: string | undefined
}

/** A part of a list: after some pages, or beyond a person's place (null: from an end on), towards its end or beginning. */
export type UserWindow =
  | { limit: number; offset: number }
  | { limit: number; after: { at: number; id: string } | null; direction: 'next' | 'prev' }

/** How many people of an account match: from the counters that triggers keep, but for an e-mail or a text. */
export function countUsers(accountId: string, filter: UserFilter) {
  const { role, status, emailNormalized, q } = filter
  if (emailNormalized !== undefined || q !== undefined)
    return select<{ total: number }>(
      sql`SELECT count(*) AS total FROM ${emailNormalized === undefined ? SEARCHED : sql.raw('users u')} WHERE ${matching(accountId, filter)}`,
    )
  const conditions = [
    sql`account_id = ${accountId}`,
    ...(role ? [sql`role = ${role}`] : []),
    ...(status ? [sql`status = ${status}`] : []),
  ]
  return select<{ total: number }>(
    sql`SELECT coalesce(sum(count), 0) AS total FROM user_counters WHERE ${sql.join(conditions, sql` AND `)}`,
  )
}

/** The people of an account, oldest first (towards the beginning: newest first). */
export function findUsers(accountId: string, filter: UserFilter, window: UserWindow) {
  const way = 'after' in window && window.direction === 'prev' ? 'DESC' : 'ASC'
  const order = (prefix: string) => sql.raw(`ORDER BY ${prefix}created_at ${way}, ${prefix}id ${way}`)
  const limit = limitUnlessPastEnd(window, () => countUsers(accountId, filter).query)
  const places =
    filter.emailNormalized === undefined
      ? mergeUnion(groupsOf(accountId, filter, window), order(''))
      : sql`SELECT u.id, u.created_at FROM users u WHERE ${matching(accountId, filter)}${isAfter(window)} ${order('')}`
  return select<UserRow>(sql`
    SELECT u.id, u.name, u.email, u.role, u.status, u.created_at, u.last_login_at
    FROM (${places} LIMIT ${limit} OFFSET ${'offset' in window ? window.offset : 0}) page
    CROSS JOIN users u ON u.account_id = ${accountId} AND u.id = page.id
    ${order('page.')}`)
}

/** The people of each role and status: stretches of an index that holds what a text may be part of, too. */
function groupsOf(accountId: string, filter: UserFilter, window: UserWindow): SQL[] {
  return (filter.role ? [filter.role] : ROLES).flatMap((role) =>
    (filter.status ? [filter.status] : LISTED_STATUSES).map(
      (status) => sql`SELECT u.id, u.created_at FROM ${SEARCHED}
        WHERE ${matching(accountId, { q: filter.q, role, status })}${isAfter(window)}`,
    ),
  )
}

function isAfter(window: UserWindow): SQL {
  if (!('after' in window) || window.after === null) return sql``
  const { at, id } = window.after
  const comparison = sql.raw(window.direction === 'prev' ? '<' : '>')
  return sql` AND (u.created_at, u.id) ${comparison} (${at}, ${id})`
}

function matching(accountId: string, { role, status, emailNormalized, q }: UserFilter): SQL {
  const conditions = [sql`u.account_id = ${accountId}`, sql`u.kind = 'person'`]
  if (role) conditions.push(sql`u.role = ${role}`)
  if (status) conditions.push(sql`u.status = ${status}`)
  if (emailNormalized) conditions.push(sql`u.email_key = ${emailNormalized}`)
  if (q) conditions.push(sql`(instr(lower(u.name), lower(${q})) > 0 OR instr(u.email_key, lower(${q})) > 0)`)
  return sql.join(conditions, sql` AND `)
}
