import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** Work over existing rows that a migration leaves to the sweep, which does it in steps. */
export const backfills = sqliteTable('backfills', {
  name: text('name', { enum: ['search'] }).primaryKey(),
  /** Where the next step continues. */
  position: text('position').notNull().default(''),
  isDone: integer('is_done').notNull().default(0),
})
