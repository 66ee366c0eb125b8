import { z } from '@hono/zod-openapi'
import { deliveries, deliveryAttempts, webhooks } from '../db/schema/webhooks'
import { EVENT_TYPES, LISTED_TYPES } from '../events/service'
import { CursorPagination, CursorQuery } from '../http/pagination/cursor'
import { PageQuery, Pagination } from '../http/pagination/page'
import { DATE_RULE, instant, namesAField, singleLine } from '../http/schemas/request-fields'
import { idField, integerField, NullableTime, textField, WireTime } from '../http/schemas/response-fields'
import { toWireTime } from '../lib/time'
import type { AttemptRow, DeliveryRow } from './deliveries.queries'
import { DELIVERY_ERRORS } from './delivery-error'
import { EXAMPLE_SECRET } from './examples'
import type { WebhookRow } from './queries'
import { isWebUrl } from './ssrf-guard'

/** Includes event types of later versions. */
const EVERY_EVENT = '*'

const Subscription = z
  .enum([...EVENT_TYPES, EVERY_EVENT])
  .openapi('EventSubscription', { description: 'Type of event, or `*` for all types, later ones included.' })
const MAX_URL = 2_048

const shape = {
  id: idField('webhook_01jt0v7m3zq8x5y2w9r4n6p1kc').openapi({ description: 'ID of the webhook.' }),
  url: z.string().openapi({
    format: 'iri',
    maxLength: MAX_URL,
    description: 'URL to which events are sent.',
    example: 'https://hooks.example.com/tickets',
  }),
  events: z
    .array(Subscription)
    .max(EVENT_TYPES.length + 1)
    .openapi({ description: 'Types of events that are sent.', example: ['ticket.created'] }),
  description: z
    .union([textField(500), z.null()])
    .openapi({ description: 'Your note about the webhook, or null.', example: 'CRM sync' }),
  include_internal: z
    .boolean()
    .openapi({ description: 'Whether events of internal comments are sent.', example: false }),
  active: z.boolean().openapi({ description: 'Whether events are sent.', example: true }),
  disabled_reason: z.union([z.enum(webhooks.disabledReason.enumValues), z.null()]).openapi({
    description:
      'Why the service deactivated the webhook: `gone` after a 410, `failing` after five days of failures. Otherwise null.',
  }),
  created_at: WireTime.openapi({ description: 'Time of creation.' }),
  secret_last_rotated_at: NullableTime.openapi({
    description: 'Time of the latest rotation of the signing secret; null before the first one.',
  }),
}

const Webhook = z.object(shape).openapi('Webhook', { description: 'A subscription of a URL to events.' })

const Secret = z.string().openapi({
  maxLength: 50,
  pattern: '^whsec_[A-Za-z0-9+/]{43}=$',
  description: 'Signing secret (Standard Webhooks). No later response shows it.',
  example: EXAMPLE_SECRET,
})

const WebhookWithSecret = z
  .object({ ...shape, secret: Secret })
  .openapi('WebhookWithSecret', { description: 'A webhook with its signing secret.' })

export const WebhookResponse = z.object({ data: Webhook }).openapi('WebhookResponse')
export const WebhookWithSecretResponse = z.object({ data: WebhookWithSecret }).openapi('WebhookWithSecretResponse')
export const WebhookList = z
  .object({
    data: z.array(Webhook).max(100).openapi({ description: 'Webhooks of this page, newest first.' }),
    pagination: Pagination,
  })
  .openapi('WebhookList')

export const ListWebhooksQuery = z.strictObject(PageQuery)
export type ListWebhooksInput = z.infer<typeof ListWebhooksQuery>

const Url = z.string().refine(isWebUrl, 'must be an http or https URL of at most 2,048 characters').openapi({
  format: 'iri',
  pattern: '^[Hh][Tt][Tt][Pp][Ss]?:',
  maxLength: MAX_URL,
  example: 'https://hooks.example.com/tickets',
  description: 'URL to send events to: `https`, a public host, port 443 or 8443. Unique within the account.',
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
    description: 'Types of events to send, or `["*"]` for all.',
    example: ['ticket.created', 'ticket.status_changed'],
  })

const Description = singleLine(500)
  .nullable()
  .openapi({ description: 'Your note, 1 to 500 characters, or null.', example: 'CRM sync' })

export const CreateWebhookBody = z
  .strictObject({
    url: Url,
    events: Events,
    description: Description.optional(),
    include_internal: z
      .boolean()
      .optional()
      .openapi({ default: false, description: 'Whether events of internal comments are sent.', example: true }),
  })
  .openapi('CreateWebhook')
export type CreateWebhookInput = z.infer<typeof CreateWebhookBody>

export const UpdateWebhookBody = z
  .strictObject({
    url: Url.optional(),
    events: Events.optional(),
    description: Description.optional(),
    include_internal: z
      .boolean()
      .optional()
      .openapi({ description: 'Whether events of internal comments are sent.', example: true }),
    active: z
      .boolean()
      .optional()
      .openapi({ description: 'Whether events are sent. Pending deliveries wait while it is false.', example: true }),
  })
  .superRefine(namesAField)
  .openapi('UpdateWebhook', { minProperties: 1 })
