import { type SQL, sql } from 'drizzle-orm'
import type { Caller } from '../core/caller'
import { select } from '../db/statement'
import { visibleTicket } from '../db/visibility'

/** One field of one change; `previous` and `current` are JSON texts. */
export interface HistoryRow {
  change_id: string
  field: string
  previous: string
  current: string
  created_at: number
  actor_id: string
  actor_name: string
  actor_email: string
  bytes_so_far: number
}

/** A piece of a ticket's history: from its beginning, or beyond a field of a change (null: from an end on). */
export type HistoryWindow =
  | { limit: number }
  | { limit: number; after: { change: string; field: string } | null; direction: 'next' | 'prev' }

/**
 * A slice of the history of a ticket, oldest first (towards the beginning: newest first); nothing behind the row with which
 * it weighs more than `bytes`.
 */
export function findHistory(accountId: string, ticketId: string, window: HistoryWindow, bytes: number) {
  const way = 'after' in window && window.direction === 'prev' ? sql`DESC` : sql`ASC`
  const page = sql`
    SELECT h.*, octet_length(h.previous) + octet_length(h.current) AS bytes FROM ticket_history h
    WHERE h.account_id = ${accountId} AND h.ticket_id = ${ticketId}${isAfter(accountId, window)}
    ORDER BY h.seq ${way} LIMIT ${window.limit}`
  return select<HistoryRow>(sql`
    SELECT h.change_id, h.field, h.previous, h.current, h.created_at, h.bytes_so_far,
      actor.id AS actor_id, actor.name AS actor_name, actor.email AS actor_email
    FROM (
      SELECT *, sum(bytes) OVER (ORDER BY seq ${way} ROWS UNBOUNDED PRECEDING) AS bytes_so_far FROM (${page})) h
    CROSS JOIN users actor ON actor.account_id = h.account_id AND actor.id = h.actor_id
    WHERE h.bytes_so_far - h.bytes <= ${bytes} ORDER BY h.seq ${way}`)
}

/** Beyond a field of a change: history loses nothing as long as there is its ticket. Begins with AND. */
function isAfter(accountId: string, window: HistoryWindow): SQL {
  if (!('after' in window) || window.after === null) return sql``
  const { change, field } = window.after
  return sql` AND h.seq ${sql.raw(window.direction === 'next' ? '>' : '<')} (SELECT seq FROM ticket_history
    WHERE account_id = ${accountId} AND change_id = ${change} AND field = ${field})`
}

/** A row where the caller may see the ticket. */
export function findVisible(caller: Caller, ticketId: string) {
  return select<{ id: string }>(sql`SELECT t.id FROM tickets t WHERE ${visibleTicket(caller, ticketId)}`)
}
