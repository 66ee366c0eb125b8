import { env } from 'cloudflare:workers'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { comments, tickets } from '../../src/db/schema/tickets'
import { events } from '../../src/db/schema/webhooks'
import { sql } from '../../src/db/sql'
import { select } from '../../src/db/statement'
import { freshIpAddress } from '../helpers/addresses'
import { type Account, call, createTestAccount, createTicket } from '../helpers/api'
import { sessions } from '../helpers/d1'
import { row } from '../helpers/database'
import { errorLinks } from '../helpers/errors'
import { countPendingEvents, createTestWebhook } from '../helpers/webhooks'

let account: Account
let ticketId: string

beforeAll(async () => {
  account = await createTestAccount()
  ticketId = (await createTicket(account.agent)).id
})

let logged: string[]

beforeEach(() => {
  logged = []
  vi.spyOn(console, 'error').mockImplementation((line) => {
    logged.push(line)
  })
})
afterEach(() => {
  vi.restoreAllMocks()
})

const SECRET = 'SELECT password_hash FROM users -- your_password'

function failing(): never {
  throw new Error(`D1_ERROR: ${SECRET}: SQLITE_ERROR`)
}

const reads = () => ['tickets', `tickets/${ticketId}`, `tickets/${ticketId}/comments`, 'users']

describe('S17 a forced exception', () => {
  it.each([
    ['a TypeError', () => new TypeError(SECRET)],
    ['a RangeError', () => new RangeError(SECRET)],
    [
      'an error that pretends',
      () => Object.assign(new Error(SECRET), { status: 200, code: 'ok', toJSON: () => SECRET }),
    ],
  ])('S17 %s is a generic 500 with the request id, and no hint', async (_name, thrown) => {
    await call('GET', 'tickets', { token: account.agent.token })
    const odd = {
      get id() {
        throw thrown()
      },
    }
    vi.spyOn(sessions, 'batch').mockResolvedValue([
      { results: [{ total: 1 }], meta: {} },
      { results: [odd], meta: {} },
    ] as never)
    const response = await brokenList()
    expect(response.status).toBe(500)
    expect(response.body.error).toEqual({
      code: 'internal_error',
      message: 'Something went wrong on our side',
      details: [],
      ...errorLinks('internal_error', response),
    })
    expect(response.headers.get('X-Request-Id')).toBe('of-this-test')
    expect(response.headers.get('X-RateLimit-Limit')).toMatch(/^\d+$/)
    expect(response.headers.get('X-Content-Type-Options')).toBe('nosniff')
    expect(logged.join()).toContain('of-this-test')
    expect(logged.join()).not.toContain('SELECT')
  })

  it('S17 a row that can not be read is a 500, logged by request id, class and place', async () => {
    const response = await call('GET', 'tickets', { token: account.agent.token })
    expect(response.status).toBe(200)
    const rows = [{ tags: SECRET, created_at: 0, updated_at: 0 }]
    vi.spyOn(sessions, 'batch').mockResolvedValue([
      { results: [{ total: 1 }], meta: {} },
      { results: rows, meta: {} },
    ] as never)
    const broken = await brokenList()
    expect(broken.status).toBe(500)
    expect(broken.body).toEqual({
      error: {
        code: 'internal_error',
        message: 'Something went wrong on our side',
        details: [],
        ...errorLinks('internal_error', broken),
      },
    })
    expect(logged).toHaveLength(1)
    const line = JSON.parse(logged[0] ?? '')
    expect(line).toMatchObject({ level: 'error', request_id: 'of-this-test', status: 500 })
    expect(line.failure.error).toBe('SyntaxError')
    expect(logged[0]).not.toContain('password')
  })

  function brokenList() {
    return call('GET', 'tickets', { token: account.agent.token, headers: { 'X-Request-Id': 'of-this-test' } })
  }
})

