import { type OpenAPIHono, z } from '@hono/zod-openapi'
import { requireRole } from '../access/middleware'
import { serviceContext } from '../access/request-context'
import { ADMINS } from '../core/policy'
import type { AppEnv } from '../http/app-env'
import { errorExample } from '../http/openapi/error-responses'
import { emptyBody, json, jsonRequest, page } from '../http/openapi/responses'
import { defineRoute, registerRoute } from '../http/openapi/route'
import { paginate } from '../http/pagination/page'
import { pathId } from '../http/schemas/request-fields'
import { testWebhook } from './deliveries.service'
import { DeliveryResponse } from './delivery-schema'
import { tooManyWebhooks, urlRejected, urlTaken, webhookInactive } from './errors'
import { CRM, NEW_WEBHOOK, ROTATED_WEBHOOK, started, WEBHOOKS } from './examples'
import {
  CreateWebhookBody,
  ListWebhooksQuery,
  UpdateWebhookBody,
  WebhookList,
  WebhookResponse,
  WebhookWithSecretResponse,
} from './schema'
import { createWebhook, deleteWebhook, getWebhook, listWebhooks, rotateSecret, updateWebhook } from './service'

export const params = z.object({ webhook_id: pathId('webhook_id', 'webhook_01jt0v7m3zq8x5y2w9r4n6p1kc') })
const tags = ['Webhooks']

const URL_TAKEN = errorExample('url_taken', 'Another webhook has this URL', urlTaken)
const URL_REJECTED = errorExample('url_not_allowed', 'The URL is not public', () =>
  urlRejected('must have a public host'),
)

export const INACTIVE = errorExample('webhook_inactive', 'The webhook is inactive', webhookInactive)

const listWebhooksRoute = defineRoute({
  method: 'get',
  path: '/webhooks',
  operationId: 'listWebhooks',
  summary: 'List webhooks',
  description: 'Returns a page of the webhooks of the account, newest first.',
  tags,
  guard: requireRole(ADMINS),
  request: { query: ListWebhooksQuery },
  responses: { 200: page(WebhookList, 'A page of webhooks', WEBHOOKS) },
})

const createWebhookRoute = defineRoute({
  method: 'post',
  path: '/webhooks',
  operationId: 'createWebhook',
  summary: 'Create webhook',
  description:
    'Returns the new webhook with its signing secret, which no later response shows. Events from now on are sent to the URL, ' +
    'signed according to Standard Webhooks. An account has at most 10 webhooks (premium 50). See ' +
    '[Webhooks](/docs/guides/webhooks).',
  tags,
  guard: requireRole(ADMINS),
  errors: [
    URL_TAKEN,
    errorExample('too_many_webhooks', 'The account has its maximum of webhooks', tooManyWebhooks),
    URL_REJECTED,
  ],
  request: {
    body: jsonRequest(CreateWebhookBody, {
      'Some events': {
        url: CRM.data.url,
        events: ['ticket.created', 'ticket.status_changed'],
        description: 'CRM sync',
      },
      'All events, internal comments included': { url: CRM.data.url, events: ['*'], include_internal: true },
    }),
  },
  responses: { 201: json(WebhookWithSecretResponse, 'The new webhook', NEW_WEBHOOK, ['Location']) },
})

const getWebhookRoute = defineRoute({
  method: 'get',
  path: '/webhooks/{webhook_id}',
  operationId: 'getWebhook',
  summary: 'Get webhook',
  description: 'Returns a webhook, without its signing secret.',
  tags,
  guard: requireRole(ADMINS),
  errors: [404],
  request: { params },
  responses: { 200: json(WebhookResponse, 'The webhook', CRM) },
})

const updateWebhookRoute = defineRoute({
  method: 'patch',
  path: '/webhooks/{webhook_id}',
  operationId: 'updateWebhook',
  summary: 'Update webhook',
  description:
    'Returns the updated webhook. Pending deliveries go to the new URL. While a webhook is inactive, nothing is sent and no ' +
    'delivery is created for new events. After reactivation, pending deliveries continue, and a replay sends missed events.',
  tags,
  guard: requireRole(ADMINS),
  errors: [404, URL_TAKEN, URL_REJECTED],
  request: {
    params,
    body: jsonRequest(UpdateWebhookBody, {
      Activate: { active: true },
      'New events': { events: ['ticket.created', 'comment.created'] },
    }),
  },
  responses: { 200: json(WebhookResponse, 'The updated webhook', CRM) },
})

const deleteWebhookRoute = defineRoute({
  method: 'delete',
  path: '/webhooks/{webhook_id}',
  operationId: 'deleteWebhook',
  summary: 'Delete webhook',
  description: 'Deletes a webhook and cancels its pending deliveries.',
  tags,
  guard: requireRole(ADMINS),
  errors: [404],
  request: { params },
  responses: { 204: emptyBody('The webhook is deleted') },
})

const rotateSecretRoute = defineRoute({
  method: 'post',
  path: '/webhooks/{webhook_id}/rotate-secret',
  operationId: 'rotateWebhookSecret',
  summary: 'Rotate signing secret',
  description:
    'Returns the webhook with a new signing secret, which no later response shows. For 24 hours, deliveries are also signed ' +
    'with the previous secret.',
  tags,
  guard: requireRole(ADMINS),
  errors: [404],
  request: { params },
  responses: { 200: json(WebhookWithSecretResponse, 'The webhook with its new secret', ROTATED_WEBHOOK) },
})

const testWebhookRoute = defineRoute({
  method: 'post',
  path: '/webhooks/{webhook_id}/test',
  operationId: 'testWebhook',
  summary: 'Send test event',
  description: 'Sends a `webhook.test` event to this webhook only, and returns the delivery.',
  tags,
  guard: requireRole(ADMINS),
  errors: [404, INACTIVE],
  request: { params },
  responses: { 202: json(DeliveryResponse, 'The started delivery', started('webhook.test')) },
})

export function registerWebhookRoutes(app: OpenAPIHono<AppEnv>): void {
  registerRoute(app, listWebhooksRoute, async (c) => {
    const { page, total, webhooks } = await listWebhooks(serviceContext(c), c.req.valid('query'))
    const { link, pagination } = paginate(new URL(c.req.url), page, total)
    return c.json({ data: webhooks, pagination }, 200, { Link: link })
  })

  registerRoute(app, createWebhookRoute, async (c) => {
    const ctx = serviceContext(c)
    const webhook = await createWebhook(ctx, c.req.valid('json'))
    return c.json({ data: webhook }, 201, { Location: `${ctx.links.prefix}/webhooks/${webhook.id}` })
  })

  registerRoute(app, getWebhookRoute, async (c) => {
    return c.json({ data: await getWebhook(serviceContext(c), c.req.valid('param').webhook_id) }, 200)
  })

  registerRoute(app, updateWebhookRoute, async (c) => {
    const { webhook_id } = c.req.valid('param')
    return c.json({ data: await updateWebhook(serviceContext(c), webhook_id, c.req.valid('json')) }, 200)
  })

  registerRoute(app, deleteWebhookRoute, async (c) => {
    await deleteWebhook(serviceContext(c), c.req.valid('param').webhook_id)
    return c.body(null, 204)
  })

  registerRoute(app, rotateSecretRoute, async (c) => {
    return c.json({ data: await rotateSecret(serviceContext(c), c.req.valid('param').webhook_id) }, 200)
  })

  registerRoute(app, testWebhookRoute, async (c) => {
    return c.json({ data: await testWebhook(serviceContext(c), c.req.valid('param').webhook_id) }, 202)
  })
}
