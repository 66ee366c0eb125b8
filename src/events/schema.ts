import { z } from '@hono/zod-openapi'
import { presentStoredAttachment } from '../attachments/service'
import { CommentWithAttachments, presentComment } from '../comments/service'
import type { EventType } from '../db/outbox'
import { events } from '../db/schema/webhooks'
import { Cursor, CursorQuery } from '../http/pagination/cursor'
import { PerPage } from '../http/pagination/page'
import { id, oneOrMoreOf } from '../http/schemas/request-fields'
import { idField, integerField, textField, WireTime } from '../http/schemas/response-fields'
import { toWireTime } from '../lib/time'
import { presentTicketSnapshot, Ticket, TicketSnapshot, TicketStatus } from '../tickets/service'
import { presentUser, User, UserRef } from '../users/service'
import type { EventRow } from './queries'
import { parseSnapshot, type StoredEvent } from './snapshots'

export const LISTED_TYPES = events.type.enumValues

/** The types that a webhook can subscribe to. */
export const EVENT_TYPES = LISTED_TYPES.filter((type) => type !== 'webhook.test')

const title = textField(200).openapi({ description: 'Short summary of the ticket.', example: 'Cannot export reports' })
const ticketId = idField('ticket123').openapi({ description: 'ID of the ticket.' })
const number = integerField(1).openapi({ description: 'Number of the ticket within the account.', example: 1 })

function event<const Type extends EventType, Data extends z.ZodType>(type: Type, name: string, data: Data) {
  return z
    .object({
      id: idField('evt_01jt0v7m3zq8x5y2w9r4n6p1kc').openapi({
        description: 'ID of the event, also in the header `webhook-id`. The same on every attempt.',
      }),
      sequence: integerField(1).openapi({
        description: 'Position of the event within the account: 1, 2, 3 …',
        example: 17,
      }),
      event: z.literal(type).openapi({ description: 'Type of the event.' }),
      timestamp: WireTime.openapi({ description: 'Time of the event.' }),
      data: data.openapi({ description: 'What happened.' }),
      redacted: z
        .literal(true)
        .optional()
        .openapi({
          description:
            'Present if the ticket or the comment was deleted: its texts are then empty, and the media types of its files ' +
            'are `application/octet-stream`.',
          example: true,
        }),
    })
    .openapi(name, { description: `An event of type \`${type}\`.` })
}

const FieldChange = z
  .union([
    z.object({
      previous: z.unknown().openapi({ description: 'Value before the change.', example: 'open' }),
      current: z.unknown().openapi({ description: 'Value after the change.', example: 'in_progress' }),
    }),
    z
      .object({
        truncated: z.literal(true).openapi({ description: 'The value is longer than 4 KiB and not included.' }),
      })
      .openapi({ description: 'A change of a long value.' }),
  ])
  .openapi('FieldChange', { description: 'Change of one field.' })

const Changes = z.record(z.string(), FieldChange).openapi({ maxProperties: 20, description: 'Changes by field.' })

