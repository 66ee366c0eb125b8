/** The shapes of tickets, comments and attachments. The names are the wire's own; times are RFC 3339 in UTC. */

export type TicketStatus = 'open' | 'in_progress' | 'resolved' | 'closed'
export type TicketPriority = 'low' | 'medium' | 'high' | 'critical'

/** A person or an API key, as what they did names them. */
export interface UserRef {
  id: string
  name: string
  email: string
}

export type CustomFields = Record<string, string | number | boolean>

/** A ticket as lists have it. */
export interface TicketListItem {
  id: string
  /** 1, 2, 3 … within the account, never used again. */
  number: number
  /** Rises with every change: what `ifVersion` compares. */
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

/** A ticket as events and exports tell of it. */
export interface TicketSnapshot extends TicketListItem {
  custom_fields: CustomFields
}

/** A ticket as its creation and its changes are answered. */
export interface Ticket extends TicketSnapshot {
  attachments: Attachment[]
}

/** The whole of a ticket. */
export interface TicketDetail extends Ticket {
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
  /** Seen by agents and admins alone. */
  is_internal: boolean
}

export interface CommentWithAttachments extends Comment {
  attachments: Attachment[]
}

export interface Attachment {
  id: string
  filename: string
  /** Bytes. */
  size: number
  mime_type: string
  /** Needs no header, and is good for an hour or two. In events it is a path of the API instead. */
  url: string
  created_at: string
  /** Of the bytes, in hex. */
  sha256: string
}

export interface TicketStats {
  total: number
  by_status: Record<TicketStatus, number>
  by_priority: Record<TicketPriority, number>
  by_assignee: { assigned_to: UserRef | null; count: number }[]
}

/** What a field was or is. */
export type HistoryValue = string | null | string[] | CustomFields

/** One field of one change of a ticket. */
export interface TicketChange {
  id: string
  created_at: string
  actor: UserRef
  /** A field of the ticket, or `comments` or `attachments` where one came or went. */
  field: string
  previous: HistoryValue
  current: HistoryValue
}

/** Which tickets: several values of a filter are alternatives, several filters hold together. */
export interface TicketFilters {
  status?: TicketStatus | TicketStatus[]
  priority?: TicketPriority | TicketPriority[]
  /** IDs, `me`, or `none`. */
  assigned_to?: string | string[]
  /** IDs, or `me`. */
  created_by?: string | string[]
  number?: number
  tag?: string
  /** Words, each of which begins a word of the title or the description. */
  q?: string
  /** Inclusive. */
  created_after?: string | Date
  /** Exclusive. */
  created_before?: string | Date
  /** Inclusive. */
  updated_after?: string | Date
  /** Exclusive. */
  updated_before?: string | Date
  /** `created_at` unless told. */
  sort?: 'created_at' | 'updated_at' | 'priority'
  /** `desc` unless told. */
  order?: 'asc' | 'desc'
}

/** A file within a JSON body; `toAttachment` makes one of bytes. */
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

/** What is not named stays as it is. */
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
  /** Merged with what is there; null takes a field away. */
  custom_fields?: Record<string, string | number | boolean | null>
}

export interface CreateComment {
  content: string
  is_internal?: boolean
  attachments?: NewAttachment[]
}
