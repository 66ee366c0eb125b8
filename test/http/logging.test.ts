import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { createApp } from '../../src/app'
import { hashPassword } from '../../src/lib/passwords'
import { freshIpAddress } from '../helpers/addresses'
import { type Account, call, createTestAccount, createTestMember, createTicket, requestOf } from '../helpers/api'
import { sessions } from '../helpers/d1'
import { bufferUploads } from '../helpers/files'

let account: Account

beforeAll(async () => {
  account = await createTestAccount()
})

let written: unknown[][]

beforeEach(() => {
  written = []
  const keep = (...entry: unknown[]) => {
    written.push(entry)
  }
  vi.spyOn(console, 'info').mockImplementation(keep)
  vi.spyOn(console, 'error').mockImplementation(keep)
})
afterEach(() => {
  vi.restoreAllMocks()
})

function lines(): string[] {
  return written.map((entry) => {
    expect(entry).toHaveLength(1)
    return String(entry[0])
  })
}

describe('the log line', () => {
  it('is one line of JSON per request, with pattern, status and caller', async () => {
    const ticket = await createTicket(account.agent)
    const headers = { 'X-Request-Id': 'one-line' }
    await call('GET', `tickets/${ticket.id}`, { token: account.agent.token, headers })
    const [first, second, ...rest] = lines()
    expect(rest).toEqual([])
    expect(first).not.toContain('\n')
    expect(JSON.parse(second ?? '')).toMatchObject({
      level: 'info',
      request_id: 'one-line',
      method: 'GET',
      route: '/api/v1/tickets/:ticket_id',
      status: 200,
      duration_ms: expect.any(Number),
      auth_ms: expect.any(Number),
      db_ms: expect.any(Number),
      account_id: account.id,
      caller_id: account.agent.id,
      db: { round_trips: 1, rows_read: expect.any(Number), rows_written: 0 },
    })
  })

  it.each([
    ['a replica', { served_by_primary: false, served_by_region: 'APAC' }],
    ['the primary', { served_by_primary: true, served_by_region: 'WEUR' }],
  ])('says that %s served a read, and in which region', async (_, servedBy) => {
    const batch: (statements: D1PreparedStatement[]) => Promise<D1Result<never>[]> = sessions.batch
    vi.spyOn(sessions, 'batch').mockImplementation(async function (this: D1DatabaseSession, statements) {
      const results = await batch.call(this, statements)
      return results.map((result) => ({ ...result, meta: { ...result.meta, ...servedBy } }))
    })
    await call('GET', 'tickets', { token: account.customer.token })
    expect(lines().map((line) => JSON.parse(line).db)).toEqual([expect.objectContaining(servedBy)])
  })

  it('says nothing about a database that was not asked', async () => {
    await call('GET', 'nothing', { address: freshIpAddress() })
    expect(lines().map((line) => JSON.parse(line).db)).toEqual([{ round_trips: 0, rows_read: 0, rows_written: 0 }])
  })

  it('contains the route that has responded, even if another one matches the URL', async () => {
    for (const path of ['tickets/stats', 'tickets/export', 'users/me', 'users?cursor='])
      await call('GET', path, { token: account.admin.token })
    const token = (await createTestMember(account.id, 'customer')).token
    await call('GET', 'tickets/export', { token })
    expect(lines().map((line) => JSON.parse(line).route)).toEqual([
      '/api/v1/tickets/stats',
      '/api/v1/tickets/export',
      '/api/v1/users/me',
      '/api/v1/users',
      '/api/v1/tickets/export',
    ])
  })

  it('is written for 404, 405, preflights and rejections too', async () => {
    await call('GET', '/nothing')
    await call('GET', 'nothing', { address: freshIpAddress() })
    await call('PUT', 'tickets', { address: freshIpAddress() })
    await call('OPTIONS', '/health')
    await call('GET', 'tickets', { address: freshIpAddress() })
    const logged = lines().map((line) => JSON.parse(line))
    expect(logged.map(({ status }) => status)).toEqual([404, 404, 405, 204, 401])
    expect(logged.map(({ route }) => route)).toEqual(['/*', '/*', '/*', '/*', '/api/v1/tickets'])
    const codes = logged.map(({ error_code }) => error_code)
    expect(codes).toEqual(['not_found', 'not_found', 'method_not_allowed', undefined, 'unauthorized'])
  })

  it('S20 contains no token, password, search text, signature, IP address, body or base64', async () => {
    const password = 'correct horse 電池'
    const member = await createTestMember(account.id, 'customer', { passwordHash: await hashPassword(password) })
    const content = Buffer.from('a file that nobody should read').toString('base64')
    const body = {
      title: 'A very private title',
      description: 'A very private text',
      attachments: [{ filename: 'private-name.txt', content, mime_type: 'text/plain' }],
    }
    const made = await call('POST', 'tickets', { token: member.token, body })
    const file = new URL(made.body.data.attachments[0].url)
    await call('GET', `${file.pathname}${file.search}`)
    await call('GET', 'tickets?q=secretsearch&tag=secrettag', { token: member.token })
    await call('GET', 'tickets?api_key=tk_live_secret', { token: member.token })
    await call('GET', 'nothing/secretpath?token=secretquery', { headers: { 'X-API-Key': 'tk_live_secret' } })
    await call('POST', 'auth/login', { body: { email: member.email, password } })
    await call('POST', 'auth/login', { body: { email: member.email, password: 'secretguess' } })
    await call('POST', 'auth/login', { body: '{"email":"broken@example.com","password":"secretbroken' })
    const log = lines().join('\n')
    expect(lines()).toHaveLength(8)
    const secrets = [
      member.token,
      member.token.split('.')[2] ?? '',
      password,
      content,
      member.email,
      file.searchParams.get('signature') ?? '',
      'private',
      'secret',
      'tk_live',
      '198.51.',
      '192.0.2.',
    ]
    for (const secret of secrets) expect(log).not.toContain(secret)
  })

  it.each([
    ['a JSON body', 'auth/login', 'application/json'],
    ['no body', 'auth/logout', 'application/json'],
    ['a file', 'tickets/{ticket_id}/attachments?filename=a.txt', 'text/plain'],
  ])('has status 499 and no failure when a client disconnects from a route with %s', async (_, path, type) => {
    bufferUploads()
    const { id } = await createTicket(account.agent)
    written = []
    const request = requestOf('POST', path.replace('{ticket_id}', id), {
      token: account.agent.token,
      headers: { 'Content-Type': type, 'Content-Length': '10' },
      body: disconnectingBody(),
    })
    const context = createExecutionContext()
    expect((await createApp().fetch(request, env, context)).status).toBe(499)
    await waitOnExecutionContext(context)
    expect(lines().map((line) => JSON.parse(line))).toEqual([expect.objectContaining({ level: 'info', status: 499 })])
    expect(lines()[0]).not.toContain('failure')
  })
})

/** A body of which one byte arrives. */
function disconnectingBody(): ReadableStream<Uint8Array> {
  let isSent = false
  return new ReadableStream({
    type: 'bytes',
    pull(controller) {
      if (isSent) controller.error(new Error('Network connection lost.'))
      else controller.enqueue(new Uint8Array(1))
      isSent = true
    },
  })
}
