import { z } from '@hono/zod-openapi'
import { deliveries, deliveryAttempts, webhooks } from '../db/schema/webhooks'
import { EVENT_TYPES, LISTED_TYPES } from '../events/service'
import { CursorPagination, CursorQuery } from '../http/pagination/cursor'
import { PageQuery, Pagination } from '../http/pagination/page'
import { instant, namesAField, singleLine } from '../http/schemas/request-fields'
import { idField, integerField, NullableTime, textField, WireTime } from '../http/schemas/response-fields'
import { toWireTime } from '../lib/time'
import type { AttemptRow, DeliveryRow } from './deliveries.queries'
import { DELIVERY_ERRORS } from './delivery-error'
import type { WebhookRow } from './queries'
import { isWebUrl } from './ssrf-guard'

/** Includes event types of later versions. */
const EVERY_EVENT = '*'

const Subscription = z.enum([...EVENT_TYPES, EVERY_EVENT]).openapi('EventSubscription')
const MAX_URL = 2_048

const shape = {
  id: idField('webhook_01jt0v7m3zq8x5y2w9r4n6p1kc'),
  url: z.string().openapi({ format: 'iri', maxLength: MAX_URL, example: 'https://hooks.example.com/tickets' }),
  events: z.array(Subscription).max(EVENT_TYPES.length + 1),
  description: z.union([textField(500), z.null()]),
  include_internal: z.boolean(),
  active: z.boolean(),
  disabled_reason: z
    .union([z.enum(webhooks.disabledReason.enumValues), z.null()])
    .openapi({ description: 'Why the service switched it off: it answered 410, or failed for five days' }),
  created_at: WireTime,
  secret_last_rotated_at: NullableTime,
}

const Webhook = z.object(shape).openapi('Webhook')

const Secret = z.string().openapi({
  maxLength: 50,
  pattern: '^whsec_[A-Za-z0-9+/]{43}=$',
  description: 'Signs as Standard Webhooks says; shown here and never again',
})

const WebhookWithSecret = z.object({ ...shape, secret: Secret }).openapi('WebhookWithSecret')

export const WebhookResponse = z.object({ data: Webhook }).openapi('WebhookResponse')
export const WebhookWithSecretResponse = z.object({ data: WebhookWithSecret }).openapi('WebhookWithSecretResponse')
export const WebhookList = z.object({ data: z.array(Webhook).max(100), pagination: Pagination }).openapi('WebhookList')

export const ListWebhooksQuery = z.strictObject(PageQuery)
export type ListWebhooksInput = z.infer<typeof ListWebhooksQuery>

const Url = z.string().refine(isWebUrl, 'must be an http or https URL of at most 2,048 characters').openapi({
  format: 'iri',
  pattern: '^[Hh][Tt][Tt][Pp][Ss]?:',
  maxLength: MAX_URL,
  example: 'https://hooks.example.com/tickets',
  description: 'https, a public host, port 443 or 8443',
})

const Events = z
  .array(Subscription)
  .min(1)
  .max(EVENT_TYPES.length + 1)
  .transform((events) => (events.includes(EVERY_EVENT) ? [EVERY_EVENT] : [...new Set(events)]))
  .openapi({
    type: 'array',
    items: { $ref: '#/components/schemas/EventSubscription' },
    minItems: 1,
    maxItems: EVENT_TYPES.length + 1,
    description: 'Names of events, or `["*"]` for every one',
  })

const Description = singleLine(500).nullable()

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
  .openapi('CreateWebhook')
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
  .openapi('UpdateWebhook', { minProperties: 1 })
export type UpdateWebhookInput = z.infer<typeof UpdateWebhookBody>

const DELIVERY_STATUSES = ['pending', ...deliveries.outcome.enumValues] as const
const DeliveryStatus = z.enum(DELIVERY_STATUSES).openapi('DeliveryStatus')
const DeliveredType = z.enum(LISTED_TYPES).openapi('EventType')

