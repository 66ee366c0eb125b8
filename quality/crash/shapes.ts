import { z } from 'zod'
import { erasedMarker } from './erased.ts'
import { removalOf } from './operations.ts'

const Attachment = z.object({ filename: z.string(), size: z.number(), sha256: z.string() })

export const TicketList = z.object({
  data: z.array(z.object({ id: z.string() })),
  pagination: z.object({ last_page: z.number() }),
})

const Ticket = z.object({
  id: z.string(),
  version: z.number(),
  title: z.string(),
  description: z.string(),
  priority: z.string(),
  status: z.string(),
  tags: z.array(z.string()),
  custom_fields: z.object({ mark: z.string().optional() }),
  comments: z.array(z.object({ id: z.string(), content: z.string(), is_internal: z.boolean() })),
  comment_count: z.number(),
  attachments: z.array(Attachment.extend({ id: z.string(), url: z.string() })),
  attachment_count: z.number(),
})
export type Ticket = z.infer<typeof Ticket>
export const TicketResponse = z.object({ data: Ticket })

export const ListedPage = z.object({
  data: z.array(
    z.object({
      id: z.string(),
      name: z.string().optional(),
      email: z.string().optional(),
      url: z.string().optional(),
      description: z.string().nullish(),
      revoked_at: z.string().nullish(),
    }),
  ),
  pagination: z.object({ last_page: z.number() }),
})
export type Listed = z.infer<typeof ListedPage>['data'][number]

const change = (of: z.ZodType<string | undefined>) => z.object({ previous: of, current: of })
const childChange = <T extends z.ZodType>(of: T) => z.object({ previous: of.nullable(), current: of.nullable() })
const Mark = z.object({ mark: z.string().optional() }).transform(({ mark }) => mark)

const Event = z.object({
  id: z.string(),
  sequence: z.number(),
  event: z.enum(['ticket.created', 'ticket.updated', 'ticket.status_changed', 'comment.created', 'user.created']),
  data: z.object({
    ticket: z
      .object({
        id: z.string(),
        title: z.string(),
        status: z.union([z.string(), change(z.string())]),
        tags: z.array(z.string()).optional(),
        attachments: z.array(Attachment).optional(),
      })
      .optional(),
    comment: z
      .object({ id: z.string(), content: z.string(), is_internal: z.boolean(), attachments: z.array(Attachment) })
      .optional(),
    changes: z
      .object({
        status: change(z.string()).optional(),
        custom_fields: change(Mark).optional(),
        comments: childChange(z.object({ id: z.string() })).optional(),
        attachments: childChange(Attachment.omit({ sha256: true }).extend({ id: z.string() })).optional(),
      })
      .optional(),
    user: z.object({ name: z.string(), email: z.string() }).optional(),
  }),
  redacted: z.literal(true).optional(),
})
export type Event = z.infer<typeof Event>

export const EventPage = z.object({
  data: z.array(z.unknown()),
  pagination: z.object({ next_cursor: z.string(), has_more: z.boolean() }),
})

export interface ReceivedEvent extends Event {
  /**
   * The marker of the write that caused the event; see `writtenMarker` for an erased comment. Null for `ticket.status_changed`,
   * because its `ticket.updated` has the marker.
   */
  marker: string | null
  raw: unknown
}

/** Throws if the event is invalid, or none that the writers could have caused. */
export function readEvent(raw: unknown): ReceivedEvent {
  const event = Event.parse(raw)
  return { ...event, marker: markerIn(event), raw }
}

function markerIn({ event, data: { ticket, comment, changes, user }, redacted }: Event): string | null {
  if (event === 'ticket.created') return markerOf(ticket?.title ?? '')
  if (event === 'comment.created') return redacted ? erasedMarker(comment?.id ?? '') : markerOf(comment?.content ?? '')
  if (event === 'user.created') return markerOf(user?.name ?? '')
  if (event === 'ticket.status_changed') return null
  const removed = changes?.comments?.previous ?? changes?.attachments?.previous
  if (removed) return removalOf(removed.id)
  return changes?.custom_fields?.current ?? markerOf(changes?.attachments?.current?.filename ?? '')
}

/** Empty if the text does not begin with a marker. */
export function markerOf(text: string): string {
  return /^r\d+w\d+n\d+/.exec(text)?.[0] ?? ''
}
