import type { Caller } from '../core/caller'
import { seesAllTickets } from '../core/policy'
import { creatorsOf, type TicketFilter } from './filter.queries'
import { PRIORITIES, type Priority, TICKET_STATUSES, type TicketStatus } from './values'

/** The tickets with one value of a field, one status and one priority rank: a range of an index, in order of time. */
export interface Partition {
  /** A tag or the ID of a member; null for unassigned tickets, and where the field is the status itself. */
  value: string | null
  status: TicketStatus
  rank: number
}

export type PartitionField = 'tag' | 'creator' | 'assignee' | 'status'

export interface Partitions {
  by: PartitionField
  all: Partition[]
}

/** All tickets, for an order by priority. */
export const EVERY_PARTITION: Partitions = { by: 'status', all: combine([null], TICKET_STATUSES, PRIORITIES) }

/**
 * The partitions that hold the tickets of a filter; undefined if it names none of their fields. Those of a customer are by
 * creator, so that no other customer's tickets are read.
 */
export function partitionsOf(caller: Caller, filter: TicketFilter): Partitions | undefined {
  const creators = creatorsOf(caller, filter)
  const { tag, assignedTo, status, priority } = filter
  const all = (values: (string | null)[]) => combine(values, status ?? TICKET_STATUSES, priority ?? PRIORITIES)
  if (tag !== undefined && seesAllTickets(caller.role)) return { by: 'tag', all: all([tag]) }
  if (creators) return { by: 'creator', all: all(creators) }
  if (assignedTo) return { by: 'assignee', all: all(assignedTo.map((id) => (id === '' ? null : id))) }
  return status || priority ? { by: 'status', all: all([null]) } : undefined
}

function combine(
  values: readonly (string | null)[],
  statuses: readonly TicketStatus[],
  priorities: readonly Priority[],
): Partition[] {
  return values.flatMap((value) =>
    statuses.flatMap((status) => priorities.map((priority) => ({ value, status, rank: PRIORITIES.indexOf(priority) }))),
  )
}

/** The fields of a filter, except times, that the partitions do not cover: they are checked for each ticket. */
export function residualFilters(
  caller: Caller,
  filter: TicketFilter,
  by: PartitionField,
): Pick<TicketFilter, 'tag' | 'createdBy' | 'assignedTo'> {
  return {
    tag: by === 'tag' ? undefined : filter.tag,
    createdBy: by === 'tag' ? creatorsOf(caller, filter) : undefined,
    assignedTo: by === 'assignee' ? undefined : filter.assignedTo,
  }
}
