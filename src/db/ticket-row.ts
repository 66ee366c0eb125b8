import { type SQL, sql } from 'drizzle-orm'
import { fieldsOf, jsonObject, type Selection, selectList } from './selection'

/** What is known of a ticket, its creator and its assignee: read for an answer, or kept in an event. */
export interface TicketRow {
  id: string
  number: number
  version: number
  title: string
  description: string
  status: 'open' | 'in_progress' | 'resolved' | 'closed'
  priority: 'low' | 'medium' | 'high' | 'critical'
  created_at: number
  updated_at: number
  created_by_id: string
  created_by_name: string
  created_by_email: string
  assigned_to_id: string | null
  assigned_to_name: string | null
  assigned_to_email: string | null
  tags: string
  custom_fields: string
  public_comments: number
  internal_comments: number
  public_attachments: number
  internal_attachments: number
}

const COLUMNS: Selection<TicketRow> = {
  id: 't.id',
  number: 't.number',
  version: 't.version',
  title: 't.title',
  description: 't.description',
  status: 't.status',
  priority: 't.priority',
  created_at: 't.created_at',
  updated_at: 't.updated_at',
  created_by_id: 't.created_by',
  created_by_name: 'creator.name',
  created_by_email: 'creator.email',
  assigned_to_id: 't.assigned_to',
  assigned_to_name: 'assignee.name',
  assigned_to_email: 'assignee.email',
  tags: 't.tags',
  custom_fields: 't.custom_fields',
  public_comments: 't.public_comments',
  internal_comments: 't.internal_comments',
  public_attachments: 't.public_attachments',
  internal_attachments: 't.internal_attachments',
}

/** The names of the columns, for an answer that is kept. */
export const TICKET_FIELDS = fieldsOf<TicketRow>(COLUMNS)
export const TICKET_COLUMNS: SQL = selectList(COLUMNS)
export const TICKET_SNAPSHOT: SQL = jsonObject(COLUMNS)

/** The members named by the ticket `t`. */
export const TICKET_MEMBERS: SQL = sql`
  JOIN users creator ON creator.account_id = t.account_id AND creator.id = t.created_by
  LEFT JOIN users assignee ON assignee.account_id = t.account_id AND assignee.id = t.assigned_to`
