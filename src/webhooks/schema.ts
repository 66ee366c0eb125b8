import { z } from '@hono/zod-openapi'
import { EVENT_TYPES } from '../events/service'
import { CursorPagination, CursorQuery } from '../http/cursor'
import { instant, line, namesAField, WireTime } from '../http/fields'
import { PageQuery, Pagination } from '../http/pagination'
import { toWireTime } from '../lib/time'
import { isWebUrl } from './address-guard'
import type { AttemptRow, DeliveryRow } from './deliveries.queries'
import { FAILURES } from './failure-class'
import type { WebhookRow } from './queries'

const NullableTime = z.union([WireTime, z.null()])

const EventName = z.enum(EVENT_TYPES).openapi('EventName')

/** Every event, those of later versions too. */
const EVERY_EVENT = '*'

const shape = {
  id: z.string(),
  url: z.string(),
  events: z.array(z.union([EventName, z.literal(EVERY_EVENT)])),
  description: z.union([z.string(), z.null()]),
  include_internal: z.boolean(),
  active: z.boolean(),
  disabled_reason: z
    .union([z.enum(['gone', 'failing']), z.null()])
    .openapi({ description: 'Why the service switched it off: it answered 410, or failed for five days' }),
  created_at: WireTime,
  secret_last_rotated_at: NullableTime,
}

const EXAMPLE = {
  id: 'webhook_01jt0v7m3zq8x5y2w9r4n6p1kc',
  url: 'https://hooks.example.com/tickets',
  events: ['ticket.created' as const, 'ticket.status_changed' as const],
  description: 'CRM sync',
  include_internal: false,
  active: true,
  disabled_reason: null,
  created_at: '2025-05-04T16:05:00Z',
  secret_last_rotated_at: null,
}

const Webhook = z.object(shape).openapi('Webhook', { example: EXAMPLE })

const WebhookWithSecret = z
  .object({
    ...shape,
    secret: z.string().openapi({ description: 'Signs as Standard Webhooks says; shown here and never again' }),
  })
  .openapi('WebhookWithSecret', { example: { ...EXAMPLE, secret: 'whsec_…' } })

export const WebhookAnswer = z.object({ data: Webhook }).openapi('WebhookAnswer')
export const WebhookWithSecretAnswer = z.object({ data: WebhookWithSecret }).openapi('WebhookWithSecretAnswer')
export const WebhookList = z.object({ data: z.array(Webhook), pagination: Pagination }).openapi('WebhookList')

export const ListWebhooksQuery = z.strictObject(PageQuery)
export type ListWebhooksInput = z.infer<typeof ListWebhooksQuery>

const Url = z.string().refine(isWebUrl, 'must be an http or https URL of at most 2,048 characters').openapi({
  format: 'uri',
  maxLength: 2_048,
  example: EXAMPLE.url,
  description: 'https, a public host, port 443 or 8443',
})

const Events = z
  .array(z.enum([...EVENT_TYPES, EVERY_EVENT]))
  .min(1)
  .max(EVENT_TYPES.length + 1)
  .transform((events) => (events.includes(EVERY_EVENT) ? [EVERY_EVENT] : [...new Set(events)]))
  .openapi({
    type: 'array',
    items: { type: 'string', enum: [...EVENT_TYPES, EVERY_EVENT] },
    minItems: 1,
    maxItems: EVENT_TYPES.length + 1,
    description: 'Names of events, or `["*"]` for every one',
  })

const Description = z.union([line(500), z.null()])

export const CreateWebhookBody = z
  .strictObject({
    url: Url,
    events: Events,
    description: Description.optional(),
    include_internal: z
      .boolean()
      .optional()
      .openapi({ default: false, description: 'Whether it is told of internal comments' }),
  })
  .openapi('CreateWebhook', {
    example: { url: EXAMPLE.url, events: EXAMPLE.events, description: EXAMPLE.description },
  })
export type CreateWebhookInput = z.infer<typeof CreateWebhookBody>

export const UpdateWebhookBody = z
  .strictObject({
    url: Url.optional(),
    events: Events.optional(),
    description: Description.optional(),
    include_internal: z.boolean().optional(),
    active: z.boolean().optional(),
  })
  .superRefine(namesAField)
  .openapi('UpdateWebhook', { example: { active: true } })
export type UpdateWebhookInput = z.infer<typeof UpdateWebhookBody>

const DELIVERY_STATUSES = ['pending', 'succeeded', 'failed'] as const
const DELIVERED_TYPES = [...EVENT_TYPES, 'webhook.test'] as const