export type UpdateWebhookInput = z.infer<typeof UpdateWebhookBody>

const DELIVERY_STATUSES = ['pending', ...deliveries.outcome.enumValues] as const
const DeliveryStatus = z
  .enum(DELIVERY_STATUSES)
  .openapi('DeliveryStatus', { description: 'A `failed` delivery is not retried any more.' })
const DeliveredType = z.enum(LISTED_TYPES).openapi('EventType', { description: 'Type of the event.' })

const deliveryShape = {
  id: idField('dlv_01jt0v7m3z5e1c9a7b3d2f4e6a').openapi({ description: 'ID of the delivery.' }),
  webhook_id: idField('webhook_01jt0v7m3zq8x5y2w9r4n6p1kc').openapi({ description: 'ID of the webhook.' }),
  event_id: idField('evt_01jt0v7m3zq8x5y2w9r4n6p1kc').openapi({ description: 'ID of the event.' }),
  event: DeliveredType,
  sequence: integerField(1).openapi({ description: 'Position of the event within the account.', example: 41 }),
  status: DeliveryStatus,
  attempt_count: integerField().openapi({ description: 'Number of attempts so far.', example: 1 }),
  next_attempt_at: NullableTime.openapi({ description: 'Time of the next attempt; null if none is planned.' }),
  last_error: z.union([z.enum([...DELIVERY_ERRORS, 'status', 'dead_letter']), z.null()]).openapi({
    description:
      'Why the latest attempt failed, or null. `status`: not 2xx. `address`: the URL is not allowed. `expired`: the event was ' +
      'deleted. `secret`, `event` and `dead_letter`: the service itself failed.',
  }),
  created_at: WireTime.openapi({ description: 'Time of creation.' }),
}

const Delivery = z.object(deliveryShape).openapi('Delivery', { description: 'An event for one webhook.' })

const Attempt = z
  .object({
    number: integerField(1).openapi({ description: 'Number of the attempt: 1, 2, 3 …', example: 1 }),
    at: WireTime.openapi({ description: 'Time at which it began.' }),
    trigger: z
      .enum(deliveryAttempts.trigger.enumValues)
      .openapi({ description: '`manual` for a redelivery that you requested, otherwise `scheduled`.' }),
    status_code: z
      .union([integerField(100, 999), z.null()])
      .openapi({ description: 'HTTP status of the response; null without a response.', example: 200 }),
    duration_ms: integerField().openapi({ description: 'Duration in milliseconds.', example: 182 }),
    error: z
      .union([z.enum(DELIVERY_ERRORS), z.null()])
      .openapi({ description: 'Why there is no complete response, or null.' }),
    response: z
      .union([z.string().openapi({ maxLength: 1_024, pattern: '^[^]*$' }), z.null()])
      .openapi({ description: 'First KiB of the body of the response; null without a response.', example: 'ok' }),
  })
  .openapi('DeliveryAttempt', { description: 'One request to the URL of the webhook.' })

const DeliveryWithAttempts = z
  .object({
    ...deliveryShape,
    attempts: z.array(Attempt).max(100).openapi({ description: 'The latest 100 attempts.' }),
  })
  .openapi('DeliveryWithAttempts', { description: 'A delivery with its attempts.' })

export const DeliveryResponse = z.object({ data: Delivery }).openapi('DeliveryResponse')
export const DeliveryWithAttemptsResponse = z
  .object({ data: DeliveryWithAttempts })
  .openapi('DeliveryWithAttemptsResponse')
export const DeliveryList = z
  .object({
    data: z.array(Delivery).max(100).openapi({ description: 'Deliveries of this page, newest event first.' }),
    pagination: CursorPagination,
  })
  .openapi('DeliveryList')

export const ListDeliveriesQuery = z.strictObject({
  status: DeliveryStatus.optional().openapi({ description: 'Only deliveries with this status.' }),
  event: DeliveredType.optional().openapi({ description: 'Only deliveries of events of this type.' }),
  ...CursorQuery,
})
export type ListDeliveriesInput = z.infer<typeof ListDeliveriesQuery>

export const ReplayBody = z
  .strictObject({
    since: instant().openapi({ description: `Time of the first event to send. ${DATE_RULE}` }),
    until: instant()
      .optional()
      .openapi({
        description: `Events from this time on are not sent; later than \`since\`, by default now. ${DATE_RULE}`,
        example: '2025-05-02T09:30:00Z',
      }),
    only_failed: z.boolean().optional().openapi({
      default: false,
      description: 'Skips events that were delivered, as far as deliveries are retained (7 days).',
      example: true,
    }),
  })
  .refine(({ since, until }) => until === undefined || since < until, {
    path: ['until'],
    message: 'must be later than since',
  })
  .openapi('Replay')
export type ReplayInput = z.infer<typeof ReplayBody>

export const ReplayResponse = z
  .object({
    data: z
      .object({
        count: integerField(0, 10_000).openapi({ description: 'Number of events that will be sent.', example: 17 }),
      })
      .openapi({ description: 'The replay.' }),
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
