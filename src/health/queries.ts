import { sql } from 'drizzle-orm'
import { rows } from '../db/client'

/** Answers if the database does. */
export function ping() {
  return rows<{ ok: number }>(sql`SELECT 1 AS ok`)
}
