import type { User } from './account-types.ts'
import type { Attachment, Comment, TicketSnapshot, TicketStatus, UserRef } from './ticket-types.ts'

/** Types of events and webhooks. Names are those of the API; times are RFC 3339 in UTC. */

export type EventType =
  | 'ticket.created'
  | 'ticket.updated'
  | 'ticket.status_changed'
  | 'ticket.deleted'
  | 'comment.created'
  | 'user.created'

interface EventOf<Type extends string, Data> {
  /** Equal to the header `webhook-id` of every attempt: store it to handle an event once. */
  id: string
  /** 1, 2, 3 … per account, in the order of events. */
  sequence: number
  event: Type
  timestamp: string
  data: Data
  /** The ticket or comment was deleted: its texts are empty. */
  redacted?: true | undefined
}

/** By field; a text over 4 KiB is truncated. */
export type Changes = Record<string, { previous: unknown; current: unknown } | { truncated: true }>

export type TicketCreatedEvent = EventOf<'ticket.created', { ticket: TicketSnapshot & { attachments: Attachment[] } }>

export type TicketUpdatedEvent = EventOf<
  'ticket.updated',
  { ticket: TicketSnapshot; changes: Changes; updated_by: UserRef }
>

export type TicketStatusChangedEvent = EventOf<
  'ticket.status_changed',
  {
    ticket: {
      id: string
      title: string
      status: { previous: TicketStatus; current: TicketStatus }
      updated_by: UserRef
    }
  }
>

export type TicketDeletedEvent = EventOf<
  'ticket.deleted',
  { ticket: { id: string; number: number; title: string }; deleted_by: UserRef }
>

export type CommentCreatedEvent = EventOf<
  'comment.created',
  {
    comment: Comment & { attachments: Attachment[] }
    ticket: { id: string; number: number; title: string; status: TicketStatus }
  }
>

export type UserCreatedEvent = EventOf<'user.created', { user: User }>

/** Sent by `webhooks.test`. */
export type WebhookTestEvent = EventOf<'webhook.test', { webhook: { id: string } }>

/** `event` determines the type of `data`. Later versions may add events. */
export type TicketingEvent =
  | TicketCreatedEvent
  | TicketUpdatedEvent
  | TicketStatusChangedEvent
  | TicketDeletedEvent
  | CommentCreatedEvent
  | UserCreatedEvent
  | WebhookTestEvent

export interface EventFilters {
  event?: TicketingEvent['event'] | TicketingEvent['event'][]
  ticket_id?: string
}

export interface Webhook {
  id: string
  url: string
  events: (EventType | '*')[]
  description: string | null
  include_internal: boolean
  active: boolean
  /** Why the service disabled it: the endpoint returned 410, or failed for five days. */
  disabled_reason: 'gone' | 'failing' | null
  created_at: string
  secret_last_rotated_at: string | null
}

export interface WebhookWithSecret extends Webhook {
  /** Only returned here. Required by `verifyWebhook`. */
  secret: string
}

export interface CreateWebhook {
  url: string
  /** `['*']` for every event. */
  events: (EventType | '*')[]
  description?: string | null
  /** Whether it receives internal comments. */
  include_internal?: boolean
}

export interface UpdateWebhook {
  url?: string
  events?: (EventType | '*')[]
  description?: string | null
  include_internal?: boolean
  active?: boolean
}

export type DeliveryStatus = 'pending' | 'succeeded' | 'failed'

/** Why there was no complete response. */
export type DeliveryFailure =
  | 'timeout'
  | 'connect'
  | 'reset'
  | 'dns'
  | 'tls'
  | 'address'
  | 'secret'
  | 'event'
  | 'expired'

/** One event for one webhook. */
export interface Delivery {
  id: string
  webhook_id: string
  event_id: string
  event: TicketingEvent['event']
  sequence: number
  status: DeliveryStatus
  attempt_count: number
  next_attempt_at: string | null
  /** `status` for a response other than 2xx, `dead_letter` if the service failed to send the event. */
  last_error: DeliveryFailure | 'status' | 'dead_letter' | null
  created_at: string
}

export interface DeliveryAttempt {
  number: number
  at: string
  trigger: 'scheduled' | 'manual'
  status_code: number | null
  duration_ms: number
  error: DeliveryFailure | null
  /** The first KiB of the response; empty once the ticket or comment was deleted. */
  response: string | null
}

export interface DeliveryWithAttempts extends Delivery {
  /** The latest 100. */
  attempts: DeliveryAttempt[]
}

export interface DeliveryFilters {
  status?: DeliveryStatus
  event?: TicketingEvent['event']
}

/** Selects the events to send again. */
export interface Replay {
  since: string
  until?: string
  /** Skips events that were delivered. */
  only_failed?: boolean
}
