import { alias } from './alias'
import { users } from './schema/accounts'
import { tickets } from './schema/tickets'
import { nullable, type RowOf, selection } from './selection'
import { type SQL, sql } from './sql'

const t = alias(tickets, 't')
const creator = alias(users, 'creator')
const assignee = alias(users, 'assignee')

/** A ticket with its creator and assignee in a list. Custom fields, which can be 200 KB, are not read. */
export const TICKET_SUMMARY = selection({
  id: t.id,
  number: t.number,
  version: t.version,
  title: t.title,
  description: t.description,
  status: t.status,
  priority: t.priority,
  created_at: t.createdAt,
  updated_at: t.updatedAt,
  created_by_id: t.createdBy,
  created_by_name: creator.name,
  created_by_email: creator.email,
  assigned_to_id: t.assignedTo,
  assigned_to_name: nullable(assignee.name),
  assigned_to_email: nullable(assignee.email),
  tags: t.tags,
})

export type TicketSummaryRow = RowOf<typeof TICKET_SUMMARY>

/** As `TICKET_SUMMARY`, with everything else, for responses and for snapshots in events. */
export const TICKET = selection({
  ...TICKET_SUMMARY.fields,
  custom_fields: t.customFields,
  public_comments: t.publicComments,
  internal_comments: t.internalComments,
  public_attachments: t.publicAttachments,
  internal_attachments: t.internalAttachments,
})

export type TicketRow = RowOf<typeof TICKET>

/** Joins the users that `TICKET` and `TICKET_SUMMARY` read. */
export const TICKET_MEMBER_JOINS: SQL = sql`
  JOIN ${creator} ON ${creator.accountId} = ${t.accountId} AND ${creator.id} = ${t.createdBy}
  LEFT JOIN ${assignee} ON ${assignee.accountId} = ${t.accountId} AND ${assignee.id} = ${t.assignedTo}`
