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
import { tooManyWebhooks, urlRejected, urlTaken, webhookInactive } from './errors'
import { CRM, NEW_WEBHOOK, ROTATED_WEBHOOK, started, WEBHOOKS } from './examples'
import {
  CreateWebhookBody,
  DeliveryResponse,
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
  summary: 'List the webhooks of the account',
  tags,
  guard: requireRole(ADMINS),
  request: { query: ListWebhooksQuery },
  responses: { 200: page(WebhookList, 'A page of webhooks, newest first', WEBHOOKS) },
})

const createWebhookRoute = defineRoute({
  method: 'post',
  path: '/webhooks',
  operationId: 'createWebhook',
  summary: 'Subscribe a URL to events',
  description:
    'Events from now on are sent as signed `POST`s (Standard Webhooks). At most 10 webhooks an account (premium 50), ' +
    'one for each URL. Only this answer, and that of a rotation, shows the signing secret.',
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
      'Every event, internal comments too': { url: CRM.data.url, events: ['*'], include_internal: true },
    }),
  },
  responses: { 201: json(WebhookWithSecretResponse, 'The webhook', NEW_WEBHOOK, ['Location']) },
})

const getWebhookRoute = defineRoute({
  method: 'get',
  path: '/webhooks/{webhook_id}',
  operationId: 'getWebhook',
  summary: 'Get one webhook',
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
  summary: 'Change a webhook, or switch it on or off',
  description:
    'What is pending goes to the new URL. While a webhook is off nothing is sent and nothing new is noted for it; what ' +
    'was pending goes on when it is on again, and `POST …/replay` sends what it missed.',
  tags,
  guard: requireRole(ADMINS),
  errors: [404, URL_TAKEN, URL_REJECTED],
  request: {
    params,
    body: jsonRequest(UpdateWebhookBody, {
      'Switch it on again': { active: true },
      'Other events': { events: ['ticket.created', 'comment.created'] },
    }),
  },
  responses: { 200: json(WebhookResponse, 'The changed webhook', CRM) },
})

const deleteWebhookRoute = defineRoute({
  method: 'delete',
  path: '/webhooks/{webhook_id}',
  operationId: 'deleteWebhook',
  summary: 'End a webhook; what is pending is not sent any more',
  tags,
  guard: requireRole(ADMINS),
  errors: [404],
  request: { params },
  responses: { 204: emptyBody('Ended') },
})

const rotateSecretRoute = defineRoute({
  method: 'post',
  path: '/webhooks/{webhook_id}/rotate-secret',
  operationId: 'rotateWebhookSecret',
  summary: 'Give a webhook a new signing secret; for 24 hours the old one signs too',
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
  summary: 'Send a `webhook.test` event to this webhook alone',
  tags,
  guard: requireRole(ADMINS),
  errors: [404, INACTIVE],
  request: { params },
  responses: { 202: json(DeliveryResponse, 'The delivery that is on its way', started('webhook.test')) },
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