const deliveryShape = {
  id: z.string(),
  webhook_id: z.string(),
  event_id: z.string(),
  event: z.enum(DELIVERED_TYPES),
  sequence: z.number().int().openapi({ description: 'The event’s' }),
  status: z.enum(DELIVERY_STATUSES),
  attempt_count: z.number().int(),
  next_attempt_at: NullableTime,
  last_error: z.union([z.enum([...FAILURES, 'status', 'dead_letter']), z.null()]).openapi({
    description: '`status` for an answer other than 2xx, `dead_letter` where the service itself failed to send it',
  }),
  created_at: WireTime,
}

const DELIVERY_EXAMPLE = {
  id: 'dlv_01jt0v7m3z5e1c9a7b3d2f4e6a',
  webhook_id: EXAMPLE.id,
  event_id: 'evt_01jt0v7m3zq8x5y2w9r4n6p1kc',
  event: 'ticket.created' as const,
  sequence: 17,
  status: 'pending' as const,
  attempt_count: 1,
  next_attempt_at: '2025-05-04T16:05:05Z',
  last_error: 'timeout' as const,
  created_at: '2025-05-04T16:05:00Z',
}

const Delivery = z.object(deliveryShape).openapi('Delivery', { example: DELIVERY_EXAMPLE })

const Attempt = z
  .object({
    number: z.number().int(),
    at: WireTime,
    trigger: z.enum(['scheduled', 'manual']),
    status_code: z.union([z.number().int(), z.null()]),
    duration_ms: z.number().int(),
    error: z.union([z.enum(FAILURES), z.null()]).openapi({ description: 'What kept a whole answer from coming' }),
    response: z.union([z.string(), z.null()]).openapi({ description: 'The first KiB of the answer' }),
  })
  .openapi('DeliveryAttempt')

const DeliveryWithAttempts = z
  .object({ ...deliveryShape, attempts: z.array(Attempt).openapi({ description: 'The latest 100' }) })
  .openapi('DeliveryWithAttempts')

export const DeliveryAnswer = z.object({ data: Delivery }).openapi('DeliveryAnswer')
export const DeliveryWithAttemptsAnswer = z.object({ data: DeliveryWithAttempts }).openapi('DeliveryWithAttemptsAnswer')
export const DeliveryList = z.object({ data: z.array(Delivery), pagination: CursorPagination }).openapi('DeliveryList')

export const ListDeliveriesQuery = z.strictObject({
  status: z.enum(DELIVERY_STATUSES).optional(),
  event: z.enum(DELIVERED_TYPES).optional(),
  ...CursorQuery,
})
export type ListDeliveriesInput = z.infer<typeof ListDeliveriesQuery>

export const ReplayBody = z
  .strictObject({
    since: instant(),
    until: instant().optional(),
    only_failed: z.boolean().optional().openapi({ default: false, description: 'Leaves out what was delivered' }),
  })
  .refine(({ since, until }) => until === undefined || since < until, {
    path: ['until'],
    message: 'must be later than since',
  })
  .openapi('Replay', { example: { since: '2025-05-04T00:00:00Z', only_failed: true } })
export type ReplayInput = z.infer<typeof ReplayBody>

export const ReplayAnswer = z.object({ data: z.object({ count: z.number().int() }) }).openapi('ReplayAnswer')

/** A webhook as it is answered, without its secret. */
export function presentWebhook(row: WebhookRow): z.infer<typeof Webhook> {
  return {
    id: row.id,
    url: row.url,
    events: JSON.parse(row.events),
    description: row.description,
    include_internal: row.include_internal === 1,
    active: row.active === 1,
    disabled_reason: row.disabled_reason,
    created_at: toWireTime(row.created_at),
    secret_last_rotated_at: row.rotated_at === null ? null : toWireTime(row.rotated_at),
  }
}

/** A delivery as it is listed. */
export function presentDelivery(row: DeliveryRow): z.infer<typeof Delivery> {
  return Delivery.parse({
    id: row.id,
    webhook_id: row.webhook_id,
    event_id: row.event_id,
    event: row.event,
    sequence: row.sequence,
    status: row.status,
    attempt_count: row.attempts,
    next_attempt_at: row.due_at === null ? null : toWireTime(row.due_at),
    last_error: row.last_error,
    created_at: toWireTime(row.created_at),
  })
}

/** A delivery with its attempts. */
export function presentDeliveryWithAttempts(
  row: DeliveryRow,
  attempts: AttemptRow[],
): z.infer<typeof DeliveryWithAttempts> {
  return {
    ...presentDelivery(row),
    attempts: attempts.map((attempt) => Attempt.parse({ ...attempt, at: toWireTime(attempt.at) })),
  }
}
