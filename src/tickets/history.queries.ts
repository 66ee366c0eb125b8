import type { Caller } from '../core/caller'
import { alias } from '../db/alias'
import { isHistoryErased } from '../db/erasures'
import { jsonBytes, withBytesSoFar } from '../db/page-bytes'
import { blankRow } from '../db/redaction'
import { users } from '../db/schema/accounts'
import { ticketHistory, tickets } from '../db/schema/tickets'
import { type RowOf, selection } from '../db/selection'
import { type SQL, sql } from '../db/sql'
import { select } from '../db/statement'
import { visibleTicket } from '../db/visibility'

const t = alias(tickets, 't')
const h = alias(ticketHistory, 'h')
const actor = alias(users, 'actor')

/** A value without the texts of a deleted comment. */
function shown(value: SQL<string>): SQL<string> {
  return sql`CASE WHEN ${isHistoryErased(h)} THEN ${blankRow(value)} ELSE ${value} END`
}

/** One field of one change; `previous` and `current` are JSON texts. */
const HISTORY = selection({
  change_id: h.changeId,
  field: h.field,
  previous: shown(h.previous),
  current: shown(h.current),
  created_at: h.createdAt,
  bytes_so_far: sql<number>`h.bytes_so_far`,
  actor_id: actor.id,
  actor_name: actor.name,
  actor_email: actor.email,
})

export type HistoryRow = RowOf<typeof HISTORY>

interface HistoryCursorKey {
  change: string
  field: string
}

/** Rows from the beginning, or after a key (null: from an end) in a direction. */
export type HistoryWindow =
  | { limit: number }
  | { limit: number; after: HistoryCursorKey | null; direction: 'next' | 'prev' }

/**
 * A page of the history of a ticket, oldest first (backwards: newest first). It ends with the row with which it exceeds
 * `maxBytes`.
 */
export function findHistory(accountId: string, ticketId: string, window: HistoryWindow, maxBytes: number) {
  const direction = 'after' in window && window.direction === 'prev' ? sql`DESC` : sql`ASC`
  const page = sql`
    SELECT h.*, ${jsonBytes(h.previous)} + ${jsonBytes(h.current)} AS bytes FROM ${h}
    WHERE ${h.accountId} = ${accountId} AND ${h.ticketId} = ${ticketId}${isAfter(accountId, window)}
    ORDER BY ${h.rowId} ${direction} LIMIT ${window.limit}`
  return select(
    HISTORY,
    sql`FROM (${withBytesSoFar(page, sql`ORDER BY ${ticketHistory.rowId} ${direction}`)}) h
      CROSS JOIN ${actor} ON ${actor.accountId} = ${h.accountId} AND ${actor.id} = ${h.actorId}
      WHERE h.bytes_so_far - h.bytes <= ${maxBytes} ORDER BY ${h.rowId} ${direction}`,
  )
}

/** History rows are deleted only with their ticket, so the key still has its row. Begins with AND. */
function isAfter(accountId: string, window: HistoryWindow): SQL {
  if (!('after' in window) || window.after === null) return sql``
  const { change, field } = window.after
  const comparison = window.direction === 'next' ? sql`>` : sql`<`
  return sql` AND ${h.rowId} ${comparison} (SELECT ${ticketHistory.rowId} FROM ${ticketHistory}
    WHERE ${ticketHistory.accountId} = ${accountId} AND ${ticketHistory.changeId} = ${change}
      AND ${ticketHistory.field} = ${field})`
}

/** A row if the caller may see the ticket. */
export function findVisibleTicket(caller: Caller, ticketId: string) {
  return select({ id: t.id }, sql`FROM ${t} WHERE ${visibleTicket(caller, ticketId)}`)
}
