import type { tickets } from '../../../src/db/schema/tickets.ts'

export type Priority = (typeof tickets.$inferInsert)['priority']

/** Texts in braces are replaced: see `PLACES` in ../timeline.ts. */
export interface Scenario {
  title: string
  description: string
  priority: Priority
  tags: string[]
  fields?: Record<string, string | number | boolean>
  /** In order. A note is internal. */
  replies: [author: 'agent' | 'customer' | 'note', text: string][]
}
