import { sql } from 'drizzle-orm'
import { select } from '../db/statement'

/** Answers if the database does. */
export function ping() {
  return select<{ ok: number }>(sql`SELECT 1 AS ok`)
}
