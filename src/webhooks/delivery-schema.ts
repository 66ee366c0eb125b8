import { z } from '@hono/zod-openapi'
import { rule } from '../core/error-details'
import { deliveries, deliveryAttempts } from '../db/schema/webhooks'
import { LISTED_TYPES } from '../events/service'
import { CursorPagination, CursorQuery } from '../http/pagination/cursor'
import { DATE_RULE, instant } from '../http/schemas/request-fields'
import { idField, integerField, NullableTime, WireTime } from '../http/schemas/response-fields'
import { toWireTime } from '../lib/time'
import type { AttemptRow, DeliveryRow } from './deliveries.queries'
import { DELIVERY_ERRORS } from './delivery-error'

const DELIVERY_STATUSES = ['pending', ...deliveries.outcome.enumValues] as const
const DeliveryStatus = z
  .enum(DELIVERY_STATUSES)
  .openapi('DeliveryStatus', { description: 'State of the delivery. A `failed` one is not retried any more.' })
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

const DeliveryAttempt = z
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
    response: z.union([z.string().openapi({ maxLength: 1_024, pattern: '^[^]*$' }), z.null()]).openapi({
      description:
        'First KiB of the body of the response; null without a response, and empty once the ticket or comment of the event was deleted.',
      example: 'ok',
    }),
  })
  .openapi('DeliveryAttempt', { description: 'One request to the URL of the webhook.' })

const DeliveryWithAttempts = z
  .object({
    ...deliveryShape,
    attempts: z.array(DeliveryAttempt).max(100).openapi({ description: 'The latest 100 attempts.' }),
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
    since: instant().openapi({ description: `Events from this time on are sent. ${DATE_RULE}` }),
    until: instant()
      .optional()
      .openapi({
        description: `Events before this time are sent; later than \`since\`, by default now. ${DATE_RULE}`,
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
    ...rule('invalid_value', 'must be later than since'),
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
      error: DeliveryAttempt.shape.error.parse(attempt.error),
      response: attempt.response,
    })),
  }
}
