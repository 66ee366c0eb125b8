import type { OpenAPIHono } from '@hono/zod-openapi'
import { requireRole } from '../access/middleware'
import { serviceContext } from '../access/request-context'
import { ADMINS } from '../core/policy'
import type { AppEnv } from '../http/app-env'
import { errorExample } from '../http/openapi/error-responses'
import { json, jsonRequest, page } from '../http/openapi/responses'
import { defineRoute, registerRoute } from '../http/openapi/route'
import { paginateByCursor } from '../http/pagination/cursor'
import { pathId } from '../http/schemas/request-fields'
import { getDelivery, listDeliveries, redeliver, replayEvents } from './deliveries.service'
import {
  DeliveryList,
  DeliveryResponse,
  DeliveryWithAttemptsResponse,
  ListDeliveriesQuery,
  ReplayBody,
  ReplayResponse,
} from './delivery-schema'
import { replayInProgress, replayTooLarge } from './errors'
import { ATTEMPTED, DELIVERIES, started } from './examples'
import { INACTIVE, params } from './routes'

const deliveryParams = params.extend({ delivery_id: pathId('delivery_id', 'dlv_01jt0v7m3z5e1c9a7b3d2f4e6a') })
const tags = ['Webhooks']

const listDeliveriesRoute = defineRoute({
  method: 'get',
  path: '/webhooks/{webhook_id}/deliveries',
  operationId: 'listDeliveries',
  summary: 'List deliveries',
  description:
    'Returns a page of the deliveries of a webhook, newest event first. Completed deliveries are retained for 7 days. With ' +
    '`event`, a page examines 1,000 deliveries and can be short or empty although it has a `next_cursor`.',
  tags,
  guard: requireRole(ADMINS),
  errors: [404],
  request: { params, query: ListDeliveriesQuery },
  responses: { 200: page(DeliveryList, 'A page of deliveries', DELIVERIES) },
})

const getDeliveryRoute = defineRoute({
  method: 'get',
  path: '/webhooks/{webhook_id}/deliveries/{delivery_id}',
  operationId: 'getDelivery',
  summary: 'Get delivery',
  description: 'Returns a delivery with its latest 100 attempts.',
  tags,
  guard: requireRole(ADMINS),
  errors: [404],
  request: { params: deliveryParams },
  responses: { 200: json(DeliveryWithAttemptsResponse, 'The delivery', ATTEMPTED) },
})

const redeliverRoute = defineRoute({
  method: 'post',
  path: '/webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver',
  operationId: 'redeliver',
  summary: 'Redeliver',
  description: 'Sends a delivery again, once, whatever its status, and returns the delivery.',
  tags,
  guard: requireRole(ADMINS),
  errors: [404, INACTIVE],
  request: { params: deliveryParams },
  responses: { 202: json(DeliveryResponse, 'The started delivery', started('ticket.created')) },
})

const replayRoute = defineRoute({
  method: 'post',
  path: '/webhooks/{webhook_id}/replay',
  operationId: 'replayWebhook',
  summary: 'Replay events',
  description:
    'Sends the subscribed events of a period again, at most 10,000, and returns their number. Events before the creation of ' +
    'the webhook are not sent. The retry schedule starts again.',
  tags,
  guard: requireRole(ADMINS),
  errors: [
    404,
    INACTIVE,
    errorExample('replay_in_progress', 'Another replay is still being prepared', replayInProgress),
    errorExample('replay_too_large', 'The period has more than 10,000 events', replayTooLarge),
  ],
  request: {
    params,
    body: jsonRequest(ReplayBody, {
      'Failed events since a day': { since: '2025-05-04', only_failed: true },
      'All events of an hour': { since: '2025-05-04T16:00:00Z', until: '2025-05-04T17:00:00Z' },
    }),
  },
  responses: { 202: json(ReplayResponse, 'The number of events that will be sent', { data: { count: 17 } }) },
})

export function registerDeliveryRoutes(app: OpenAPIHono<AppEnv>): void {
  registerRoute(app, listDeliveriesRoute, async (c) => {
    const { webhook_id } = c.req.valid('param')
    const { perPage, cursors, deliveries } = await listDeliveries(serviceContext(c), webhook_id, c.req.valid('query'))
    const { link, pagination } = paginateByCursor(new URL(c.req.url), perPage, cursors)
    return c.json({ data: deliveries, pagination }, 200, link)
  })

  registerRoute(app, getDeliveryRoute, async (c) => {
    const { webhook_id, delivery_id } = c.req.valid('param')
    return c.json({ data: await getDelivery(serviceContext(c), webhook_id, delivery_id) }, 200)
  })

  registerRoute(app, redeliverRoute, async (c) => {
    const { webhook_id, delivery_id } = c.req.valid('param')
    return c.json({ data: await redeliver(serviceContext(c), webhook_id, delivery_id) }, 202)
  })

  registerRoute(app, replayRoute, async (c) => {
    const { webhook_id } = c.req.valid('param')
    return c.json({ data: await replayEvents(serviceContext(c), webhook_id, c.req.valid('json')) }, 202)
  })
}
