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

export interface AttachmentRow {
  id: string
  comment_id: string | null
  filename: string
  size: number
  mime_type: string
  sha256: string
  created_at: number
}

export interface EventRow {
  sequence: number
  id: string
  type: string
  data: string
  created_at: number
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

export const MEMBERS = `
  JOIN users creator ON creator.account_id = t.account_id AND creator.id = t.created_by
  LEFT JOIN users assignee ON assignee.account_id = t.account_id AND assignee.id = t.assigned_to`

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

export const RESERVE_NUMBER = `
  UPDATE account_state SET ticket_number = ticket_number + 1, event_sequence = event_sequence + 1
  WHERE account_id = ?`

export const INSERT_TICKET = `
  INSERT INTO tickets (account_id, id, number, version, title, description, status, priority, created_by, assigned_to,
    tags, custom_fields, created_at, updated_at)
  VALUES (?, ?, (SELECT ticket_number FROM account_state WHERE account_id = ?), 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

export const CREATED_EVENT = `json_object('ticket', json(json_object(${named(TICKET)})), 'attachments', json((
    SELECT json_group_array(json_object(${ATTACHMENT.map((name) => `'${name}', f.${name}`)})) FROM attachments f
    WHERE f.account_id = t.account_id AND f.ticket_id = t.id AND f.comment_id IS NULL)))`

export const INSERT_EVENT = `
  INSERT INTO events (account_id, sequence, id, type, ticket_id, is_internal, data, created_at)
  SELECT ?, (SELECT event_sequence FROM account_state WHERE account_id = ?), ?, 'ticket.created', t.id, 0,
    ${CREATED_EVENT}, t.created_at
  FROM tickets t ${MEMBERS} WHERE t.account_id = ? AND t.id = ?`

export const STATS = {
  fields: `
    SELECT status, priority, count FROM ticket_counters
    WHERE account_id = ? AND dimension = 'all' AND value = '' AND count > 0`,
  assignees: `
    SELECT c.count, u.id, u.name, u.email FROM (
      SELECT value, sum(count) AS count FROM ticket_counters
      WHERE account_id = ?1 AND dimension = 'assignee' GROUP BY value HAVING sum(count) > 0) c
    LEFT JOIN users u ON u.account_id = ?1 AND u.id = c.value
    ORDER BY c.count DESC, u.id`,
}

export const EVENTS = {
  oldest: 'SELECT min(sequence) AS oldest FROM events WHERE account_id = ?',
  page: `
    SELECT sequence, id, type, data, created_at FROM events
    WHERE account_id = ? AND sequence > 0 ORDER BY sequence LIMIT ?`,
}

export const TICKET_COLUMNS = selected(TICKET)

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
