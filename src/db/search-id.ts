import { SECOND } from '../lib/time.ts'
import { alias } from './alias.ts'
import { tickets } from './schema/tickets.ts'
import { type SQL, sql } from './sql.ts'

const s = alias(tickets, 's')

/** More tickets of one second, in all accounts, get the IDs of the next ones. */
const IDS_PER_SECOND = 2 ** 20

/** The lowest search ID of a ticket that was created at this time (ms). */
export function firstSearchIdOf(createdAt: number): number {
  return Math.floor(createdAt / SECOND) * IDS_PER_SECOND
}

/**
 * The search ID of a new ticket. Search IDs are in the order of creation to the second, even if a ticket with an older date is
 * inserted later; within a second they are in the order of insertion. They fit into 53 bits.
 */
export function nextSearchId(createdAt: SQL<number>): SQL<number> {
  // D1 binds every number as REAL.
  const first = sql`(CAST(${createdAt} AS INTEGER) / ${sql.raw(`${SECOND} * ${IDS_PER_SECOND}`)})`
  return sql`coalesce(
    (SELECT max(${s.searchId}) + 1 FROM ${s}
      WHERE ${s.searchId} >= ${first} AND ${s.searchId} < ${first} + ${sql.raw(String(IDS_PER_SECOND))}), ${first})`
}
