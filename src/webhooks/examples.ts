import type { z } from '@hono/zod-openapi'
import { examplePagination } from '../http/pagination/page'
import type { DeliveryList, DeliveryResponse, DeliveryWithAttemptsResponse } from './delivery-schema'
import { EXAMPLE_SECRET, type WebhookList, type WebhookResponse, type WebhookWithSecretResponse } from './schema'

export const CRM: z.infer<typeof WebhookResponse> = {
  data: {
    id: 'webhook_01jt0v7m3zq8x5y2w9r4n6p1kc',
    url: 'https://hooks.example.com/tickets',
    events: ['ticket.created', 'ticket.status_changed'],
    description: 'CRM sync',
    include_internal: false,
    active: true,
    disabled_reason: null,
    created_at: '2025-05-04T16:05:00Z',
    secret_last_rotated_at: null,
  },
}

export const NEW_WEBHOOK: z.infer<typeof WebhookWithSecretResponse> = { data: { ...CRM.data, secret: EXAMPLE_SECRET } }

export const ROTATED_WEBHOOK: z.infer<typeof WebhookWithSecretResponse> = {
  data: { ...NEW_WEBHOOK.data, secret_last_rotated_at: '2025-05-05T08:00:00Z' },
}

export const WEBHOOKS: z.infer<typeof WebhookList> = { data: [CRM.data], pagination: examplePagination('/webhooks') }

export const PENDING: z.infer<typeof DeliveryResponse> = {
  data: {
    id: 'dlv_01jt0v7m3z5e1c9a7b3d2f4e6a',
    webhook_id: CRM.data.id,
    event_id: 'evt_01jt0v7m3z1a7c9e5b3d2f4e6a',
    event: 'ticket.created',
    sequence: 41,
    status: 'pending',
    attempt_count: 1,
    next_attempt_at: '2025-05-04T16:05:21Z',
    last_error: 'timeout',
    created_at: '2025-05-04T16:05:00Z',
  },
}

/** A delivery before its first attempt. */
export function started(event: 'ticket.created' | 'webhook.test'): z.infer<typeof DeliveryResponse> {
  return {
    data: { ...PENDING.data, event, attempt_count: 0, next_attempt_at: PENDING.data.created_at, last_error: null },
  }
}

export const DELIVERIES: z.infer<typeof DeliveryList> = {
  data: [PENDING.data],
  pagination: { per_page: 20, next_cursor: null, prev_cursor: null, next_page_url: null, prev_page_url: null },
}

export const ATTEMPTED: z.infer<typeof DeliveryWithAttemptsResponse> = {
  data: {
    ...PENDING.data,
    attempts: [
      {
        number: 1,
        at: '2025-05-04T16:05:01Z',
        trigger: 'scheduled',
        status_code: null,
        duration_ms: 15_000,
        error: 'timeout',
        response: null,
      },
    ],
  },
}
