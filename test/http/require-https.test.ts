import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { createApp } from '../../src/app'
import type { Bindings } from '../../src/core/config'
import { tickets } from '../../src/db/schema/tickets'
import { sql } from '../../src/db/sql'
import { select } from '../../src/db/statement'
import { type Account, API, type CallOptions, createTestAccount, createTicket, requestOf } from '../helpers/api'
import { watchObjects } from '../helpers/credentials'
import { rows } from '../helpers/database'
import { errorLinks } from '../helpers/errors'

const HTTPS_ORIGIN = 'https://api.tickets.dev'

let account: Account

beforeAll(async () => {
  account = await createTestAccount()
})
afterEach(() => {
  vi.restoreAllMocks()
})

async function send(url: string, method = 'GET', variables: Partial<Bindings> = {}, options: CallOptions = {}) {
  const ctx = createExecutionContext()
  const bindings = { ...env, PUBLIC_ORIGIN: HTTPS_ORIGIN, ...variables }
  const response = await createApp().fetch(requestOf(method, url, options), bindings, ctx)
  await waitOnExecutionContext(ctx)
  return response
}

const PATHS = [
  ...[`${API}/tickets`, '/ticketing/v1/tickets', `${API}/auth/login`, `${API}/nothing`, '/api/v9/tickets'],
  ...[
    '/health',
    '/openapi.json',
    '/docs',
    '/docs/reference',
    '/llms.txt',
    '/',
    '/nothing',
    '/files/attach_x/a.txt?signature=x',
  ],
]

describe('a request over plain HTTP to a service with an https origin', () => {
  it.each(PATHS)('is rejected with 403 and without a redirect: %s', async (path) => {
    for (const host of ['api.tickets.dev', 'other.tickets.dev', 'api.tickets.dev:443'])
      for (const method of ['GET', 'POST', 'PATCH', 'DELETE', 'PUT']) {
        const response = await send(`http://${host}${path}`, method)
        expect(response.status, `${method} ${host}`).toBe(403)
        expect(await response.json()).toEqual({
          error: {
            code: 'forbidden',
            message: `HTTPS is required: send the request to ${HTTPS_ORIGIN}`,
            details: [],
            ...errorLinks('forbidden', response, HTTPS_ORIGIN),
          },
        })
        expect(response.headers.get('Content-Type')).toBe('application/json')
        expect(response.headers.get('Cache-Control')).toBe('no-store')
        expect(response.headers.get('X-Request-Id')).toMatch(/^[\w-]{16,}$/)
        const names = [...response.headers.keys()].join()
        expect(names).not.toMatch(/location|www-authenticate|ratelimit|retry-after|set-cookie/i)
      }
  })

  it('is rejected on HEAD and as a preflight, so that a browser sends no credential', async () => {
    expect((await send(`http://api.tickets.dev${API}/tickets`, 'HEAD')).status).toBe(403)
    const headers = { Origin: 'https://app.example', 'Access-Control-Request-Method': 'GET' }
    expect((await send(`http://api.tickets.dev${API}/tickets`, 'OPTIONS', {}, { headers })).status).toBe(403)
  })

  it('is rejected whatever scheme its headers name', async () => {
    const headers = { 'X-Forwarded-Proto': 'https', Forwarded: 'proto=https', 'CF-Visitor': '{"scheme":"https"}' }
    expect((await send(`http://api.tickets.dev${API}/tickets`, 'GET', {}, { headers })).status).toBe(403)
  })

  it('has no credential looked at, is not counted, and changes nothing', async () => {
    const ticket = await createTicket(account.agent)
    const objects = watchObjects()
    const throttle = vi.spyOn(env.LOGIN_THROTTLE, 'getByName')
    const session = vi.spyOn(env.DB, 'withSession')
    const prepare = vi.spyOn(env.DB, 'prepare')
    const login = { email: account.agent.email, password: 'wrong password' }
    for (const token of [account.admin.token, 'tk_live_invalid', 'x.y.z']) {
      await send(`http://api.tickets.dev${API}/tickets/${ticket.id}`, 'DELETE', {}, { token })
      await send(`http://api.tickets.dev${API}/nothing`, 'GET', {}, { token })
      await send(`http://api.tickets.dev${API}/tickets`, 'POST', {}, { token, body: { title: 'T', description: 'D' } })
    }
    await send(`http://api.tickets.dev${API}/auth/login`, 'POST', {}, { body: login })
    await send('http://api.tickets.dev/files/attach_x/a.txt?expires=1&signature=x')
    expect(objects).toEqual([])
    for (const spy of [throttle, session, prepare]) expect(spy).not.toHaveBeenCalled()
    vi.restoreAllMocks()
    expect(
      await rows(select({ id: tickets.id }, sql`FROM ${tickets} WHERE ${tickets.accountId} = ${account.id}`)),
    ).toEqual([{ id: ticket.id }])
  })
})

describe('a request is served', () => {
  const admin = () => ({ token: account.admin.token })

  it('over https', async () => {
    for (const host of ['api.tickets.dev', 'other.tickets.dev'])
      expect((await send(`https://${host}${API}/tickets`, 'GET', {}, admin())).status).toBe(200)
  })

  it.each(['', 'http://localhost:3000'])('over plain HTTP where PUBLIC_ORIGIN is "%s"', async (PUBLIC_ORIGIN) => {
    const response = await send(`http://localhost:3000${API}/tickets`, 'GET', { PUBLIC_ORIGIN }, admin())
    expect(response.status).toBe(200)
    expect((await send('http://localhost:3000/health', 'GET', { PUBLIC_ORIGIN })).status).toBe(200)
  })
})
