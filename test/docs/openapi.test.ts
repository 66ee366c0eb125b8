import { z } from '@hono/zod-openapi'
import { beforeAll, describe, expect, it } from 'vitest'
import { createApp, createV1, PREFIXES } from '../../src/app'
import { EVENTS, LISTED_TYPES } from '../../src/events/service'
import { ERROR_CATALOGUE } from '../../src/http/openapi/error-catalogue'
import { type Account, call, createTestAccount, createTicket } from '../helpers/api'
import { ROUTES } from '../helpers/edge'
import { faultsOf } from '../helpers/json-schema'
import { type MediaType, OPERATIONS, openapi, type Response, resolved } from '../helpers/openapi'

let account: Account

beforeAll(async () => {
  account = await createTestAccount()
})

const nameOf = ({ method, path }: { method: string; path: string }) => `${method} ${path}`
const isPublic = ({ security }: { security: object[] }) => security.length === 0

/** Responses that do not count against the rate limit. */
const UNCOUNTED = ['GET /files/{attachment_id}/{filename}', 'GET /health', 'GET /openapi.json']

describe('/openapi.json', () => {
  it('matches the committed file: if this fails, run `npm run openapi` and commit openapi.json', async () => {
    const { body } = await call('GET', '/openapi.json')
    expect(body).toEqual(openapi)
  })

  it.each(ROUTES)('is not counted, needs no credential, and may be cached, %s', async (_name, route) => {
    const response = await call('GET', '/openapi.json', { route })
    expect(response.status).toBe(200)
    expect(response.headers.has('X-RateLimit-Limit')).toBe(false)
    expect(response.headers.get('Cache-Control')).toBe('public, max-age=300')
    const etag = response.headers.get('ETag') ?? ''
    const again = await call('GET', '/openapi.json', { headers: { 'If-None-Match': etag }, route })
    expect([again.status, again.text, again.headers.get('ETag')]).toEqual([304, '', etag.replace('W/', '')])
  })

  it('has exactly the operations of version 1 under both prefixes, and those of the root', () => {
    const routed = createApp()
      // The documentation pages, their files and redirects are not operations, nor is the contact for security.
      .routes.filter(
        ({ method, path }) => method !== 'ALL' && path !== '/' && !/^\/(docs|llms|\.well-known)/.test(path),
      )
      .map(({ method, path }) => ({ method, path: path.replace(/:(\w+)(\{[^}]*\})?/g, '{$1}') }))
    for (const prefix of PREFIXES) {
      const documented = OPERATIONS.map(({ method, path }) => ({
        method,
        path: 'servers' in (openapi.paths[path] ?? {}) ? path : `${prefix}${path}`,
      }))
      const others = PREFIXES.filter((other) => other !== prefix)
      const here = routed.filter(({ path }) => !others.some((other) => path.startsWith(other)))
      expect(new Set(here.map(nameOf))).toEqual(new Set(documented.map(nameOf)))
    }
  })

  it('has an ID, a summary, a tag, callers and the resulting responses for each operation', () => {
    const ids = OPERATIONS.map(({ operationId }) => operationId)
    expect(new Set(ids).size).toBe(ids.length)
    for (const operation of OPERATIONS) {
      const name = nameOf(operation)
      expect(operation.operationId, name).toMatch(/^[a-z][A-Za-z]+$/)
      expect(operation.summary, name).toMatch(/^[A-Z].*[^.]$/)
      expect(operation.tags, name).toHaveLength(1)
      expect(operation.description, name).toMatch(/\n\n(For [a-z, ]+?(, not for API keys)?|No credential needed)\.$/)
      const counted = UNCOUNTED.includes(name) ? [] : ['400', '429']
      expect(Object.keys(operation.responses), name).toEqual(
        expect.arrayContaining([
          ...counted,
          ...(isPublic(operation) ? [] : ['401']),
          ...(operation.requestBody ? ['413', '415'] : []),
          ...(operation.path.includes('{') ? ['404'] : []),
          '500',
          '503',
        ]),
      )
      expect(
        Object.keys(operation.responses).some((status) => Number(status) < 400),
        name,
      ).toBe(true)
    }
  })

  it('requires a credential on all operations except the public ones', () => {
    expect(OPERATIONS.filter(isPublic).map(nameOf).toSorted(), 'a public operation belongs to this list').toEqual([
      ...UNCOUNTED,
      'POST /accounts',
      'POST /auth/login',
      'POST /auth/register',
    ])
  })

  it('describes every event as a webhook, with its signature', () => {
    expect(Object.keys(openapi.webhooks)).toEqual([...LISTED_TYPES])
    expect(Object.keys(EVENTS), 'EVENT_TYPES in src/events/schema.ts lacks one').toEqual([...LISTED_TYPES])
    for (const { post } of Object.values(openapi.webhooks)) {
      const names = post.parameters.map((parameter) => resolved<{ name: string }>(parameter).name)
      expect(names).toEqual(['webhook-id', 'webhook-timestamp', 'webhook-signature', 'User-Agent'])
    }
  })

  it('describes every error code', () => {
    const { description } = openapi.info
    for (const [code, { example }] of Object.entries(ERROR_CATALOGUE))
      expect(description).toContain(`| ${example().status} | \`${code}\` | `)
    expect(Object.keys(openapi.components.examples)).toEqual(Object.keys(ERROR_CATALOGUE))
  })

  it('links each creation to the operations that take the new ID, with all path parameters', () => {
    for (const creation of OPERATIONS.filter(({ method }) => method === 'POST')) {
      const { '201': created } = creation.responses
      const links = created ? Object.values(resolved<Response>(created).links ?? {}) : []
      const next = OPERATIONS.filter(({ path }) => /^\/\{[^{]+$/.test(path.replace(creation.path, '')))
      const linked = links.map(({ operationId }) => operationId)
      if (created) expect(linked, nameOf(creation)).toEqual(expect.arrayContaining(next.map((to) => to.operationId)))
      for (const { operationId, parameters } of links) {
        const { path = '' } = OPERATIONS.find((operation) => operation.operationId === operationId) ?? {}
        const pathParameters = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
        expect(Object.keys(parameters).toSorted(), operationId).toEqual(pathParameters.toSorted())
        expect(Object.values(parameters), operationId).toContain('$response.body#/data/id')
      }
    }
    const links = OPERATIONS.flatMap(({ responses: { '201': created } }) =>
      created ? Object.keys(resolved<Response>(created).links ?? {}) : [],
    )
    expect(links).toEqual(expect.arrayContaining(['getTicket', 'getAttachment', 'deleteComment', 'replayWebhook']))
  })

  it('refers only to existing components, and to all of them', () => {
    const references = [...JSON.stringify(openapi).matchAll(/"\$ref":"([^"]+)"/g)].map(([, target]) => target ?? '')
    for (const $ref of new Set(references)) expect(resolved({ $ref })).toBeDefined()
    const schemas = Object.keys(openapi.components.schemas).map((name) => `#/components/schemas/${name}`)
    expect(references).toEqual(expect.arrayContaining(schemas))
    const tags = openapi.tags.map(({ name }) => name)
    const operations = [...OPERATIONS, ...Object.values(openapi.webhooks).map(({ post }) => post)]
    expect(new Set(operations.flatMap((operation) => operation.tags))).toEqual(new Set(tags))
  })
})

describe('the examples of the document', () => {
  it('exist for every JSON body and match its schema', () => {
    for (const operation of [...OPERATIONS, ...Object.values(openapi.webhooks).map(({ post }) => post)]) {
      for (const [type, media] of Object.entries(operation.requestBody?.content ?? {}))
        if (type === 'application/json') expectExamples(`${operation.operationId} request`, media)
      for (const [status, response] of Object.entries(operation.responses)) {
        const media = resolved<Response>(response).content?.['application/json']
        if (media) expectExamples(`${operation.operationId} ${status}`, media)
      }
    }
  })

  it('are accepted by the schemas that validate requests', () => {
    const registered = createV1().openAPIRegistry.definitions.flatMap((entry) =>
      entry.type === 'route' ? [entry.route] : [],
    )
    for (const { operationId, requestBody } of OPERATIONS) {
      const media = requestBody?.content['application/json']
      if (!media) continue
      const route = registered.find((candidate) => candidate.operationId === operationId)
      const content = route?.request?.body?.content['application/json']
      const schema = content && 'schema' in content ? content.schema : undefined
      if (!(schema instanceof z.ZodType)) throw new Error(`${operationId} validates nothing`)
      for (const value of valuesOf(media)) expect(schema.safeParse(value).error, operationId).toBeUndefined()
    }
  })

  it('match the schemas of parameters, headers and fields', () => {
    const wrong: string[] = []
    JSON.stringify(openapi, (key, part: unknown) => {
      if (typeof part !== 'object' || part === null || !('type' in part) || !('example' in part)) return part
      wrong.push(...faultsOf(part.example, part).map((fault) => `${key} ${JSON.stringify(part.example)}: ${fault}`))
      return part
    })
    expect(wrong).toEqual([])
  })
})

function valuesOf(media: MediaType): unknown[] {
  const named = Object.values(media.examples ?? {}).map((example) => resolved<{ value: unknown }>(example).value)
  return media.example === undefined ? named : [media.example, ...named]
}

function expectExamples(name: string, media: MediaType): void {
  const values = valuesOf(media)
  expect(values.length, `${name} has no example`).toBeGreaterThan(0)
  for (const value of values) expect(faultsOf(value, media.schema), name).toEqual([])
}

describe('both prefixes', () => {
  it('return the same responses', async () => {
    const ticket = await createTicket(account.agent)
    for (const path of [`tickets/${ticket.id}`, 'tickets', 'users', 'tickets/none', 'nothing', 'tickets?page=x']) {
      const local = await call('GET', `/api/v1/${path}`, { token: account.agent.token })
      const production = await call('GET', `/ticketing/v1/${path}`, { token: account.agent.token })
      expect(production.status).toBe(local.status)
      expect(production.text.replaceAll('/ticketing/v1', '/api/v1')).toBe(local.text)
    }
  })

  it('share one count', async () => {
    const { token } = account.admin
    const first = await call('GET', '/api/v1/tickets', { token })
    const second = await call('GET', '/ticketing/v1/tickets', { token })
    if (first.headers.get('X-RateLimit-Reset') !== second.headers.get('X-RateLimit-Reset')) return
    expect(Number(second.headers.get('X-RateLimit-Remaining'))).toBe(
      Number(first.headers.get('X-RateLimit-Remaining')) - 1,
    )
  })
})

describe('/health', () => {
  it('returns ok, without a credential or a count', async () => {
    const response = await call('GET', '/health')
    expect(response.status).toBe(200)
    expect(response.body).toEqual({
      status: 'ok',
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      checks: { database: 'ok', files: 'ok', rate_limiter: 'ok', sweeper: 'ok' },
    })
    expect(response.headers.has('X-RateLimit-Limit')).toBe(false)
  })
})
