import type { ServiceContext } from '../service/context'
import type { TicketCounts } from './schema'
import { countByAssignee, countByField } from './stats.queries'
import { PRIORITIES, TICKET_STATUSES } from './values'

/** How many tickets the caller may see: in total, by status, by priority and by assignee. For every role. */
export async function ticketStats({ caller, db }: ServiceContext): Promise<TicketCounts> {
  const { fields, assignees } = await db.batch({ fields: countByField(caller), assignees: countByAssignee(caller) })
  const sum = (counts: typeof fields) => counts.reduce((total, { count }) => total + count, 0)
  return {
    total: sum(fields),
    by_status: toCounts(TICKET_STATUSES, (name) => sum(fields.filter(({ status }) => status === name))),
    by_priority: toCounts(PRIORITIES, (name) => sum(fields.filter(({ priority }) => priority === name))),
    by_assignee: assignees.map(({ count, id, name, email }) => ({
      assigned_to: id === null || name === null || email === null ? null : { id, name, email },
      count,
    })),
  }
}

function toCounts<Name extends string>(names: readonly Name[], count: (name: Name) => number): Record<Name, number> {
  return Object.fromEntries(names.map((name) => [name, count(name)])) as Record<Name, number>
}
