import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/**
 * The full-text index of tickets (FTS5), kept by triggers. It is outside `schema/` because drizzle-kit cannot create virtual
 * tables. `${ticketSearch} MATCH …` searches all its columns.
 */
export const ticketSearch = sqliteTable('tickets_fts', {
  /** The row ID of the ticket. */
  rowId: integer('rowid').primaryKey(),
  title: text('title').notNull(),
  description: text('description').notNull(),
  /** Tokens for the account and the creator. */
  scope: text('scope').notNull(),
})
