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
  | { limit: number; after: ChildCursorKey | null; direction: 'next' | 'prev' }

/**
 * A column of the parts `p` of a ticket that the caller may see, oldest first (towards the beginning: newest first), as
 * an SQL expression.
 */
export function childrenPage(
  caller: Caller,
  children: ChildTable,
  ticketId: string,
  column: SQL,
  window: ChildWindow,
): SQL {
  const limit = limitUnlessPastEnd(window, () => countChildren(caller, children, ticketId).query)
  return sql`SELECT ${column} FROM ${sql.raw(children)} p
    WHERE ${visibleChildren(caller, 'p')} AND p.ticket_id = ${ticketId}${isAfter(caller, children, ticketId, window)}
    ORDER BY p.seq ${sortDirection(window)} LIMIT ${limit} OFFSET ${'offset' in window ? window.offset : 0}`
}

/** The way in which a slice is ordered. */
export function sortDirection(window: ChildWindow): SQL {
  return 'after' in window && window.direction === 'prev' ? sql`DESC` : sql`ASC`
}

/** Beyond a part, or where that is deleted beyond those of its time. Begins with AND. */
function isAfter({ accountId }: Caller, children: ChildTable, ticketId: string, window: ChildWindow): SQL {
  if (!('after' in window) || window.after === null) return sql``
  const { id, at } = window.after
  const table = sql.raw(children)
  const ofTicket = sql`account_id = ${accountId} AND ticket_id = ${ticketId}`
  const itself = sql`(SELECT seq FROM ${table} WHERE account_id = ${accountId} AND id = ${id})`
  return window.direction === 'next'
    ? sql` AND p.seq > coalesce(${itself}, (SELECT max(seq) FROM ${table} WHERE ${ofTicket} AND created_at <= ${at}), 0)`
    : sql` AND p.seq < coalesce(${itself}, (SELECT min(seq) FROM ${table} WHERE ${ofTicket} AND created_at >= ${at}),
        (SELECT max(seq) + 1 FROM ${table} WHERE ${ofTicket}))`
}

/**
 * The time for the next comment or attachment of a ticket in a write of a given time, as an SQL expression: later than that
 * of the one before, by which a cursor finds its position again when the row that it names is deleted.
 */
export function nextTime(accountId: string, children: ChildTable, ticketId: string, writeTime: SQL): SQL {
  return sql`max(${writeTime}, coalesce((SELECT p.created_at + 1 FROM ${sql.raw(children)} p
    WHERE p.account_id = ${accountId} AND p.ticket_id = ${ticketId} ORDER BY p.seq DESC LIMIT 1), 0))`
}

/** How many parts the caller may see; no row where it may not see the ticket. */
export function countChildren(caller: Caller, children: ChildTable, ticketId: string) {
  const total = seesInternal(caller.role) ? `t.public_${children} + t.internal_${children}` : `t.public_${children}`
  return select<{ total: number }>(sql`
    SELECT ${sql.raw(total)} AS total FROM tickets t WHERE ${visibleTicket(caller, ticketId)}`)
}
