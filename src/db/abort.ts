import { type SQL, sql } from 'drizzle-orm'
import { run } from './statement'

/** What a batch can be ended by, beside the rules of the tables themselves (`migrations/`). */
type BatchAssertion = 'replay' | 'precondition' | 'status'

/** Ends its batch with `refused: <rule>` for each row that `from` gives; nothing of the batch then takes effect. */
export function abortIf(rule: BatchAssertion, from: SQL) {
  return run(sql`INSERT INTO guards (rule) SELECT ${rule} FROM ${from}`)
}
