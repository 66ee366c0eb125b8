/** Types of tickets, comments and attachments. Names are those of the API; times are RFC 3339 in UTC. */

export type TicketStatus = 'open' | 'in_progress' | 'resolved' | 'closed'
export type TicketPriority = 'low' | 'medium' | 'high' | 'critical'

/** A user or an API key. */
export interface UserRef {
  id: string
  name: string
  email: string
}

export type CustomFields = Record<string, string | number | boolean>

/** A ticket in a list. */
export interface TicketListItem {
  id: string
  /** 1, 2, 3 … per account, never reused. */
  number: number
  /** Increases with every change; compared with `ifVersion`. */
  version: number
  title: string
  description: string
  status: TicketStatus
  priority: TicketPriority
  created_at: string
  updated_at: string
  created_by: UserRef
  assigned_to: UserRef | null
  tags: string[]
}

/** A ticket in events and exports. */
export interface TicketSnapshot extends TicketListItem {
  custom_fields: CustomFields
}

/** A ticket in responses of its creation and updates. */
export interface Ticket extends TicketSnapshot {
  attachments: Attachment[]
  /** In a replay with an idempotency key, if the ticket or comment was deleted since: its texts are empty. */
  redacted?: true | undefined
}

/** A ticket with its comments. */
export interface TicketDetail extends TicketSnapshot {
  attachments: Attachment[]
  /** The latest 100, oldest first. */
  comments: Comment[]
  comment_count: number
  attachment_count: number
}

export interface Comment {
  id: string
  content: string
  created_at: string
  created_by: UserRef
  /** Only visible to agents and admins. */
  is_internal: boolean
}

export interface CommentWithAttachments extends Comment {
  attachments: Attachment[]
  /** In a replay with an idempotency key, if the ticket or comment was deleted since: its texts are empty. */
  redacted?: true | undefined
}

export interface Attachment {
  id: string
  filename: string
  /** Bytes. */
  size: number
  mime_type: string
  /** Needs no credential, and stays valid for one to two hours. In events, it is a path of the API instead. */
  url: string
  created_at: string
  /** Of the bytes, in hexadecimal. */
  sha256: string
  /** In a replay with an idempotency key, if the ticket or comment was deleted since: its texts are empty. */
  redacted?: true | undefined
}

export interface TicketStats {
  total: number
  by_status: Record<TicketStatus, number>
  by_priority: Record<TicketPriority, number>
  by_assignee: { assigned_to: UserRef | null; count: number }[]
}

export type HistoryValue = string | null | string[] | CustomFields

export interface TicketChange {
  id: string
  created_at: string
  actor: UserRef
  /** A field of the ticket, or `comments` or `attachments` if one was added or deleted. */
  field: string
  previous: HistoryValue
  current: HistoryValue
}

/** Values of one filter are alternatives; filters are combined with AND. */
export interface TicketFilters {
  status?: TicketStatus | TicketStatus[]
  priority?: TicketPriority | TicketPriority[]
  /** IDs, `me`, or `none`. */
  assigned_to?: string | string[]
  /** IDs, or `me`. */
  created_by?: string | string[]
  number?: number
  tag?: string
  /** Terms, each of which must begin a word of the title or the description. */
  q?: string
  /** Inclusive. */
  created_after?: string | Date
  /** Exclusive. */
  created_before?: string | Date
  /** Inclusive. */
  updated_after?: string | Date
  /** Exclusive. */
  updated_before?: string | Date
  /** `created_at` by default. */
  sort?: 'created_at' | 'updated_at' | 'priority'
  /** `desc` by default. */
  order?: 'asc' | 'desc'
}

/** A file in a JSON body; see `toAttachment`. */
export interface NewAttachment {
  filename: string
  /** Base64. */
  content: string
  mime_type: string
}

export interface CreateTicket {
  title: string
  description: string
  status?: TicketStatus
  priority?: TicketPriority
  created_by?: string
  assigned_to?: string | null
  tags?: string[]
  custom_fields?: CustomFields
  attachments?: NewAttachment[]
}

/** Omitted fields are unchanged. */
export interface UpdateTicket {
  title?: string
  description?: string
  status?: TicketStatus
  priority?: TicketPriority
  created_by?: string
  assigned_to?: string | null
  tags?: string[]
  add_tags?: string[]
  remove_tags?: string[]
  /** Merged with the existing fields; null removes a field. */
  custom_fields?: Record<string, string | number | boolean | null>
}

export interface CreateComment {
  content: string
  is_internal?: boolean
  attachments?: NewAttachment[]
}
