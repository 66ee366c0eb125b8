import { alias } from '../db/alias'
import { tickets } from '../db/schema/tickets'
import { newSearchId } from '../db/search-id'
import { ticketTokens } from '../db/search-text'
import { type RowOf, selection } from '../db/selection'
import { sql } from '../db/sql'
import { select } from '../db/statement'
import { update } from '../db/write'

const t = alias(tickets, 't')

const UNINDEXED = selection({
  account_id: t.accountId,
  id: t.id,
  number: t.number,
  version: t.version,
  title: t.title,
  description: t.description,
  created_at: t.createdAt,
})

export type UnindexedTicket = RowOf<typeof UNINDEXED>

/** Of all accounts. The unique index of search IDs begins with the tickets that have none. */
export function findUnindexedTickets(limit: number) {
  return select(UNINDEXED, sql`FROM ${t} WHERE ${t.searchId} IS NULL LIMIT ${limit}`)
}

/** Adds a ticket to the search index, unless it has changed since it was read. */
export function indexTicket({ account_id, id, number, version, title, description, created_at }: UnindexedTicket) {
  return update(
    tickets,
    { searchId: newSearchId(sql`${created_at}`, sql`${number}`), ...ticketTokens(account_id, { title, description }) },
    sql`${tickets.accountId} = ${account_id} AND ${tickets.id} = ${id} AND ${tickets.version} = ${version}
      AND ${tickets.searchId} IS NULL`,
  )
}
