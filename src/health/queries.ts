import { sql } from '../db/sql'
import { select } from '../db/statement'

export function ping() {
  return select({ ok: sql<number>`1` }, sql``)
}