/** The body of each event, in the requests to webhooks and in the list of events. */
export const EVENTS = {
  'ticket.created': event('ticket.created', 'TicketCreatedEvent', z.object({ ticket: Ticket })),
  'ticket.updated': event(
    'ticket.updated',
    'TicketUpdatedEvent',
    z.object({ ticket: TicketSnapshot, changes: Changes, updated_by: UserRef }),
  ),
  'ticket.status_changed': event(
    'ticket.status_changed',
    'TicketStatusChangedEvent',
    z.object({
      ticket: z
        .object({
          id: ticketId,
          title,
          status: z
            .object({ previous: TicketStatus, current: TicketStatus })
            .openapi({ description: 'Status before and after the change.' }),
          updated_by: UserRef,
        })
        .openapi({ description: 'The ticket whose status changed.' }),
    }),
  ),
  'ticket.deleted': event(
    'ticket.deleted',
    'TicketDeletedEvent',
    z.object({
      ticket: z.object({ id: ticketId, number, title }).openapi({ description: 'The deleted ticket.' }),
      deleted_by: UserRef,
    }),
  ),
  'comment.created': event(
    'comment.created',
    'CommentCreatedEvent',
    z.object({
      comment: CommentWithAttachments,
      ticket: z
        .object({ id: ticketId, number, title, status: TicketStatus })
        .openapi({ description: 'The ticket of the comment.' }),
    }),
  ),
  'user.created': event('user.created', 'UserCreatedEvent', z.object({ user: User })),
  'webhook.test': event(
    'webhook.test',
    'WebhookTestEvent',
    z.object({
      webhook: z
        .object({ id: idField('webhook_01jt0v7m3zq8x5y2w9r4n6p1kc').openapi({ description: 'ID of the webhook.' }) })
        .openapi({ description: 'The webhook that is tested.' }),
    }),
  ),
} as const

export const Event = z
  .discriminatedUnion('event', [
    EVENTS['ticket.created'],
    EVENTS['ticket.updated'],
    EVENTS['ticket.status_changed'],
    EVENTS['ticket.deleted'],
    EVENTS['comment.created'],
    EVENTS['user.created'],
    EVENTS['webhook.test'],
  ])
  .openapi('Event')
export type EventBody = z.infer<typeof Event>
export type { EventType }

export const EventList = z
  .object({
    data: z.array(Event).max(100).openapi({ description: 'Events of this page, oldest first.' }),
    pagination: z
      .object({
        per_page: PerPage,
        next_cursor: Cursor.openapi({
          description: 'Send it as `cursor`, now or later, to get the next events. Never null.',
        }),
        has_more: z.boolean().openapi({ description: 'Whether there are more events now.', example: false }),
      })
      .openapi('EventPagination', { description: 'Position of this page.' }),
  })
  .openapi('EventList')

export const ListEventsQuery = z.strictObject({
  event: oneOrMoreOf(LISTED_TYPES)
    .optional()
    .openapi({ description: 'Only events of these types.', example: ['ticket.created'] }),
  ticket_id: id('ticket123').optional().openapi({ description: 'Only events of this ticket.' }),
  ...CursorQuery,
})
export type ListEventsInput = z.infer<typeof ListEventsQuery>

export function presentEvent(row: EventRow): EventBody {
  const event = parseSnapshot(row)
  return event.redacted ? { ...presentSnapshot(row, event), redacted: true } : presentSnapshot(row, event)
}

function presentSnapshot(row: EventRow, { type, snapshot }: StoredEvent): EventBody {
  const base = { id: row.id, sequence: row.sequence, timestamp: toWireTime(row.created_at) }
  switch (type) {
    case 'ticket.created': {
      const attachments = snapshot.attachments.map(presentStoredAttachment)
      return { ...base, event: type, data: { ticket: { ...presentTicketSnapshot(snapshot.ticket), attachments } } }
    }
    case 'ticket.updated': {
      const { ticket, changes, actor } = snapshot
      return { ...base, event: type, data: { ticket: presentTicketSnapshot(ticket), changes, updated_by: actor } }
    }
    case 'ticket.status_changed': {
      const { ticket, status, actor } = snapshot
      return { ...base, event: type, data: { ticket: { ...ticket, status, updated_by: actor } } }
    }
    case 'ticket.deleted':
      return { ...base, event: type, data: { ticket: snapshot.ticket, deleted_by: snapshot.actor } }
    case 'comment.created': {
      const attachments = snapshot.attachments.map(presentStoredAttachment)
      const comment = { ...presentComment(snapshot.comment), attachments }
      return { ...base, event: type, data: { comment, ticket: snapshot.ticket } }
    }
    case 'user.created':
      return { ...base, event: type, data: { user: presentUser(snapshot.user) } }
    case 'webhook.test':
      return { ...base, event: type, data: snapshot }
  }
}
