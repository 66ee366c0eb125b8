import { type SQL, sql } from 'drizzle-orm'
import type { Caller } from '../core/caller'
import { seesInternal } from '../core/policy'
import { limitUnlessPastEnd } from './paging'
import { select } from './statement'
import { visibleChildren, visibleTicket } from './visibility'

/** What belongs to a ticket and may be internal, by its table. */
export type ChildTable = 'comments' | 'attachments'

/** Where a part stands in its list, as a cursor keeps it: its ID, and its time (ms) for when it is deleted. */
export interface ChildCursorKey {
  id: string
  at: number
}

/** A piece of a list: after some pages, or beyond a place (null: from an end on), towards its end or its beginning. */
export type ChildWindow =
  | { limit: number; offset: number }
  | { limit: number; beyond: ChildCursorKey | null; towards: 'next' | 'prev' }

/**
 * A column of the parts `p` of a ticket that the caller may see, oldest first (towards the beginning: newest first), as
 * an SQL expression.
 */
export function childrenPage(
  caller: Caller,
  parts: ChildTable,
  ticketId: string,
  column: SQL,
  slice: ChildWindow,
): SQL {
  const limit = limitUnlessPastEnd(slice, () => countChildren(caller, parts, ticketId).query)
  return sql`SELECT ${column} FROM ${sql.raw(parts)} p
    WHERE ${visibleChildren(caller, 'p')} AND p.ticket_id = ${ticketId}${isAfter(caller, parts, ticketId, slice)}
    ORDER BY p.seq ${sortDirection(slice)} LIMIT ${limit} OFFSET ${'offset' in slice ? slice.offset : 0}`
}

/** The way in which a slice is ordered. */
export function sortDirection(slice: ChildWindow): SQL {
  return 'beyond' in slice && slice.towards === 'prev' ? sql`DESC` : sql`ASC`
}

/** Beyond a part, or where that is deleted beyond those of its time. Begins with AND. */
function isAfter({ accountId }: Caller, parts: ChildTable, ticketId: string, slice: ChildWindow): SQL {
  if (!('beyond' in slice) || slice.beyond === null) return sql``
  const { id, at } = slice.beyond
  const table = sql.raw(parts)
  const ofTicket = sql`account_id = ${accountId} AND ticket_id = ${ticketId}`
  const itself = sql`(SELECT seq FROM ${table} WHERE account_id = ${accountId} AND id = ${id})`
  return slice.towards === 'next'
    ? sql` AND p.seq > coalesce(${itself}, (SELECT max(seq) FROM ${table} WHERE ${ofTicket} AND created_at <= ${at}), 0)`
    : sql` AND p.seq < coalesce(${itself}, (SELECT min(seq) FROM ${table} WHERE ${ofTicket} AND created_at >= ${at}),
        (SELECT max(seq) + 1 FROM ${table} WHERE ${ofTicket}))`
}

/**
 * The time for the next comment or attachment of a ticket in a write of a given time, as an SQL expression: later than that
 * of the one before, by which a cursor finds its position again when the row that it names is deleted.
 */
export function nextTime(accountId: string, parts: ChildTable, ticketId: string, writeTime: SQL): SQL {
  return sql`max(${writeTime}, coalesce((SELECT p.created_at + 1 FROM ${sql.raw(parts)} p
    WHERE p.account_id = ${accountId} AND p.ticket_id = ${ticketId} ORDER BY p.seq DESC LIMIT 1), 0))`
}

/** How many parts the caller may see; no row where it may not see the ticket. */
export function countChildren(caller: Caller, parts: ChildTable, ticketId: string) {
  const total = seesInternal(caller.role) ? `t.public_${parts} + t.internal_${parts}` : `t.public_${parts}`
  return select<{ total: number }>(sql`
    SELECT ${sql.raw(total)} AS total FROM tickets t WHERE ${visibleTicket(caller, ticketId)}`)
}
