import { sql } from 'drizzle-orm'
import { select } from '../db/statement'

export function ping() {
  return select({ ok: sql<number>`1` }, sql``)
}
