import type { ServiceContext } from '../service/context'
import type { TicketCounts } from './schema'
import { countByAssignee, countByField } from './stats.queries'
import { PRIORITIES, TICKET_STATUSES } from './values'

/** How many tickets the caller may see: in all, by status, by priority, by assignee. For everybody. */
export async function ticketStats({ caller, db }: ServiceContext): Promise<TicketCounts> {
  const [fields, assignees] = await db.batch([countByField(caller), countByAssignee(caller)])
  const sum = (counted: typeof fields) => counted.reduce((total, { count }) => total + count, 0)
  const byStatus = TICKET_STATUSES.map((name) => [name, sum(fields.filter(({ status }) => status === name))] as const)
  const byPriority = PRIORITIES.map((name) => [name, sum(fields.filter(({ priority }) => priority === name))] as const)
  return {
    total: sum(fields),
    by_status: tally(byStatus),
    by_priority: tally(byPriority),
    by_assignee: assignees.map(({ count, id, name, email }) => ({
      assigned_to: id === null || name === null || email === null ? null : { id, name, email },
      count,
    })),
  }
}

/** TypeScript forgets the names of entries on the way into an object. */
function tally<Name extends string>(entries: readonly (readonly [Name, number])[]): Record<Name, number> {
  return Object.fromEntries(entries) as Record<Name, number>
}
