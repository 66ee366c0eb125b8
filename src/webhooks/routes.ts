import { type OpenAPIHono, z } from '@hono/zod-openapi'
import type { AppEnv } from '../http/app-env'
import { paginateByCursor } from '../http/cursor'
import { pathId } from '../http/fields'
import { empty, json, jsonRequest, page } from '../http/openapi/answers'
import { told } from '../http/openapi/failures'
import { paginate } from '../http/pagination'
import { addRoute, describeRoute } from '../http/route'
import { guard } from '../rate-limiting/middleware'
import { ADMINS } from '../roles'
import { serviceContext } from '../service-context'
import { getDelivery, listDeliveries, redeliver, replay, testWebhook } from './delivery-log'
import { ATTEMPTED, begun, CRM, DELIVERIES, NEW_WEBHOOK, ROTATED_WEBHOOK, WEBHOOKS } from './examples'
import { replayInProgress, replayTooLarge, tooManyWebhooks, urlRefused, urlTaken, webhookInactive } from './refusals'
import {
  CreateWebhookBody,
  DeliveryAnswer,
  DeliveryList,
  DeliveryWithAttemptsAnswer,
  ListDeliveriesQuery,
  ListWebhooksQuery,
  ReplayAnswer,
  ReplayBody,
  UpdateWebhookBody,
  WebhookAnswer,
  WebhookList,
  WebhookWithSecretAnswer,
} from './schema'
import { createWebhook, deleteWebhook, getWebhook, listWebhooks, rotateSecret, updateWebhook } from './service'

const params = z.object({ webhook_id: pathId('webhook_id', 'webhook_01jt0v7m3zq8x5y2w9r4n6p1kc') })
const deliveryParams = params.extend({ delivery_id: pathId('delivery_id', 'dlv_01jt0v7m3z5e1c9a7b3d2f4e6a') })
const tags = ['Webhooks']

const URL_TAKEN = told('url_taken', 'Another webhook has this URL', urlTaken)
const URL_REFUSED = told('url_refused', 'Nothing may be sent to this URL', () => urlRefused('must name a public host'))
const INACTIVE = told('webhook_inactive', 'The webhook is switched off', webhookInactive)

const listWebhooksRoute = describeRoute({
  method: 'get',
  path: '/webhooks',
  operationId: 'listWebhooks',
  summary: 'List the webhooks of the account',
  tags,
  guard: guard(ADMINS),
  request: { query: ListWebhooksQuery },
  responses: { 200: page(WebhookList, 'A page of webhooks, newest first', WEBHOOKS) },
})

const createWebhookRoute = describeRoute({
  method: 'post',
  path: '/webhooks',
  operationId: 'createWebhook',
  summary: 'Subscribe a URL to events',
  description:
    'Events from now on are sent as signed `POST`s (Standard Webhooks). At most 10 webhooks an account (premium 50), ' +
    'one for each URL. Only this answer, and that of a rotation, shows the signing secret.',
  tags,
  guard: guard(ADMINS),
  fails: [URL_TAKEN, told('too_many_webhooks', 'The plan has no room for one more', tooManyWebhooks), URL_REFUSED],
  request: {
    body: jsonRequest(CreateWebhookBody, {
      'Some events': {
        url: CRM.data.url,
        events: ['ticket.created', 'ticket.status_changed'],
        description: 'CRM sync',
      },
      'Every event, internal comments too': { url: CRM.data.url, events: ['*'], include_internal: true },
    }),
  },
  responses: { 201: json(WebhookWithSecretAnswer, 'The webhook', NEW_WEBHOOK, ['Location']) },
})

const getWebhookRoute = describeRoute({
  method: 'get',
  path: '/webhooks/{webhook_id}',
  operationId: 'getWebhook',
  summary: 'Get one webhook',
  tags,
  guard: guard(ADMINS),
  fails: [404],
  request: { params },
  responses: { 200: json(WebhookAnswer, 'The webhook', CRM) },
})

const updateWebhookRoute = describeRoute({
  method: 'patch',
  path: '/webhooks/{webhook_id}',
  operationId: 'updateWebhook',
  summary: 'Change a webhook, or switch it on or off',
  description:
    'What is pending goes to the new URL. While a webhook is off nothing is sent and nothing new is noted for it; what ' +
    'was pending goes on when it is on again, and `POST …/replay` sends what it missed.',
  tags,
  guard: guard(ADMINS),
  fails: [404, URL_TAKEN, URL_REFUSED],
  request: {
    params,
    body: jsonRequest(UpdateWebhookBody, {
      'Switch it on again': { active: true },
      'Other events': { events: ['ticket.created', 'comment.created'] },
    }),
  },
  responses: { 200: json(WebhookAnswer, 'The changed webhook', CRM) },
})

const deleteWebhookRoute = describeRoute({
  method: 'delete',
  path: '/webhooks/{webhook_id}',
  operationId: 'deleteWebhook',
  summary: 'End a webhook; what is pending is not sent any more',
  tags,
  guard: guard(ADMINS),
  fails: [404],
  request: { params },
  responses: { 204: empty('Ended') },
})

const rotateSecretRoute = describeRoute({
  method: 'post',
  path: '/webhooks/{webhook_id}/rotate-secret',
  operationId: 'rotateWebhookSecret',
  summary: 'Give a webhook a new signing secret; for 24 hours the old one signs too',
  tags,
  guard: guard(ADMINS),
  fails: [404],
  request: { params },
  responses: { 200: json(WebhookWithSecretAnswer, 'The webhook with its new secret', ROTATED_WEBHOOK) },
})