describe('F03 D1 can not be reached', () => {
  it('F03 a read is a 503 with Retry-After and the rate headers', async () => {
    for (const path of reads()) await call('GET', path, { token: account.agent.token })
    vi.spyOn(sessions, 'batch').mockImplementation(failing)
    for (const path of reads()) {
      const response = await call('GET', path, { token: account.agent.token })
      expect(response.status).toBe(503)
      expect(response.body.error).toEqual({
        ...{ code: 'unavailable', message: 'The service is temporarily unavailable; try again soon', details: [] },
        ...errorLinks('unavailable', response),
      })
      expect(response.headers.get('Retry-After')).toMatch(/^\d+$/)
      expect(response.headers.get('X-RateLimit-Remaining')).toMatch(/^\d+$/)
      expect(response.text).not.toContain('SELECT')
    }
    expect(logged.map((line) => JSON.parse(line).failure.error)).toEqual(reads().map(() => 'DbError'))
    expect(logged.join()).not.toContain('SELECT')
  })

  it('F03 a write is a 503 and changes nothing', async () => {
    const { token } = account.agent
    await call('GET', 'tickets', { token })
    const before = await state()
    const broken = vi.spyOn(sessions, 'batch').mockImplementation(failing)
    const responses = [
      await call('POST', 'tickets', { token, body: { title: 'T', description: 'D' } }),
      await call('PATCH', `tickets/${ticketId}`, { token, body: { title: 'Other' } }),
      await call('POST', `tickets/${ticketId}/comments`, { token, body: { content: 'C' } }),
      await call('DELETE', `tickets/${ticketId}`, { token }),
      await call('POST', 'auth/login', { body: { email: 'a@b.example', password: 'x' } }),
    ]
    broken.mockRestore()
    expect(responses.map((response) => response.status)).toEqual([503, 503, 503, 503, 503])
    expect(await state()).toEqual(before)
  })

  it('F03 a caller whom no object knows yet is not let in', async () => {
    const fresh = await createTestAccount()
    vi.spyOn(sessions, 'batch').mockImplementation(failing)
    const response = await call('GET', 'tickets', { token: fresh.agent.token })
    expect(response.status).toBe(503)
    expect(response.body.error.code).toBe('unavailable')
  })

  function state() {
    const all = {
      tickets: sql`(SELECT count(*) FROM ${tickets})`,
      comments: sql`(SELECT count(*) FROM ${comments})`,
      events: sql`(SELECT count(*) FROM ${events})`,
      version: sql`(SELECT max(${tickets.version}) FROM ${tickets})`,
    }
    return row(select(all, sql``))
  }
})

describe('F03 the Durable Object can not be reached', () => {
  it.each([
    ['getByName throws', () => failing()],
    [
      'its call rejects',
      () => ({
        verifyAndCount: () => Promise.reject(new Error(SECRET)),
        count: () => Promise.reject(new Error(SECRET)),
      }),
    ],
  ])('F03 %s: 503, never a free pass', async (_name, deleted) => {
    vi.spyOn(env.RATE_LIMITER, 'getByName').mockImplementation(deleted as never)
    const { token } = account.agent
    const responses = [
      ...(await Promise.all(reads().map((path) => call('GET', path, { token })))),
      await call('POST', 'tickets', { token, body: { title: 'T', description: 'D' } }),
      await call('DELETE', `tickets/${ticketId}`, { token: account.admin.token }),
      await call('GET', 'tickets', { address: freshIpAddress() }),
      await call('POST', 'auth/login', { body: { email: 'a@b.example', password: 'x' } }),
      await call('GET', '/files/attach_x/x.png'),
    ]
    for (const response of responses) {
      expect(response.status).toBe(503)
      expect(response.body.error.code).toBe('unavailable')
      expect(response.headers.get('Retry-After')).toMatch(/^\d+$/)
      expect(response.text).not.toContain('SELECT')
    }
    vi.restoreAllMocks()
    expect((await call('GET', `tickets/${ticketId}`, { token })).status).toBe(200)
  })
})

describe('F03 the queue refuses', () => {
  it('F03 the ticket is made all the same, and its event waits for the sweep', async () => {
    const own = await createTestAccount()
    await createTestWebhook(own)
    const send = vi.spyOn(env.WEBHOOKS, 'send').mockRejectedValue(new Error('Queue is overloaded'))
    await createTicket(own.agent)
    expect(send).toHaveBeenCalledTimes(1)
    expect(await countPendingEvents(own)).toBe(1)
  })
})
