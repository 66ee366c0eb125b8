import { beforeAll, describe, expect, it } from 'vitest'
import { createV1 } from '../../src/v1'
import { type Account, call, createTicket, mintAccount } from '../helpers/api'

interface Operation {
  operationId?: string
  summary?: string
  tags?: string[]
  security?: unknown[]
  requestBody?: object
  responses: Record<string, { description?: string; headers?: object; content?: Record<string, { schema: unknown }> }>
}

let account: Account
// biome-ignore lint/suspicious/noExplicitAny: the document is looked into as any reader would
let document: any
let operations: [string, Operation][]

beforeAll(async () => {
  account = await mintAccount()
  document = (await call('GET', '/openapi.json')).body
  operations = Object.entries<Record<string, Operation>>(document.paths).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([method]) => method !== 'servers')
      .map(([method, operation]): [string, Operation] => [`${method} ${path}`, operation]),
  )
})

describe('/openapi.json', () => {
  it('is OpenAPI 3.1 with both prefixes as servers', () => {
    expect(document.openapi).toBe('3.1.0')
    expect(document.info).toMatchObject({ title: expect.any(String), version: expect.any(String) })
    expect(document.servers.map((server: { url: string }) => server.url)).toEqual(['/api/v1', '/ticketing/v1'])
    expect(document.components.securitySchemes.bearerToken).toMatchObject({ type: 'http', scheme: 'bearer' })
    expect(document.components.securitySchemes.apiKeyHeader).toMatchObject({ in: 'header', name: 'X-API-Key' })
  })

  it('has every route of version 1, and those of the root', () => {
    const routed = createV1()
      .routes.filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => `${method.toLowerCase()} ${path.replace(/:(\w+)/g, '{$1}')}`)
    const documented = operations.map(([name]) => name)
    expect(new Set(routed).size).toBeGreaterThan(8)
    expect(documented).toEqual(expect.arrayContaining([...new Set(routed)]))
    expect(documented).toEqual(expect.arrayContaining(['get /health', 'get /files/{attachment_id}/{filename}']))
  })

  it('gives each operation an id of its own, a summary, a tag and its failures', () => {
    const ids = operations.map(([, operation]) => operation.operationId)
    expect(new Set(ids).size).toBe(ids.length)
    for (const [name, operation] of operations) {
      expect(operation.operationId, name).toMatch(/^[a-z][A-Za-z]+$/)
      expect(operation.summary, name).toMatch(/^\S/)
      expect(operation.tags, name).toHaveLength(1)
      if (name === 'get /health') continue
      const statuses = Object.keys(operation.responses)
      expect(statuses, name).toEqual(expect.arrayContaining(['400', '401', '403', '429', '500', '503']))
      if (operation.requestBody) expect(statuses, name).toEqual(expect.arrayContaining(['413', '415']))
      if (name.includes('{')) expect(statuses, name).toContain('404')
      for (const [status, response] of Object.entries(operation.responses)) {
        expect(response.description, `${name} ${status}`).toMatch(/^\S/)
        if (Number(status) < 400) continue
        const schema = response.content?.['application/json']?.schema
        expect(schema, `${name} ${status}`).toEqual({ $ref: '#/components/schemas/Error' })
        expect(Object.keys(response.headers ?? {})).toContain('X-RateLimit-Remaining')
      }
    }
  })

  it('refers only to what is there', () => {
    const text = JSON.stringify(document)
    const names = [...text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name ?? '')
    expect(names.length).toBeGreaterThan(10)
    expect(Object.keys(document.components.schemas)).toEqual(expect.arrayContaining([...new Set(names)]))
    for (const tag of new Set(operations.flatMap(([, operation]) => operation.tags ?? [])))
      expect(document.tags.map((entry: { name: string }) => entry.name)).toContain(tag)
  })

  it('asks for a credential on all but the public routes', () => {
    expect(document.security).toEqual([{ bearerToken: [] }, { bearerApiKey: [] }, { apiKeyHeader: [] }])
    const open = operations.filter(([, operation]) => operation.security?.length === 0).map(([name]) => name)
    expect(open.sort()).toEqual([
      'get /files/{attachment_id}/{filename}',
      'get /health',
      'post /accounts',
      'post /auth/login',
      'post /auth/register',
    ])
  })

  it('is not counted, and needs no credential', async () => {
    const answer = await call('GET', '/openapi.json')
    expect(answer.status).toBe(200)
    expect(answer.headers.has('X-RateLimit-Limit')).toBe(false)
  })
})

describe('both prefixes', () => {
  it('answer the same', async () => {
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
  it('says that all is well, without a credential or a count', async () => {
    const answer = await call('GET', '/health')
    expect(answer.status).toBe(200)
    expect(answer.body).toEqual({
      status: 'ok',
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      checks: { database: 'ok', files: 'ok', rate_limiter: 'ok', sweeper: 'ok' },
    })
    expect(answer.headers.has('X-RateLimit-Limit')).toBe(false)
  })
})
