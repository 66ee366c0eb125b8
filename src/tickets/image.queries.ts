import { type SQL, sql } from 'drizzle-orm'
import { type Image, jsonImage, selectList } from '../db/image'

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

const COLUMNS: Image = {
  id: sql`t.id`,
  number: sql`t.number`,
  version: sql`t.version`,
  title: sql`t.title`,
  description: sql`t.description`,
  status: sql`t.status`,
  priority: sql`t.priority`,
  created_at: sql`t.created_at`,
  updated_at: sql`t.updated_at`,
  created_by_id: sql`t.created_by`,
  created_by_name: sql`creator.name`,
  created_by_email: sql`creator.email`,
  assigned_to_id: sql`t.assigned_to`,
  assigned_to_name: sql`assignee.name`,
  assigned_to_email: sql`assignee.email`,
  tags: sql`t.tags`,
  custom_fields: sql`t.custom_fields`,
  public_comments: sql`t.public_comments`,
  internal_comments: sql`t.internal_comments`,
  public_attachments: sql`t.public_attachments`,
  internal_attachments: sql`t.internal_attachments`,
}

export const TICKET_COLUMNS: SQL = selectList(COLUMNS)
export const TICKET_IMAGE: SQL = jsonImage(COLUMNS)

/** The members named by the ticket `t`. */
export const TICKET_MEMBERS: SQL = sql`
  JOIN users creator ON creator.account_id = t.account_id AND creator.id = t.created_by
  LEFT JOIN users assignee ON assignee.account_id = t.account_id AND assignee.id = t.assigned_to`
