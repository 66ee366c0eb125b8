import type { Caller } from '../core/caller'
import { type Alias, alias } from '../db/alias'
import { tickets, ticketTags, ticketTagsUpdated } from '../db/schema/tickets'
import { constant } from '../db/selection'
import { type SQL, sql } from '../db/sql'
import type { TicketFilter, TimeColumn } from './filter.queries'
import { andEach, inRange, isAssignedToOneOf, isOneOf, isTagged, otherTime } from './filter.queries'
import { cursorKeyColumns, type OrderedRow } from './ordering.queries'
import { type PartitionField, residualFilters } from './partitions.queries'
import { PRIORITIES, type TicketStatus } from './values'

const t = alias(tickets, 't')
const g = alias(ticketTags, 'g')
const u = alias(ticketTagsUpdated, 'g')

/** Rows of an index, or of a table of tags, in which each partition is a range in order of a time. */
interface ScanPlan {
  from: SQL
  /** The same rows, each with its ticket `t`. */
  fromWithTicket: SQL
  /** The columns of a row. */
  row: OrderedRow & Record<'accountId' | 'status', SQL>
  time: SQL
  /** The column that has the value of a partition. */
  value: SQL | null
  cursorKey: SQL
  /** The condition for a status and, as an index, a rank. */
  statusAndRank: Record<TicketStatus, readonly SQL[]>
}

const SCAN_PLANS: Record<PartitionField, Record<TimeColumn, ScanPlan>> = {
  status: {
    createdAt: onIndex('tickets_by_status_created', t.createdAt, null),
    updatedAt: onIndex('tickets_by_status_updated', t.updatedAt, null),
  },
  assignee: {
    createdAt: onIndex('tickets_by_assignee_created', t.createdAt, t.assignedTo),
    updatedAt: onIndex('tickets_by_assignee_updated', t.updatedAt, t.assignedTo),
  },
  creator: {
    createdAt: onIndex('tickets_by_creator_created', t.createdAt, t.createdBy),
    updatedAt: onIndex('tickets_by_creator_updated', t.updatedAt, t.createdBy),
  },
  tag: {
    createdAt: onTags(g, g.createdAt),
    updatedAt: onTags(u, u.updatedAt),
  },
}

function onIndex(name: string, time: SQL, value: SQL | null): ScanPlan {
  const from = constant(sql`${t} INDEXED BY ${sql.raw(name)}`)
  return { from, fromWithTicket: from, time, value, ...columnsOf(t, time) }
}

function onTags(g: Alias<typeof ticketTags> | Alias<typeof ticketTagsUpdated>, time: SQL): ScanPlan {
  const fromWithTicket = sql`${g} CROSS JOIN ${t} ON ${t.rowId} = ${g.rowId} AND +${t.accountId} = ${g.accountId}`
  return { from: g, fromWithTicket: constant(fromWithTicket), time, value: g.tag, ...columnsOf(g, time) }
}

function columnsOf(row: ScanPlan['row'], time: SQL) {
  const ofStatus = (status: TicketStatus) =>
    PRIORITIES.map((_, rank) =>
      constant(sql`${row.status} = ${sql.raw(`'${status}'`)} AND ${row.priorityRank} = ${sql.raw(`${rank}`)}`),
    )
  const statusAndRank = {
    open: ofStatus('open'),
    in_progress: ofStatus('in_progress'),
    resolved: ofStatus('resolved'),
    closed: ofStatus('closed'),
  }
  return { row, cursorKey: cursorKeyColumns(row, time), statusAndRank }
}

export interface IndexScan extends ScanPlan {
  /** What the partitions do not cover of the filter. Begins with AND; may be empty. */
  residual: SQL
}

/** How to scan partitions in order of a time. Joins the tickets only if the filter has conditions for them. */
export function planIndexScan(caller: Caller, filter: TicketFilter, by: PartitionField, column: TimeColumn): IndexScan {
  const plan = SCAN_PLANS[by][column]
  const { tag, createdBy, assignedTo } = residualFilters(caller, filter, by)
  const onTicket = [
    ...inRange(filter, otherTime(column)),
    ...(tag === undefined ? [] : [isTagged(caller.accountId, tag)]),
    ...(createdBy ? [isOneOf(t.createdBy, createdBy)] : []),
    ...(assignedTo ? [isAssignedToOneOf(assignedTo)] : []),
  ]
  return {
    ...plan,
    from: onTicket.length > 0 ? plan.fromWithTicket : plan.from,
    residual: andEach([...inRange(filter, column, plan.time), ...onTicket]),
  }
}

/** Whether a row of a scan belongs to the partition `c.value` of `json_each`. */
export function inPartition(accountId: string, { row: r, value }: ScanPlan): SQL {
  const hasValue = value === null ? sql`` : sql` AND ${value} IS c.value ->> 'value'`
  return sql`${r.accountId} = ${accountId}${hasValue}
    AND ${r.status} = c.value ->> 'status' AND ${r.priorityRank} = c.value ->> 'rank'`
}
