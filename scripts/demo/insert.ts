import { getTableColumns } from 'drizzle-orm'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'
import { comments, ticketHistory, tickets } from '../../src/db/schema/tickets.ts'
import { events } from '../../src/db/schema/webhooks.ts'
import { searchIdOf } from '../../src/db/search-id.ts'
import { ticketTokens } from '../../src/db/search-text.ts'
import { sql } from '../../src/db/sql.ts'
import type { Statement } from '../../src/db/statement.ts'
import { insertSelect } from '../../src/db/write.ts'
import type { Rows } from './rows.ts'

/** Keeps the text of a statement below D1's limit. */
const ROWS_OF_STATEMENT = 40

/** One statement for many rows, which have the same keys and are inserted in their order. */
function insertRows<T extends SQLiteTable>(table: T, rows: readonly T['$inferInsert'][]): Statement[] {
  const chunks = Array.from({ length: Math.ceil(rows.length / ROWS_OF_STATEMENT) }, (_, index) =>
    rows.slice(index * ROWS_OF_STATEMENT, (index + 1) * ROWS_OF_STATEMENT),
  )
  return chunks.map((chunk) => {
    const keys = Object.keys(chunk[0] ?? {}).filter((key) => key in getTableColumns(table))
    const values = Object.fromEntries(keys.map((key) => [key, sql`value ->> ${`$.${key}`}`]))
    return insertSelect(
      table,
      values as Parameters<typeof insertSelect<T>>[1],
      sql`FROM json_each(${JSON.stringify(chunk)})`,
    )
  })
}

/** Triggers count the comments of tickets, and fill the search index. */
export function insertDemoRows(rows: Rows): Statement[] {
  const searchable = rows.tickets.map(({ publicComments: _, internalComments: __, ...ticket }) => ({
    ...ticket,
    searchId: searchIdOf(ticket),
    ...ticketTokens(ticket.accountId, ticket),
  }))
  return [
    ...insertRows(tickets, searchable),
    ...insertRows(comments, rows.comments),
    ...insertRows(ticketHistory, rows.history),
    ...insertRows(events, rows.events),
  ]
}
