import { sql } from 'drizzle-orm'
import type { Caller } from '../core/caller'
import { seesAllTickets } from '../core/policy'
import { select } from '../db/statement'

/** How many tickets that the caller may see have each status and priority, from the counters. */
export function countByField(caller: Caller) {
  const [dimension, value] = seesAllTickets(caller.role) ? ['all', ''] : ['creator', caller.id]
  return select<{ status: string; priority: string; count: number }>(sql`
    SELECT status, priority, count FROM ticket_counters
    WHERE account_id = ${caller.accountId} AND dimension = ${dimension} AND value = ${value} AND count > 0`)
}

interface AssigneeCount {
  count: number
  id: string | null
  name: string | null
  email: string | null
}

/** How many tickets that the caller may see each assignee has, from the counters. */
export function countByAssignee(caller: Caller) {
  const counts = seesAllTickets(caller.role)
    ? sql`SELECT value, sum(count) AS count FROM ticket_counters
        WHERE account_id = ${caller.accountId} AND dimension = 'assignee' GROUP BY value HAVING sum(count) > 0`
    : sql`SELECT assigned_to AS value, count FROM creator_counters
        WHERE account_id = ${caller.accountId} AND created_by = ${caller.id} AND count > 0`
  return select<AssigneeCount>(sql`
    SELECT c.count, u.id, u.name, u.email FROM (${counts}) c
    LEFT JOIN users u ON u.account_id = ${caller.accountId} AND u.id = c.value
    ORDER BY c.count DESC, u.id`)
}
