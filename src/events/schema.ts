import { z } from '@hono/zod-openapi'
import { Attachment, presentStoredAttachment } from '../attachments/service'
import { Comment, presentComment } from '../comments/service'
import type { EventType } from '../db/outbox'
import { CursorQuery } from '../http/cursor'
import { id, oneOrMoreOf, WireTime } from '../http/fields'
import { toWireTime } from '../lib/time'
import { EventTicket, presentEventTicket, TicketStatus } from '../tickets/service'
import { presentUser, User, UserRef } from '../users/service'
import { imageOf } from './images'
import type { EventRow } from './queries'

/** What a webhook can ask for. */
export const EVENT_TYPES = [
  'ticket.created',
  'ticket.updated',
  'ticket.status_changed',
  'ticket.deleted',
  'comment.created',
  'user.created',
] as const satisfies readonly EventType[]

/** What the list of events can hold. */
const LISTED_TYPES = [...EVENT_TYPES, 'webhook.test'] as const

function event<const Type extends EventType, Data extends z.ZodType>(type: Type, name: string, data: Data) {
  return z
    .object({
      id: z.string().openapi({ description: 'The same in the header `webhook-id`, on every attempt' }),
      sequence: z.number().int().openapi({ description: '1, 2, 3 … of the account' }),
      event: z.literal(type),
      timestamp: WireTime,
      data,
    })
    .openapi(name)
}

const Changes = z
  .record(
    z.string(),
    z.union([z.object({ previous: z.unknown(), current: z.unknown() }), z.object({ truncated: z.literal(true) })]),
  )
  .openapi({ description: 'By field; a text over 4 KiB is told as truncated' })

const EventAttachments = z.array(Attachment).openapi({ description: 'Their `url` is a path of this API, not a file’s' })

export const Event = z
  .discriminatedUnion('event', [
    event(
      'ticket.created',
      'TicketCreatedEvent',
      z.object({ ticket: EventTicket.extend({ attachments: EventAttachments }) }),
    ),
    event(
      'ticket.updated',
      'TicketUpdatedEvent',
      z.object({ ticket: EventTicket, changes: Changes, updated_by: UserRef }),
    ),
    event(
      'ticket.status_changed',
      'TicketStatusChangedEvent',
      z.object({
        ticket: z.object({
          id: z.string(),
          title: z.string(),
          status: z.object({ previous: TicketStatus, current: TicketStatus }),
          updated_by: UserRef,
        }),
      }),
    ),
    event(
      'ticket.deleted',
      'TicketDeletedEvent',
      z.object({
        ticket: z.object({ id: z.string(), number: z.number().int(), title: z.string() }),
        deleted_by: UserRef,
      }),
    ),
    event(
      'comment.created',
      'CommentCreatedEvent',
      z.object({
        comment: Comment.extend({ attachments: EventAttachments }),
        ticket: z.object({ id: z.string(), number: z.number().int(), title: z.string(), status: TicketStatus }),
      }),
    ),
    event('user.created', 'UserCreatedEvent', z.object({ user: User })),
    event('webhook.test', 'WebhookTestEvent', z.object({ webhook: z.object({ id: z.string() }) })),
  ])
  .openapi('Event')
export type EventBody = z.infer<typeof Event>

export const EventList = z
  .object({
    data: z.array(Event),
    pagination: z.object({
      per_page: z.number().int(),
      next_cursor: z.string().openapi({ description: 'Always there: come back with it for what happens next' }),
      has_more: z.boolean(),
    }),
  })
  .openapi('EventList')

export const ListEventsQuery = z.strictObject({
  event: oneOrMoreOf(LISTED_TYPES).optional(),
  ticket_id: id('ticket123').optional(),
  ...CursorQuery,
})
export type ListEventsInput = z.infer<typeof ListEventsQuery>

/** An event as it is listed and sent, from what was stored with the change. */
export function presentEvent(row: EventRow): EventBody {
  const base = { id: row.id, sequence: row.sequence, timestamp: toWireTime(row.created_at) }
  const { type, image } = imageOf(row)
  switch (type) {
    case 'ticket.created': {
      const attachments = image.attachments.map(presentStoredAttachment)
      return { ...base, event: type, data: { ticket: { ...presentEventTicket(image.ticket), attachments } } }
    }
    case 'ticket.updated': {
      const { ticket, changes, actor } = image
      return { ...base, event: type, data: { ticket: presentEventTicket(ticket), changes, updated_by: actor } }
    }
    case 'ticket.status_changed': {
      const { ticket, status, actor } = image
      return { ...base, event: type, data: { ticket: { ...ticket, status, updated_by: actor } } }
    }
    case 'ticket.deleted':
      return { ...base, event: type, data: { ticket: image.ticket, deleted_by: image.actor } }
    case 'comment.created': {
      const attachments = image.attachments.map(presentStoredAttachment)
      const comment = { ...presentComment(image.comment), attachments }
      return { ...base, event: type, data: { comment, ticket: image.ticket } }
    }
    case 'user.created':
      return { ...base, event: type, data: { user: presentUser(image.user) } }
    case 'webhook.test':
      return { ...base, event: type, data: image }
  }
}
