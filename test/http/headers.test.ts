import { beforeAll, describe, expect, it } from 'vitest'
import { freshIpAddress } from '../helpers/addresses'
import { type Account, API, call, createTestAccount, createTicket, type TestResponse } from '../helpers/api'

const EXPOSED = [
  ...['Accept-Ranges', 'Content-Disposition', 'Content-Range', 'ETag', 'Idempotent-Replayed', 'Link', 'Location'],
  ...['RateLimit', 'RateLimit-Policy', 'Retry-After', 'Server-Timing', 'WWW-Authenticate', 'X-D1-Bookmark'],
  ...['X-RateLimit-Limit', 'X-RateLimit-Remaining', 'X-RateLimit-Reset', 'X-Request-Id'],
]
const SENT = [
  ...['Authorization', 'Content-Type', 'X-API-Key', 'X-D1-Bookmark', 'X-Request-Id', 'Idempotency-Key', 'If-Match'],
  ...['If-None-Match', 'If-Range', 'Range'],
]

const ITEMIZED = /^auth;dur=\d+, db;dur=\d+, app;dur=\d+, total;dur=\d+$/
/** Where the time was spent could reveal what exists. */
const TOTAL = /^total;dur=\d+$/

let account: Account
let responses: Record<string, TestResponse>

beforeAll(async () => {
  account = await createTestAccount()
  const ticket = await createTicket(account.agent)
  const { token } = account.agent
  responses = {
    list: await call('GET', 'tickets', { token }),
    created: await call('POST', 'tickets', { token, body: { title: 'T', description: 'D' } }),
    deleted: await call('DELETE', `tickets/${ticket.id}`, { token: account.admin.token }),
    invalid: await call('GET', 'tickets?page=x', { token }),
    anonymous: await call('GET', 'tickets', { address: freshIpAddress() }),
    forbidden: await call('GET', 'webhooks', { token }),
    missing: await call('GET', 'tickets/ticket_unknown', { token }),
    absent: await call('GET', 'nothing', { token }),
    method: await call('PUT', 'tickets', { token }),
    root: await call('GET', '/nothing'),
    health: await call('GET', '/health'),
    document: await call('GET', '/openapi.json'),
    file: await call('GET', '/files/attach_x/x.png', { address: freshIpAddress() }),
  }
})

describe('the headers of every response', () => {
  it('are restrictive by default', () => {
    for (const [name, { headers }] of Object.entries(responses)) {
      expect(headers.get('X-Content-Type-Options'), name).toBe('nosniff')
      expect(headers.get('X-Frame-Options'), name).toBe('DENY')
      expect(headers.get('Cross-Origin-Resource-Policy'), name).toBe('cross-origin')
      expect(headers.get('Referrer-Policy'), name).toBe('no-referrer')
      expect(headers.get('Strict-Transport-Security'), name).toMatch(/^max-age=\d{8}/)
      expect(headers.get('Content-Security-Policy'), name).toContain("default-src 'none'")
      expect(headers.get('Cache-Control'), name).toBe(name === 'document' ? 'public, max-age=300' : 'no-store')
      expect(headers.has('X-Powered-By'), name).toBe(false)
      expect(headers.has('Set-Cookie'), name).toBe(false)
    }
  })

  it('contain the request ID and the durations', () => {
    for (const [name, { status, headers }] of Object.entries(responses)) {
      expect(headers.get('X-Request-Id'), name).toMatch(/^[\w-]{16,}$/)
      const durations = [401, 403, 404].includes(status) ? TOTAL : ITEMIZED
      expect(headers.get('Server-Timing'), name).toMatch(durations)
    }
    const statuses = Object.values(responses).map(({ status }) => status)
    expect(statuses).toEqual(expect.arrayContaining([200, 201, 400, 401, 403, 404, 405]))
    const ids = Object.values(responses).map((response) => response.headers.get('X-Request-Id'))
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('allow any origin, without credentials', () => {
    for (const [name, { headers }] of Object.entries(responses)) {
      expect(headers.get('Access-Control-Allow-Origin'), name).toBe('*')
      expect(headers.has('Access-Control-Allow-Credentials'), name).toBe(false)
    }
  })

  it.each(EXPOSED)('expose %s to scripts of any origin', (exposed) => {
    for (const [name, { headers }] of Object.entries(responses))
      expect((headers.get('Access-Control-Expose-Headers') ?? '').split(/,\s*/), name).toContain(exposed)
  })

  it('contain nothing of the Origin header', async () => {
    const headers = { Origin: 'https://evil.example' }
    const response = await call('GET', 'tickets', { token: account.agent.token, headers })
    expect(response.headers.get('Access-Control-Allow-Origin')).toBe('*')
  })
})

describe('a preflight', () => {
  const send = (path: string) =>
    call('OPTIONS', path, {
      headers: {
        Origin: 'https://app.example',
        'Access-Control-Request-Method': 'PATCH',
        'Access-Control-Request-Headers': 'authorization,content-type',
      },
      address: freshIpAddress(),
    })

  it('is allowed without a credential and is not counted', async () => {
    const response = await send('/health')
    expect(response.status).toBe(204)
    expect(response.text).toBe('')
    expect(response.headers.get('Access-Control-Allow-Origin')).toBe('*')
    expect(Number(response.headers.get('Access-Control-Max-Age'))).toBeGreaterThan(0)
    expect(response.headers.has('X-RateLimit-Limit')).toBe(false)
  })

  it.each(['GET', 'HEAD', 'POST', 'PATCH', 'DELETE'])('allows the method %s', async (method) => {
    const { headers } = await send('/health')
    expect((headers.get('Access-Control-Allow-Methods') ?? '').split(/,\s*/)).toContain(method)
  })

  it.each(SENT)('allows the header %s', async (name) => {
    const { headers } = await send('/health')
    const allowed = (headers.get('Access-Control-Allow-Headers') ?? '').toLowerCase().split(/,\s*/)
    expect(allowed).toContain(name.toLowerCase())
  })
})

describe('X-Request-Id', () => {
  const idFor = async (given: string) =>
    (await call('GET', '/openapi.json', { headers: { 'X-Request-Id': given } })).headers.get('X-Request-Id')

  it.each(['abc-123', 'A_b=', '7b1c1a2e-0b8e-4f6a-9d53-0d6b0d1f5a11', 'x'.repeat(255)])('keeps %s', async (given) => {
    expect(await idFor(given)).toBe(given)
  })

  it.each(['a b', 'a"b', '{"level":"error"}', '<script>', 'a;b', 'x'.repeat(256), 'a,b'])(
    'replaces an invalid value: %s',
    async (given) => {
      const id = await idFor(given)
      expect(id).not.toBe(given)
      expect(id).toMatch(/^[\w-]{16,}$/)
    },
  )
})

describe('paths in responses', () => {
  it('have the prefix of the request, in Link and Location', async () => {
    const { token } = account.agent
    for (const prefix of [API, '/ticketing/v1']) {
      const made = await call('POST', `${prefix}/tickets`, { token, body: { title: 'T', description: 'D' } })
      expect(made.headers.get('Location')).toBe(`${prefix}/tickets/${made.body.data.id}`)
      const list = await call('GET', `${prefix}/tickets?per_page=1&status=open`, { token })
      expect(list.body.pagination.next_page_url).toBe(`${prefix}/tickets?per_page=1&status=open&page=2`)
      expect(list.headers.get('Link')).toContain(`<${prefix}/tickets?per_page=1&status=open&page=2>; rel="next"`)
    }
  })
})
