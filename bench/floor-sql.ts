/** The SQL of the measured routes as the service renders it, and the shape it gives their rows on the wire. */

export interface TicketRow {
  id: string
  number: number
  version: number
  title: string
  description: string
  status: string
  priority: string
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

export interface CommentRow {
  id: string
  content: string
  created_at: number
  created_by_id: string
  created_by_name: string
  created_by_email: string
  is_internal: number
}

const TICKET: Record<keyof TicketRow, string> = {
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

const COMMENT: Record<keyof CommentRow, string> = {
  id: 'c.id',
  content: 'c.content',
  created_at: 'c.created_at',
  created_by_id: 'c.created_by',
  created_by_name: 'author.name',
  created_by_email: 'author.email',
  is_internal: 'c.is_internal',
}

const ATTACHMENT = ['id', 'comment_id', 'filename', 'size', 'mime_type', 'sha256', 'created_at']

const MEMBERS = `
  JOIN users creator ON creator.account_id = t.account_id AND creator.id = t.created_by
  LEFT JOIN users assignee ON assignee.account_id = t.account_id AND assignee.id = t.assigned_to`

export const LIST_COUNT = `
  SELECT coalesce(sum(count), 0) AS total FROM ticket_counters WHERE account_id = ? AND dimension = ? AND value = ?`

export const LIST_PAGE = `
  SELECT ${selected(TICKET)}
  FROM (SELECT t.seq FROM tickets t WHERE t.account_id = ? ORDER BY t.created_at DESC, t.seq DESC LIMIT ? OFFSET ?) page
  CROSS JOIN tickets t ON t.seq = page.seq AND t.account_id = ? ${MEMBERS}
  ORDER BY t.created_at DESC, t.seq DESC`

export const DETAIL = {
  ticket: `SELECT ${selected(TICKET)} FROM tickets t ${MEMBERS} WHERE t.account_id = ? AND t.id = ?`,
  comments: `
    SELECT ${selected(COMMENT)} FROM (
      SELECT c.seq FROM comments c WHERE c.account_id = ? AND c.ticket_id = ? ORDER BY c.seq DESC LIMIT ?) latest
    CROSS JOIN comments c ON c.seq = latest.seq AND c.account_id = ?
    JOIN users author ON author.account_id = c.account_id AND author.id = c.created_by
    ORDER BY c.seq`,
  attachments: `
    SELECT * FROM (
      SELECT f.seq, ${ATTACHMENT.map((name) => `f.${name}`)} FROM attachments f
      WHERE f.account_id = ? AND f.ticket_id = ? ORDER BY f.seq DESC LIMIT ?)
    ORDER BY seq`,
}

export const TAKE_NUMBER = `
  UPDATE account_state SET ticket_number = ticket_number + 1, event_sequence = event_sequence + 1
  WHERE account_id = ?`

export const INSERT_TICKET = `
  INSERT INTO tickets (account_id, id, number, version, title, description, status, priority, created_by, assigned_to,
    tags, custom_fields, created_at, updated_at)
  VALUES (?, ?, (SELECT ticket_number FROM account_state WHERE account_id = ?), 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

export const INSERT_EVENT = `
  INSERT INTO events (account_id, sequence, id, type, ticket_id, is_internal, data, created_at)
  SELECT ?, (SELECT event_sequence FROM account_state WHERE account_id = ?) - ?, ?, ?, ?, ?,
    json_object('ticket', json(json_object(${named(TICKET)})), 'attachments', json(
      (SELECT json_group_array(json_object(${ATTACHMENT.map((name) => `'${name}', f.${name}`)})) FROM attachments f
        WHERE f.account_id = ? AND f.ticket_id = ? AND f.comment_id IS NULL))), ?
  FROM tickets t ${MEMBERS} WHERE t.account_id = ? AND t.id = ?`

function selected(columns: Record<string, string>): string {
  return Object.entries(columns)
    .map(([name, column]) => `${column} AS "${name}"`)
    .join(', ')
}

function named(columns: Record<string, string>): string {
  return Object.entries(columns)
    .map(([name, column]) => `'${name}', ${column}`)
    .join(', ')
}

export function presentListItem(row: TicketRow) {
  return {
    id: row.id,
    number: row.number,
    version: row.version,
    title: row.title,
    description: row.description,
    status: row.status,
    priority: row.priority,
    created_at: wireTime(row.created_at),
    updated_at: wireTime(row.updated_at),
    created_by: { id: row.created_by_id, name: row.created_by_name, email: row.created_by_email },
    assigned_to: row.assigned_to_id
      ? { id: row.assigned_to_id, name: row.assigned_to_name, email: row.assigned_to_email }
      : null,
    tags: JSON.parse(row.tags),
  }
}

export function presentComment(row: CommentRow) {
  return {
    id: row.id,
    content: row.content,
    created_at: wireTime(row.created_at),
    created_by: { id: row.created_by_id, name: row.created_by_name, email: row.created_by_email },
    is_internal: row.is_internal === 1,
  }
}

function wireTime(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`
}
