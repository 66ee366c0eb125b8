import { sql } from 'drizzle-orm'
import { rows } from '../db/statement'

/** Answers if the database does. */
export function ping() {
  return rows<{ ok: number }>(sql`SELECT 1 AS ok`)
}
