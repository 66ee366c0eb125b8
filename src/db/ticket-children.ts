import type { Caller } from '../core/caller'
import { seesInternal } from '../core/policy'
import { type Alias, alias } from './alias'
import { limitUnlessPastEnd } from './paging'
import { attachments, comments, tickets } from './schema/tickets'
import { type SQL, sql } from './sql'
import { select } from './statement'
import { visibleChildren, visibleTicket } from './visibility'

/** Comments and attachments belong to a ticket and may be internal. */
export type ChildTable = 'comments' | 'attachments'

/** The key of a cursor: the ID of a row, and its time (ms) in case it is deleted. */
export interface ChildCursorKey {
  id: string
  at: number
}

/** Rows after some pages, or after a key (null: from an end) in a direction. */
export type ChildWindow =
  | { limit: number; offset: number }
  | { limit: number; after: ChildCursorKey | null; direction: 'next' | 'prev' }

type ChildAlias = Alias<typeof comments> | Alias<typeof attachments>

const t = alias(tickets, 't')
const TABLES = {
  comments: { table: comments, p: alias(comments, 'p'), public: t.publicComments, internal: t.internalComments },
  attachments: {
    table: attachments,
    p: alias(attachments, 'p'),
    public: t.publicAttachments,
    internal: t.internalAttachments,
  },
} as const

/**
 * A column of the children of a ticket that the caller may see, oldest first (backwards: newest first), as a query.
 * `column` gets the alias of the table.
 */
export function childrenPage(
  caller: Caller,
  children: ChildTable,
  ticketId: string,
  column: (p: ChildAlias) => SQL,
  window: ChildWindow,
): SQL {
  const { p } = TABLES[children]
  const limit = limitUnlessPastEnd(window, () => countChildren(caller, children, ticketId).query)
  return sql`SELECT ${column(p)} FROM ${p}
    WHERE ${visibleChildren(caller, p, ticketId)}${isAfter(caller, children, ticketId, window)}
    ORDER BY ${p.rowId} ${sortDirection(window)} LIMIT ${limit} OFFSET ${'offset' in window ? window.offset : 0}`
}

export function sortDirection(window: ChildWindow): SQL {
  return 'after' in window && window.direction === 'prev' ? sql`DESC` : sql`ASC`
}

/** After a row, or if that is deleted after those of its time. Begins with AND. */
function isAfter({ accountId }: Caller, children: ChildTable, ticketId: string, window: ChildWindow): SQL {
  if (!('after' in window) || window.after === null) return sql``
  const { id, at } = window.after
  const { table: c, p } = TABLES[children]
  const ofTicket = sql`${c.accountId} = ${accountId} AND ${c.ticketId} = ${ticketId}`
  const itself = sql`(SELECT ${c.rowId} FROM ${c} WHERE ${c.accountId} = ${accountId} AND ${c.id} = ${id})`
  return window.direction === 'next'
    ? sql` AND ${p.rowId} > coalesce(${itself},
        (SELECT max(${c.rowId}) FROM ${c} WHERE ${ofTicket} AND ${c.createdAt} <= ${at}), 0)`
    : sql` AND ${p.rowId} < coalesce(${itself},
        (SELECT min(${c.rowId}) FROM ${c} WHERE ${ofTicket} AND ${c.createdAt} >= ${at}),
        (SELECT max(${c.rowId}) + 1 FROM ${c} WHERE ${ofTicket}))`
}

/**
 * The time of the next comment or attachment of a ticket: later than that of the latest one, so that a cursor finds its
 * position by time if the row that it names is deleted.
 */
export function nextChildTime(accountId: string, children: ChildTable, ticketId: string, writeTime: SQL): SQL<number> {
  const { p } = TABLES[children]
  return sql`max(${writeTime}, coalesce((SELECT ${p.createdAt} + 1 FROM ${p}
    WHERE ${p.accountId} = ${accountId} AND ${p.ticketId} = ${ticketId} ORDER BY ${p.rowId} DESC LIMIT 1), 0))`
}

/** How many children the caller may see; no row if it may not see the ticket. */
export function countChildren(caller: Caller, children: ChildTable, ticketId: string) {
  const counters = TABLES[children]
  const total = seesInternal(caller.role) ? sql<number>`${counters.public} + ${counters.internal}` : counters.public
  return select({ total }, sql`FROM ${t} WHERE ${visibleTicket(caller, ticketId)}`)
}
