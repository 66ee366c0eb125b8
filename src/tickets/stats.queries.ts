import type { Caller } from '../core/caller'
import { seesAllTickets } from '../core/policy'
import { alias } from '../db/alias'
import { users } from '../db/schema/accounts'
import { creatorCounters, ticketCounters } from '../db/schema/tickets'
import { nullable, selection } from '../db/selection'
import { sql } from '../db/sql'
import { select } from '../db/statement'

const c = alias(ticketCounters, 'c')
const u = alias(users, 'u')

const FIELD_COUNT = selection({
  status: ticketCounters.status,
  priority: ticketCounters.priority,
  count: ticketCounters.count,
})

const ASSIGNEE_COUNT = selection({
  count: c.count,
  id: nullable(u.id),
  name: nullable(u.name),
  email: nullable(u.email),
})

/** How many tickets that the caller may see have each status and priority. */
export function countByField(caller: Caller) {
  const [dimension, value] = seesAllTickets(caller.role) ? ['all', ''] : ['creator', caller.id]
  return select(
    FIELD_COUNT,
    sql`FROM ${ticketCounters}
      WHERE ${ticketCounters.accountId} = ${caller.accountId} AND ${ticketCounters.dimension} = ${dimension}
        AND ${ticketCounters.value} = ${value} AND ${ticketCounters.count} > 0`,
  )
}

/** How many tickets that the caller may see each assignee has; the ID is null for unassigned tickets. */
export function countByAssignee(caller: Caller) {
  const counts = seesAllTickets(caller.role) ? countsOfAccount(caller.accountId) : countsOfCreator(caller)
  return select(
    ASSIGNEE_COUNT,
    sql`FROM (${counts}) c
      LEFT JOIN ${u} ON ${u.accountId} = ${caller.accountId} AND ${u.id} = ${c.value}
      ORDER BY ${c.count} DESC, ${u.id}`,
  )
}

function countsOfAccount(accountId: string) {
  const { value, count, dimension } = ticketCounters
  return sql`SELECT ${value}, sum(${count}) AS ${count} FROM ${ticketCounters}
    WHERE ${ticketCounters.accountId} = ${accountId} AND ${dimension} = 'assignee'
    GROUP BY ${value} HAVING sum(${count}) > 0`
}

function countsOfCreator(caller: Caller) {
  const { assignedTo, createdBy, count } = creatorCounters
  return sql`SELECT ${assignedTo} AS ${ticketCounters.value}, ${count} FROM ${creatorCounters}
    WHERE ${creatorCounters.accountId} = ${caller.accountId} AND ${createdBy} = ${caller.id} AND ${count} > 0`
}
