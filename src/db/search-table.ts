import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/**
 * The full-text index of tickets (FTS5). Triggers fill it from `searchId`, `titleTokens` and `descriptionTokens` of the
 * tickets. It has no copy of the texts, so only `rowId` can be selected. It is outside `schema/` because drizzle-kit cannot create
 * virtual tables. `${ticketSearch} MATCH …` searches all its columns.
 */
export const ticketSearch = sqliteTable('ticket_search', {
  /** `searchId` of the ticket: in the order of creation. */
  rowId: integer('rowid').primaryKey(),
  title: text('title').notNull(),
  description: text('description').notNull(),
  /** One token. */
  creator: text('creator').notNull(),
})

/**
 * The index that SQLite built from the texts themselves. It serves searches until `ticketSearch` has all tickets
 * (`backfills`). The next version deletes it.
 */
export const oldTicketSearch = sqliteTable('tickets_fts', {
  /** The row ID of the ticket. */
  rowId: integer('rowid').primaryKey(),
  title: text('title').notNull(),
  description: text('description').notNull(),
  /** Tokens for the account and the creator. */
  scope: text('scope').notNull(),
})
