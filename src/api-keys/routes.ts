import { type OpenAPIHono, z } from '@hono/zod-openapi'
import { requireUser } from '../access/middleware'
import { serviceContext } from '../access/request-context'
import { ADMINS } from '../core/policy'
import type { AppEnv } from '../http/app-env'
import { errorExample } from '../http/openapi/error-responses'
import { emptyBody, json, jsonRequest, page } from '../http/openapi/responses'
import { defineRoute, registerRoute } from '../http/openapi/route'
import { paginate } from '../http/pagination/page'
import { pathId } from '../http/schemas/request-fields'
import { keyRevoked, tooManyKeys } from './errors'
import { KEYS, NEW_KEY } from './examples'
import { ApiKeyList, ApiKeyWithSecretResponse, CreateApiKeyBody, ListApiKeysQuery, RotateApiKeyBody } from './schema'
import { createApiKey, deleteApiKey, listApiKeys, rotateKey } from './service'

const params = z.object({ key_id: pathId('key_id', 'key_01jt0v7m3zq8x5y2w9r4n6p1kc') })
const tags = ['API keys']

const listApiKeysRoute = defineRoute({
  method: 'get',
  path: '/api-keys',
  operationId: 'listApiKeys',
  summary: 'List API keys',
  description:
    'Returns a page of the API keys of the account, including revoked and expired ones, without their secrets.',
  tags,
  guard: requireUser(ADMINS),
  request: { query: ListApiKeysQuery },
  responses: { 200: page(ApiKeyList, 'A page of API keys', KEYS) },
})

const createApiKeyRoute = defineRoute({
  method: 'post',
  path: '/api-keys',
  operationId: 'createApiKey',
  summary: 'Create API key',
  tags,
  guard: requireUser(ADMINS),
  description:
    'Returns the new key with its secret, which no later response shows. A key acts as a member of the account. An account ' +
    'has at most 20 active keys (premium 100).',
  errors: [errorExample('too_many_keys', 'The account has its maximum of active keys', tooManyKeys)],
  request: {
    body: jsonRequest(CreateApiKeyBody, {
      'Key for an integration': { name: 'CRM sync', role: 'agent' },
      'Key that expires': { name: 'Migration', role: 'admin', expires_at: '2030-01-01T00:00:00Z' },
    }),
  },
  responses: { 201: json(ApiKeyWithSecretResponse, 'The new key', NEW_KEY) },
})

const deleteApiKeyRoute = defineRoute({
  method: 'delete',
  path: '/api-keys/{key_id}',
  operationId: 'deleteApiKey',
  summary: 'Revoke API key',
  description: 'Revokes an API key immediately.',
  tags,
  guard: requireUser(ADMINS),
  errors: [404],
  request: { params },
  responses: { 204: emptyBody('The key is revoked') },
})

const rotateApiKeyRoute = defineRoute({
  method: 'post',
  path: '/api-keys/{key_id}/rotate',
  operationId: 'rotateApiKey',
  summary: 'Rotate API key',
  description:
    'Returns the key with a new secret, which no later response shows. The previous secret stays valid for `grace_seconds`; ' +
    'the one before it is revoked.',
  tags,
  guard: requireUser(ADMINS),
  errors: [404, errorExample('key_revoked', 'The key was revoked or has expired', keyRevoked)],
  request: {
    params,
    body: jsonRequest(RotateApiKeyBody, {
      'Previous secret valid one day': {},
      'Previous secret revoked immediately': { grace_seconds: 0 },
    }),
  },
  responses: { 201: json(ApiKeyWithSecretResponse, 'The key with its new secret', NEW_KEY) },
})

export function registerApiKeyRoutes(app: OpenAPIHono<AppEnv>): void {
  registerRoute(app, listApiKeysRoute, async (c) => {
    const { page, total, keys } = await listApiKeys(serviceContext(c), c.req.valid('query'))
    const { link, pagination } = paginate(new URL(c.req.url), page, total)
    return c.json({ data: keys, pagination }, 200, { Link: link })
  })

  registerRoute(app, createApiKeyRoute, async (c) => {
    return c.json({ data: await createApiKey(serviceContext(c), c.req.valid('json')) }, 201)
  })

  registerRoute(app, deleteApiKeyRoute, async (c) => {
    await deleteApiKey(serviceContext(c), c.req.valid('param').key_id)
    return c.body(null, 204)
  })

  registerRoute(app, rotateApiKeyRoute, async (c) => {
    const { key_id } = c.req.valid('param')
    return c.json({ data: await rotateKey(serviceContext(c), key_id, c.req.valid('json')) }, 201)
  })
}
