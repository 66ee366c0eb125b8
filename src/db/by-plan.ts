import type { Column } from 'drizzle-orm'
import { accounts } from './schema/accounts'
import { type SQL, sql } from './sql'

export type Plan = (typeof accounts)['$inferSelect']['plan']

/** The value of the plan in a column, such as a limit. */
export function byPlan(plan: SQL<Plan> | Column, values: Readonly<Record<Plan, number>>): SQL<number> {
  const cases = accounts.plan.enumValues.map((each) => `WHEN '${each}' THEN ${values[each]}`)
  return sql.join([sql`CASE `, plan, sql.raw(` ${cases.join(' ')} END`)]) as SQL<number>
}
