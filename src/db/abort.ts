import { batchAssertions } from './schema/accounts'
import type { SQL } from './sql'
import { insertSelect } from './write'

/** Reasons to abort a batch, in addition to the constraints of the tables (`migrations/`). */
type AbortReason = 'replay' | 'precondition' | 'status'

/** Aborts its batch with `refused: <rule>` if `from` (`FROM … WHERE …`) finds a row. */
export function abortIf(rule: AbortReason, from: SQL) {
  return insertSelect(batchAssertions, { rule }, from)
}
