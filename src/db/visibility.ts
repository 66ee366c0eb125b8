import { type SQL, sql } from 'drizzle-orm'
import type { Caller } from '../core/caller'
import { seesAllTickets, seesInternal } from '../core/policy'

/** The tickets of the caller's account that it may see, as a condition on the table or alias `t`. */
export function visibleTickets(caller: Caller): SQL {
  const own = seesAllTickets(caller.role) ? sql`` : sql` AND t.created_by = ${caller.id}`
  return sql`t.account_id = ${caller.accountId}${own}`
}

/**
 * As `visibleTickets`, for tickets that another condition finds by `t.seq`: the unary plus keeps SQLite from walking the
 * account's index and asking that condition of each ticket.
 */
export function visibleByRowId(caller: Caller): SQL {
  const own = seesAllTickets(caller.role) ? sql`` : sql` AND +t.created_by = ${caller.id}`
  return sql`+t.account_id = ${caller.accountId}${own}`
}

/** One ticket, if the caller may see it, as a condition on `t`. */
export function visibleTicket(caller: Caller, ticketId: string): SQL {
  return sql`${visibleTickets(caller)} AND t.id = ${ticketId}`
}

/** Comments or attachments that the caller may see, as a condition on the alias. */
export function visibleChildren(caller: Caller, alias: 'c' | 'f' | 'p'): SQL {
  const name = sql.raw(alias)
  return seesInternal(caller.role)
    ? sql`${name}.account_id = ${caller.accountId}`
    : sql`${name}.account_id = ${caller.accountId} AND ${name}.is_internal = 0`
}
