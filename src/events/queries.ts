import { sql } from 'drizzle-orm'
import { rows } from '../db/client'

/** Takes an account's oldest events that were not fanned out, at most `limit`, and marks them. */
export function markFannedOut(accountId: string, limit: number, now: number) {
  return rows<{ sequence: number }>(sql`
    UPDATE events SET fanned_out_at = ${now}
    WHERE account_id = ${accountId} AND fanned_out_at IS NULL AND sequence IN (
      SELECT sequence FROM events WHERE account_id = ${accountId} AND fanned_out_at IS NULL
      ORDER BY sequence LIMIT ${limit})
    RETURNING sequence`)
}

/** The accounts that have events to fan out. The sweep's own question, which no caller can ask. */
export function findAccountsWithEvents(limit: number) {
  return rows<{ account_id: string }>(sql`
    SELECT account_id FROM events WHERE fanned_out_at IS NULL GROUP BY account_id LIMIT ${limit}`)
}