const testWebhookRoute = describeRoute({
  method: 'post',
  path: '/webhooks/{webhook_id}/test',
  operationId: 'testWebhook',
  summary: 'Send a `webhook.test` event to this webhook alone',
  tags,
  guard: guard(ADMINS),
  fails: [404, INACTIVE],
  request: { params },
  responses: { 202: json(DeliveryAnswer, 'The delivery that is on its way', begun('webhook.test')) },
})

const listDeliveriesRoute = describeRoute({
  method: 'get',
  path: '/webhooks/{webhook_id}/deliveries',
  operationId: 'listDeliveries',
  summary: 'List what was sent to a webhook, or will be',
  description:
    'Of the newest event first. Settled deliveries are kept for 7 days. A filter by event looks through 1,000 deliveries a page, so that a page may ' +
    'be short, or empty, while there is a `next_cursor`.',
  tags,
  guard: guard(ADMINS),
  fails: [404],
  request: { params, query: ListDeliveriesQuery },
  responses: { 200: page(DeliveryList, 'A page of deliveries', DELIVERIES) },
})

const getDeliveryRoute = describeRoute({
  method: 'get',
  path: '/webhooks/{webhook_id}/deliveries/{delivery_id}',
  operationId: 'getDelivery',
  summary: 'Get one delivery with its attempts',
  tags,
  guard: guard(ADMINS),
  fails: [404],
  request: { params: deliveryParams },
  responses: { 200: json(DeliveryWithAttemptsAnswer, 'The delivery', ATTEMPTED) },
})

const redeliverRoute = describeRoute({
  method: 'post',
  path: '/webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver',
  operationId: 'redeliver',
  summary: 'Send a delivery once more, now',
  tags,
  guard: guard(ADMINS),
  fails: [404, INACTIVE],
  request: { params: deliveryParams },
  responses: { 202: json(DeliveryAnswer, 'The delivery that is on its way', begun('ticket.created')) },
})

const replayRoute = describeRoute({
  method: 'post',
  path: '/webhooks/{webhook_id}/replay',
  operationId: 'replayWebhook',
  summary: 'Send the events of a span of time once more',
  description:
    'Of what the webhook wants, from its creation on, at most 10,000 events. They begin their retry schedule anew; ' +
    '`only_failed` leaves out what was delivered, as far as deliveries are kept (7 days).',
  tags,
  guard: guard(ADMINS),
  fails: [
    404,
    INACTIVE,
    told('replay_in_progress', 'The last replay is still being prepared', replayInProgress),
    told('replay_too_large', 'There are more than 10,000 events', replayTooLarge),
  ],
  request: {
    params,
    body: jsonRequest(ReplayBody, {
      'What failed since a day': { since: '2025-05-04', only_failed: true },
      'Everything of an hour': { since: '2025-05-04T16:00:00Z', until: '2025-05-04T17:00:00Z' },
    }),
  },
  responses: { 202: json(ReplayAnswer, 'How many events will be sent', { data: { count: 17 } }) },
})

/** Puts the routes of webhooks and their deliveries into the router, all of them for admins. */
export function addWebhookRoutes(app: OpenAPIHono<AppEnv>): void {
  addRoute(app, listWebhooksRoute, async (c) => {
    const { page, total, webhooks } = await listWebhooks(serviceContext(c), c.req.valid('query'))
    const { link, pagination } = paginate(new URL(c.req.url), page, total)
    return c.json({ data: webhooks, pagination }, 200, { Link: link })
  })

  addRoute(app, createWebhookRoute, async (c) => {
    const ctx = serviceContext(c)
    const webhook = await createWebhook(ctx, c.req.valid('json'))
    return c.json({ data: webhook }, 201, { Location: `${ctx.links.prefix}/webhooks/${webhook.id}` })
  })

  addRoute(app, getWebhookRoute, async (c) => {
    return c.json({ data: await getWebhook(serviceContext(c), c.req.valid('param').webhook_id) }, 200)
  })

  addRoute(app, updateWebhookRoute, async (c) => {
    const { webhook_id } = c.req.valid('param')
    return c.json({ data: await updateWebhook(serviceContext(c), webhook_id, c.req.valid('json')) }, 200)
  })

  addRoute(app, deleteWebhookRoute, async (c) => {
    await deleteWebhook(serviceContext(c), c.req.valid('param').webhook_id)
    return c.body(null, 204)
  })

  addRoute(app, rotateSecretRoute, async (c) => {
    return c.json({ data: await rotateSecret(serviceContext(c), c.req.valid('param').webhook_id) }, 200)
  })

  addRoute(app, testWebhookRoute, async (c) => {
    return c.json({ data: await testWebhook(serviceContext(c), c.req.valid('param').webhook_id) }, 202)
  })

  addRoute(app, listDeliveriesRoute, async (c) => {
    const { webhook_id } = c.req.valid('param')
    const { perPage, cursors, deliveries } = await listDeliveries(serviceContext(c), webhook_id, c.req.valid('query'))
    const { link, pagination } = paginateByCursor(new URL(c.req.url), perPage, cursors)
    return c.json({ data: deliveries, pagination }, 200, link)
  })

  addRoute(app, getDeliveryRoute, async (c) => {
    const { webhook_id, delivery_id } = c.req.valid('param')
    return c.json({ data: await getDelivery(serviceContext(c), webhook_id, delivery_id) }, 200)
  })

  addRoute(app, redeliverRoute, async (c) => {
    const { webhook_id, delivery_id } = c.req.valid('param')
    return c.json({ data: await redeliver(serviceContext(c), webhook_id, delivery_id) }, 202)
  })

  addRoute(app, replayRoute, async (c) => {
    const { webhook_id } = c.req.valid('param')
    return c.json({ data: await replay(serviceContext(c), webhook_id, c.req.valid('json')) }, 202)
  })
}
