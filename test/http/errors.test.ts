import { beforeAll, describe, expect, it } from 'vitest'
import { freshIpAddress } from '../helpers/addresses'
import { type Account, call, createTestAccount, createTicket, type TestResponse } from '../helpers/api'
import { errorLinks } from '../helpers/errors'

let account: Account
let other: Account

beforeAll(async () => {
  account = await createTestAccount()
  other = await createTestAccount()
})

function expectEnvelope(response: TestResponse, status: number, code: string): void {
  expect(response.status).toBe(status)
  expect(response.headers.get('Content-Type')).toMatch(/^application\/json/)
  expect(Object.keys(response.body)).toEqual(['error'])
  expect(Object.keys(response.body.error)).toEqual(['code', 'message', 'details', 'documentation_url', 'request_id'])
  expect(response.body.error.code).toBe(code)
  expect(Array.isArray(response.body.error.details)).toBe(true)
}

describe('the error envelope', () => {
  it('is on every kind of failure', async () => {
    const { token } = account.customer
    expectEnvelope(await call('GET', 'tickets?page=0', { token }), 400, 'invalid_input')
    expectEnvelope(await call('GET', 'tickets', { address: freshIpAddress() }), 401, 'unauthorized')
    expectEnvelope(await call('GET', 'users', { token }), 403, 'forbidden')
    expectEnvelope(await call('GET', 'tickets/ticket_none', { token }), 404, 'not_found')
    expectEnvelope(await call('PUT', 'tickets', { token }), 405, 'method_not_allowed')
    expectEnvelope(await call('POST', 'tickets', { token, body: 'x'.repeat(10_485_761) }), 413, 'payload_too_large')
    const text = { token, body: '{}', headers: { 'Content-Type': 'text/plain' } }
    expectEnvelope(await call('POST', 'tickets', text), 415, 'unsupported_media_type')
    const body = { title: 'T', description: 'D', assigned_to: 'user_none' }
    expectEnvelope(await call('POST', 'tickets', { token: account.agent.token, body }), 422, 'validation_error')
    expectEnvelope(await call('GET', '/files/attach_x/x.png', { address: freshIpAddress() }), 403, 'forbidden')
    expectEnvelope(await call('GET', '/nothing'), 404, 'not_found')
  })

  it('says the reference’s own words for an unknown priority', async () => {
    const body = { title: 'T', description: 'D', priority: 'urgent' }
    const response = await call('POST', 'tickets', { token: account.customer.token, body })
    expect(response.status).toBe(400)
    expect(response.body).toEqual({
      error: {
        code: 'invalid_input',
        message: 'The request data is invalid',
        details: [
          { field: 'priority', message: 'Priority must be one of: low, medium, high, critical', code: 'invalid_value' },
        ],
        ...errorLinks('invalid_input', response),
      },
    })
  })

  it('names the scheme on a 401', async () => {
    const response = await call('GET', 'tickets', { address: freshIpAddress() })
    expect(response.headers.get('WWW-Authenticate')).toMatch(/^Bearer\b/)
  })
})

describe('404', () => {
  it('has the same bytes for a foreign ID, a random ID and an impossible one', async () => {
    const theirs = await createTicket(other.agent)
    const strangers = await createTicket(account.stranger)
    const { token } = account.customer
    const paths = [
      `tickets/${theirs.id}`,
      `tickets/${strangers.id}`,
      'tickets/ticket_01jzzzzzzzzzzzzzzzzzzzzzzz',
      `tickets/${'x'.repeat(2_000)}`,
      'tickets/%00',
      "tickets/'%20OR%201=1--",
      'tickets/%E0%A4%A',
      `tickets/${theirs.id}/comments`,
    ]
    const responses = await Promise.all(paths.map((path) => call('GET', path, { token })))
    expect(responses.map((response) => response.status)).toEqual(paths.map(() => 404))
    expect([...new Set(responses.map((response) => response.text))]).toHaveLength(1)
  })

  it('names the versions there are for another version', async () => {
    for (const path of ['/api/v9/tickets', '/ticketing/v2', '/api/v10/']) {
      const response = await call('GET', path, { token: account.customer.token })
      expectEnvelope(response, 404, 'not_found')
      expect(response.body.error.message).toMatch(/\bv1\b/)
    }
  })
})

describe('S13 methods', () => {
  it.each([
    ['PUT', 'tickets', ['GET', 'POST']],
    ['DELETE', 'tickets', ['GET', 'POST']],
    ['PUT', 'tickets/ticket_x', ['DELETE', 'GET', 'PATCH']],
    ['POST', 'tickets/ticket_x', ['DELETE', 'GET', 'PATCH']],
    ['PATCH', 'tickets/ticket_x/comments', ['GET', 'POST']],
    ['PATCH', 'users', ['GET', 'POST']],
    ['PUT', 'users/user_x', ['DELETE', 'GET', 'PATCH']],
    ['GET', 'api-keys/key_x', ['DELETE']],
    ['GET', 'auth/logout', ['POST']],
    ['GET', 'auth/login', ['POST']],
    ['PATCH', '/health', ['GET']],
    ['POST', '/openapi.json', ['GET']],
    ['PUT', '/files/attach_x/x.png', ['GET']],
  ])('S13 %s %s is 405 with Allow', async (method, path, methods) => {
    const response = await call(method, path, { token: account.customer.token, address: freshIpAddress() })
    expectEnvelope(response, 405, 'method_not_allowed')
    const allow = (response.headers.get('Allow') ?? '').split(', ').filter((name) => name !== 'HEAD')
    expect(allow.sort()).toEqual(methods)
  })

  it('S13 TRACE is 405, or no request at all', async () => {
    const response = await call('TRACE', 'tickets', { token: account.customer.token }).catch((error: unknown) => error)
    if (response instanceof Error) expect(response).toBeInstanceOf(TypeError)
    else expect(response).toMatchObject({ status: 405 })
  })

  it('S13 HEAD equals GET without a body', async () => {
    const ticket = await createTicket(account.agent)
    const { token } = account.agent
    for (const path of ['tickets', `tickets/${ticket.id}`, 'users', 'tickets/none', 'tickets?page=x', '/health']) {
      const get = await call('GET', path, { token })
      const head = await call('HEAD', path, { token })
      expect(head.status).toBe(get.status)
      expect(head.text).toBe('')
      const stable = ({ headers }: TestResponse) =>
        [...headers].filter(([name]) => !/ratelimit|request-id|server-timing|content-length|d1-bookmark/i.test(name))
      expect(stable(head)).toEqual(stable(get))
    }
  })

  it('S13 X-HTTP-Method-Override does nothing', async () => {
    const ticket = await createTicket(account.agent)
    for (const name of ['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override']) {
      const headers = { [name]: 'DELETE' }
      const get = await call('GET', `tickets/${ticket.id}`, { token: account.admin.token, headers })
      expect(get.status).toBe(200)
      const post = await call('POST', `tickets/${ticket.id}`, { token: account.admin.token, headers, body: {} })
      expect(post.status).toBe(405)
    }
    const there = await call('GET', `tickets/${ticket.id}?_method=DELETE`, { token: account.admin.token })
    expect(there.status).toBe(400)
  })
})