const deliveryShape = {
  id: idField('dlv_01jt0v7m3z5e1c9a7b3d2f4e6a'),
  webhook_id: idField('webhook_01jt0v7m3zq8x5y2w9r4n6p1kc'),
  event_id: idField('evt_01jt0v7m3zq8x5y2w9r4n6p1kc'),
  event: DeliveredType,
  sequence: integerField(1).openapi({ description: 'The event’s' }),
  status: DeliveryStatus,
  attempt_count: integerField(),
  next_attempt_at: NullableTime,
  last_error: z.union([z.enum([...DELIVERY_ERRORS, 'status', 'dead_letter']), z.null()]).openapi({
    description: '`status` for an answer other than 2xx, `dead_letter` where the service itself failed to send it',
  }),
  created_at: WireTime,
}

const Delivery = z.object(deliveryShape).openapi('Delivery')

const Attempt = z
  .object({
    number: integerField(1),
    at: WireTime,
    trigger: z.enum(deliveryAttempts.trigger.enumValues),
    status_code: z.union([integerField(100, 999), z.null()]),
    duration_ms: integerField(),
    error: z
      .union([z.enum(DELIVERY_ERRORS), z.null()])
      .openapi({ description: 'What kept a whole answer from coming' }),
    response: z
      .union([z.string().openapi({ maxLength: 1_024, pattern: '^[^]*$' }), z.null()])
      .openapi({ description: 'The first KiB of the answer' }),
  })
  .openapi('DeliveryAttempt')

const DeliveryWithAttempts = z
  .object({ ...deliveryShape, attempts: z.array(Attempt).max(100).openapi({ description: 'The latest 100' }) })
  .openapi('DeliveryWithAttempts')

export const DeliveryResponse = z.object({ data: Delivery }).openapi('DeliveryResponse')
export const DeliveryWithAttemptsResponse = z
  .object({ data: DeliveryWithAttempts })
  .openapi('DeliveryWithAttemptsResponse')
export const DeliveryList = z
  .object({ data: z.array(Delivery).max(100), pagination: CursorPagination })
  .openapi('DeliveryList')

export const ListDeliveriesQuery = z.strictObject({
  status: DeliveryStatus.optional(),
  event: DeliveredType.optional(),
  ...CursorQuery,
})
export type ListDeliveriesInput = z.infer<typeof ListDeliveriesQuery>

export const ReplayBody = z
  .strictObject({
    since: instant(),
    until: instant().optional().openapi({ description: 'An RFC 3339 time, or a date, later than `since`' }),
    only_failed: z.boolean().optional().openapi({ default: false, description: 'Leaves out what was delivered' }),
  })
  .refine(({ since, until }) => until === undefined || since < until, {
    path: ['until'],
    message: 'must be later than since',
  })
  .openapi('Replay')
export type ReplayInput = z.infer<typeof ReplayBody>

export const ReplayResponse = z
  .object({
    data: z.object({ count: integerField(0, 10_000).openapi({ description: 'How many events will be sent' }) }),
  })
  .openapi('ReplayResponse')

/** Without the secret. */
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

export function presentDelivery(row: DeliveryRow): z.infer<typeof Delivery> {
  return {
    id: row.id,
    webhook_id: row.webhook_id,
    event_id: row.event_id,
    event: Delivery.shape.event.parse(row.event),
    sequence: row.sequence,
    status: row.status,
    attempt_count: row.attempts,
    next_attempt_at: row.due_at === null ? null : toWireTime(row.due_at),
    last_error: Delivery.shape.last_error.parse(row.last_error),
    created_at: toWireTime(row.created_at),
  }
}

export function presentDeliveryWithAttempts(
  row: DeliveryRow,
  attempts: AttemptRow[],
): z.infer<typeof DeliveryWithAttempts> {
  return {
    ...presentDelivery(row),
    attempts: attempts.map((attempt) => ({
      number: attempt.number,
      at: toWireTime(attempt.at),
      trigger: attempt.trigger,
      status_code: attempt.status_code,
      duration_ms: attempt.duration_ms,
      error: Attempt.shape.error.parse(attempt.error),
      response: attempt.response,
    })),
  }
}
