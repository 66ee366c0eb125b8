import { type SQL, sql } from 'drizzle-orm'
import { write } from './statement'

/** What a batch can be ended by, beside the rules of the tables themselves (`migrations/`). */
type Guard = 'replay' | 'precondition' | 'status'

/** Ends its batch with `refused: <rule>` for each row that `from` gives; nothing of the batch then takes effect. */
export function refuseFor(rule: Guard, from: SQL) {
  return write(sql`INSERT INTO guards (rule) SELECT ${rule} FROM ${from}`)
}
