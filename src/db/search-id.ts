import { alias } from './alias.ts'
import { tickets } from './schema/tickets.ts'
import { type SQL, sql } from './sql.ts'

const s = alias(tickets, 's')
const n = alias(tickets, 'n')

/** Of all accounts together. IDs stay below 2 ** 53 until the year 2109. */
const IDS_PER_MILLISECOND = 2 ** 11

/** The lowest search ID of a ticket that was created at this time (ms). */
export function firstSearchIdOf(createdAt: number): number {
  return createdAt * IDS_PER_MILLISECOND
}

/** The search ID of a ticket, as far as no other ticket has it. */
export function searchIdOf({ createdAt, number }: { createdAt: number; number: number }): number {
  return firstSearchIdOf(createdAt) + (number % IDS_PER_MILLISECOND)
}

/**
 * The search ID of a new ticket: in the order of creation, even if a ticket with an older date is inserted later, and of one
 * millisecond in the order of numbers. It depends on the ticket alone, because cursors have it: only if a ticket of another account
 * has the same one, it is the next free one.
 */
export function newSearchId(createdAt: SQL<number>, number: SQL<number>): SQL<number> {
  // D1 binds every number as REAL.
  const perMillisecond = sql.raw(String(IDS_PER_MILLISECOND))
  const wanted = sql`(CAST(${createdAt} AS INTEGER) * ${perMillisecond} + CAST(${number} AS INTEGER) % ${perMillisecond})`
  return sql`CASE WHEN EXISTS (SELECT 1 FROM ${s} WHERE ${s.searchId} = ${wanted})
    THEN (SELECT min(${s.searchId}) + 1 FROM ${s} WHERE ${s.searchId} >= ${wanted}
      AND NOT EXISTS (SELECT 1 FROM ${n} WHERE ${n.searchId} = ${s.searchId} + 1))
    ELSE ${wanted} END`
}
