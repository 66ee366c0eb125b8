import { ROLES, type Role } from '../core/policy'
import { alias } from '../db/alias'
import { mergeUnion } from '../db/merge-union'
import { limitUnlessPastEnd } from '../db/paging'
import { userCounters, users } from '../db/schema/accounts'
import { selection } from '../db/selection'
import { type SQL, sql } from '../db/sql'
import { select } from '../db/statement'
import { foldText } from '../lib/fold-text'
import { tokensOf } from '../lib/search-tokens'
import { USER, type UserRow } from './queries'

const u = alias(users, 'u')
const c = alias(userCounters, 'c')
const page = alias(users, 'page')

const BY_ROLE = sql`${u} INDEXED BY users_by_role`
/** The index contains every column that a search compares, so that it reads no other rows. */
const BY_SEARCH = sql`${u} INDEXED BY users_by_search`

export interface UserFilter {
  role?: Role | undefined
  status?: UserRow['status'] | undefined
  emailNormalized?: string | undefined
  /** Words, each of which is part of the name or the email. */
  q?: string | undefined
  /** Searches `q` without folding, for an account whose users are not all folded yet. */
  usesOldIndex?: boolean | undefined
}

/** Rows after some pages, or after a key (null: from an end) in a direction. */
export type UserWindow =
  | { limit: number; offset: number }
  | { limit: number; after: { at: number; id: string } | null; direction: 'next' | 'prev' }

const MATCHES = selection({ total: sql<number>`count(*)` })
const COUNTED = selection({ total: sql<number>`coalesce(sum(${c.count}), 0)` })

/** Counts the rows for an email or a text; triggers keep counters for everything else. */
export function countUsers(accountId: string, filter: UserFilter) {
  const { role, status, emailNormalized, q } = filter
  if (emailNormalized !== undefined || q !== undefined) {
    return select(MATCHES, sql`FROM ${sourceOf(filter)} WHERE ${matches(accountId, filter)}`)
  }
  const conditions = [sql`${c.accountId} = ${accountId}`]
  if (role) conditions.push(sql`${c.role} = ${role}`)
  if (status) conditions.push(sql`${c.status} = ${status}`)
  return select(COUNTED, sql`FROM ${c} WHERE ${sql.join(conditions, sql` AND `)}`)
}

/** The users of an account, oldest first (backwards: newest first). */
export function findUsers(accountId: string, filter: UserFilter, window: UserWindow) {
  const direction = 'after' in window && window.direction === 'prev' ? sql`DESC` : sql`ASC`
  const order = sql`ORDER BY ${users.createdAt} ${direction}, ${users.id} ${direction}`
  const ids =
    filter.emailNormalized === undefined
      ? mergeUnion(idsOfEachRange(accountId, filter, window), order)
      : sql`${idsFrom(u, accountId, filter, window)} ${order}`
  const limit = limitUnlessPastEnd(window, () => countUsers(accountId, filter).query)
  return select(
    USER,
    sql`FROM (${ids} LIMIT ${limit} OFFSET ${'offset' in window ? window.offset : 0}) page
      CROSS JOIN ${u} ON ${u.accountId} = ${accountId} AND ${u.id} = ${page.id}
      ORDER BY ${page.createdAt} ${direction}, ${page.id} ${direction}`,
  )
}

/** One query for each role and status: within each, the index is in the order of the list. */
function idsOfEachRange(accountId: string, filter: UserFilter, window: UserWindow): SQL[] {
  const roles = filter.role ? [filter.role] : ROLES
  const statuses = filter.status ? [filter.status] : users.status.enumValues
  return roles.flatMap((role) =>
    statuses.map((status) => idsFrom(BY_ROLE, accountId, { ...filter, role, status }, window)),
  )
}

function sourceOf({ emailNormalized, q, usesOldIndex }: UserFilter): SQL {
  if (emailNormalized !== undefined) return sql`${u}`
  return q === undefined || usesOldIndex ? BY_ROLE : BY_SEARCH
}

function idsFrom(source: SQL, accountId: string, filter: UserFilter, window: UserWindow): SQL {
  return sql`SELECT ${u.id}, ${u.createdAt} FROM ${source} WHERE ${matches(accountId, filter)}${isAfter(window)}`
}

/** Begins with AND. */
function isAfter(window: UserWindow): SQL {
  if (!('after' in window) || window.after === null) return sql``
  const { at, id } = window.after
  const comparison = window.direction === 'prev' ? sql`<` : sql`>`
  return sql` AND (${u.createdAt}, ${u.id}) ${comparison} (${at}, ${id})`
}

function matches(accountId: string, filter: UserFilter): SQL {
  const { role, status, emailNormalized, q } = filter
  const conditions = [sql`${u.accountId} = ${accountId}`, sql`${u.kind} = 'person'`]
  if (role) conditions.push(sql`${u.role} = ${role}`)
  if (status) conditions.push(sql`${u.status} = ${status}`)
  if (emailNormalized) conditions.push(sql`${u.emailNormalized} = ${emailNormalized}`)
  if (q) conditions.push(...(filter.usesOldIndex ? [containsText(q)] : containsWords(q)))
  return sql.join(conditions, sql` AND `)
}

function containsText(q: string): SQL {
  const inName = sql`instr(lower(${u.name}), lower(${q})) > 0`
  return sql`(${inName} OR instr(${u.emailNormalized}, lower(${q})) > 0)`
}

function containsWords(q: string): SQL[] {
  const isContained = (word: string) =>
    sql`(instr(${u.foldedName}, ${word}) > 0 OR instr(${u.foldedEmail}, ${word}) > 0)`
  return [sql`${u.foldedName} IS NOT NULL`, ...searchWords(q).map(isContained)]
}

/** As in a search for tickets, words of punctuation are ignored next to others. Unlike there, a word is found anywhere. */
function searchWords(q: string): string[] {
  const words = q.split(/\s+/u).filter((word) => word !== '')
  const named = words.filter((word) => tokensOf(word).length > 0)
  return (named.length > 0 ? named : words).map(foldText)
}
