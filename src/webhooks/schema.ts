import { z } from '@hono/zod-openapi'
import { webhooks } from '../db/schema/webhooks'
import { EVENT_TYPES } from '../events/service'
import { PageQuery, Pagination } from '../http/pagination/page'
import { follows, requireAnyField, singleLine } from '../http/schemas/request-fields'
import { idField, NullableTime, textField, WireTime } from '../http/schemas/response-fields'
import { BIDI_CONTROLS } from '../lib/text'
import { toWireTime } from '../lib/time'
import type { WebhookRow } from './queries'
import { urlViolation } from './ssrf-guard'

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
      'Why the service deactivated the webhook: `gone` after a 410, `failing` after five days of failures, or after 24 hours ' +
      'for a URL that has never succeeded. Otherwise null.',
  }),
  created_at: WireTime.openapi({ description: 'Time of creation.' }),
  secret_last_rotated_at: NullableTime.openapi({
    description: 'Time of the latest rotation of the signing secret; null before the first one.',
  }),
}

const Webhook = z.object(shape).openapi('Webhook', { description: 'A subscription of a URL to events.' })

/** The bytes 0 to 31 in base64. */
export const EXAMPLE_SECRET = 'whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8='

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

const Url = z
  .string()
  .superRefine(follows(urlViolation))
  .openapi({
    format: 'iri',
    pattern: `^[Hh][Tt][Tt][Pp][Ss]?:[^${BIDI_CONTROLS}]*$`,
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
  .superRefine(requireAnyField)
  .openapi('UpdateWebhook', { minProperties: 1 })
export type UpdateWebhookInput = z.infer<typeof UpdateWebhookBody>

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
