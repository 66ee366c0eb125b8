import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { webhooks } from '../../src/db/schema/webhooks'
import { sql } from '../../src/db/sql'
import { select } from '../../src/db/statement'
import { type Account, call, createTestAccount, createTicket } from '../helpers/api'
import { stopClock } from '../helpers/credentials'
import { sessions } from '../helpers/d1'
import { row, rows } from '../helpers/database'
import { detailWith } from '../helpers/messages'
import { callAs, detailsOf, walk } from '../helpers/tickets'
import { createTestWebhook, deliver, freshUrl, type Hook, silenceQueue } from '../helpers/webhooks'

let account: Account
let hook: Hook

beforeAll(async () => {
  silenceQueue()
  account = await createTestAccount()
  hook = await createTestWebhook(account, { events: ['ticket.created'], description: 'As it was' })
})
beforeEach(() => {
  silenceQueue()
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const create = (by: Account, input: Record<string, unknown> = {}) =>
  callAs(by.admin, 'POST', 'webhooks', { url: freshUrl(), events: ['*'], ...input })
const change = (id: string, input: unknown) => callAs(account.admin, 'PATCH', `webhooks/${id}`, input)
const read = async (id: string) => (await callAs(account.admin, 'GET', `webhooks/${id}`)).body.data
const fields = (details: { field: string }[]) => details.map((entry) => entry.field)

describe('POST /webhooks', () => {
  it('answers with the webhook, its secret and its place', async () => {
    stopClock()
    const url = freshUrl()
    const response = await callAs(account.admin, 'POST', '/ticketing/v1/webhooks', { url, events: ['comment.created'] })
    expect(response.status, response.text).toBe(201)
    const { id } = response.body.data
    expect(response.body.data).toEqual({
      id: expect.stringMatching(/^webhook_[0-9a-z]{26}$/),
      url,
      events: ['comment.created'],
      description: null,
      include_internal: false,
      active: true,
      disabled_reason: null,
      created_at: new Date().toISOString().replace('.000Z', 'Z'),
      secret_last_rotated_at: null,
      secret: expect.stringMatching(/^whsec_/),
    })
    expect(response.headers.get('Location')).toBe(`/ticketing/v1/webhooks/${id}`)
    expect(response.headers.get('Cache-Control')).toBe('no-store')
    expect({ ...response.body.data, secret: undefined }).toEqual(await read(id))
  })

  it.each<[input: Record<string, unknown>, shown: Record<string, unknown>]>([
    [{ description: '  CRM é😀  ' }, { description: 'CRM é😀' }],
    [{ description: 'x'.repeat(500) }, { description: 'x'.repeat(500) }],
    [{ description: null }, { description: null }],
    [{ include_internal: true }, { include_internal: true }],
    [{ events: ['user.created', 'ticket.deleted', 'user.created'] }, { events: ['user.created', 'ticket.deleted'] }],
    [{ events: ['*'] }, { events: ['*'] }],
    [{ events: ['ticket.created', '*'] }, { events: ['*'] }],
  ])('takes %j', async (input, shown) => {
    const made = await createTestWebhook(account, input)
    expect(await read(made.id)).toMatchObject(shown)
    expect((await change(hook.id, input)).body.data).toMatchObject(shown)
  })

  it.each([
    `https://hooks.example.com/${'x'.repeat(2_022)}`,
    'https://bücher.example.com:8443/ä?b=c&d#e',
    'HTTPS://Hooks.Example.Com:443/X',
  ])('W18 takes %s, as it is', async (url) => {
    const { id } = await createTestWebhook(account, { url })
    expect((await read(id)).url).toBe(url)
    await callAs(account.admin, 'DELETE', `webhooks/${id}`)
    expect((await change(hook.id, { url })).body.data?.url).toBe(url)
  })

  it('F03 makes sure that somebody sweeps, and is a 503 that leaves nothing where it can not', async () => {
    const sweeper = env.SWEEPER.getByName('sweeper')
    const alarm = () => runInDurableObject(sweeper, (_, { storage }) => storage.getAlarm())
    await runInDurableObject(sweeper, (_, { storage }) => storage.deleteAlarm())
    const count = () => row(select({ webhooks: sql`count(*)` }, sql`FROM ${webhooks}`))
    const before = await count()
    vi.spyOn(env.SWEEPER, 'getByName').mockImplementation(() => {
      throw new Error('no object')
    })
    const response = await create(account)
    detailsOf(response, 503, 'unavailable')
    expect(response.headers.get('Retry-After')).toMatch(/^\d+$/)
    expect([await count(), await alarm()]).toEqual([before, null])
    vi.restoreAllMocks()
    expect((await create(account)).status).toBe(201)
    expect(await alarm()).toBeGreaterThan(Date.now())
  })
})

/** Invalid input of a creation and of an update, and the field in the error. */
const BAD: [input: Record<string, unknown>, field: string][] = [
  ...[
    ...['ftp://hooks.example.com/x', 'javascript:alert(1)', 'mailto:a@example.com', '/hooks', 'hooks.example.com', ''],
    ...['https://', ' https://hooks.example.com', 'https://hooks.example.com/\n', 'https://hooks.example.com/\u0000'],
    ...[`https://hooks.example.com/${'x'.repeat(2_023)}`, `https://hooks.example.com/${'é'.repeat(400)}`],
    ...[null, 5, ['https://hooks.example.com'], { href: 'https://hooks.example.com' }],
  ].map((url): [Record<string, unknown>, string] => [{ url }, 'url']),
  [{ events: [] }, 'events'],
  [{ events: null }, 'events'],
  [{ events: 'ticket.created' }, 'events'],
  [{ events: Array(8).fill('ticket.created') }, 'events'],
  [{ events: ['ticket.exploded'] }, 'events.0'],
  [{ events: ['ticket.created', 'ticket.*'] }, 'events.1'],
  [{ events: ['webhook.test'] }, 'events.0'],
  [{ events: ['Ticket.Created'] }, 'events.0'],
  [{ events: [null] }, 'events.0'],
  [{ description: '' }, 'description'],
  [{ description: ' ' }, 'description'],
  [{ description: 'x'.repeat(501) }, 'description'],
  [{ description: 'a\u0007' }, 'description'],
  [{ description: 5 }, 'description'],
  [{ include_internal: 'true' }, 'include_internal'],
  [{ include_internal: 1 }, 'include_internal'],
  [{ include_internal: null }, 'include_internal'],
  ...['id', 'secret', 'account_id', 'created_at', 'disabled_reason', 'secret_last_rotated_at', 'since_sequence'].map(
    (field): [Record<string, unknown>, string] => [{ [field]: 'x' }, field],
  ),
]

describe('W18 what does not have the form', () => {
  let before: unknown
  const stored = () => rows(sql`SELECT * FROM ${webhooks} ORDER BY ${webhooks.id}`)
  beforeAll(async () => {
    before = await stored()
  })

  it.each(BAD)('W18 %j is a 400, on creation and on change', async (input, field) => {
    expect(fields(detailsOf(await create(account, input), 400, 'invalid_input'))).toEqual([field])
    expect(fields(detailsOf(await change(hook.id, input), 400, 'invalid_input'))).toEqual([field])
  })

  it.each([
    ['x'.repeat(501), 'Description must be at most 500 characters'],
    ['', 'Description must not be empty'],
    ['a\u0007', 'Description must not contain control characters or invalid Unicode'],
  ])('says which rule a description breaks: %j', async (description, message) => {
    for (const response of [await create(account, { description }), await change(hook.id, { description })])
      expect(detailsOf(response, 400, 'invalid_input')).toEqual([detailWith('description', message)])
  })

  it('names every field at once, and at least one', async () => {
    const all = { url: 'x', events: ['y'], description: 5, include_internal: 5, secret: 'whsec_x' }
    const expected = ['url', 'events.0', 'description', 'include_internal', 'secret']
    expect(fields(detailsOf(await create(account, all), 400, 'invalid_input'))).toEqual(expected)
    expect(fields(detailsOf(await change(hook.id, all), 400, 'invalid_input'))).toEqual(expected)
    const empty = await callAs(account.admin, 'POST', 'webhooks', {})
    expect(detailsOf(empty, 400, 'invalid_input')).toEqual([
      { field: 'url', message: 'URL is required', code: 'required' },
      { field: 'events', message: 'Events is required', code: 'required' },
    ])
    expect(detailsOf(await change(hook.id, {}), 400, 'invalid_input')).toEqual([
      { field: 'body', message: 'Body must have at least one field', code: 'required' },
    ])
    expect(fields(detailsOf(await create(account, { active: false }), 400, 'invalid_input'))).toEqual(['active'])
    for (const active of ['true', 1, null])
      expect(fields(detailsOf(await change(hook.id, { active }), 400, 'invalid_input'))).toEqual(['active'])
  })

  it('W18 makes and changes nothing', async () => {
    expect(await stored()).toEqual(before)
  })
})

describe('GET /webhooks', () => {
  it('lists the account’s webhooks, newest first, a page at a time', async () => {
    const own = await createTestAccount()
    expect((await callAs(own.admin, 'GET', 'webhooks')).body).toMatchObject({ data: [], pagination: { total: 0 } })
    const ids: string[] = []
    for (let i = 0; i < 5; i += 1) ids.unshift((await createTestWebhook(own)).id)
    await callAs(own.admin, 'PATCH', `webhooks/${ids[1]}`, { active: false })
    const { pages, items } = await walk(own.admin, 'webhooks?per_page=2')
    expect(items.map((item) => item.id)).toEqual(ids)
    expect(items.map((item) => item.active)).toEqual([true, false, true, true, true])
    expect(pages.map((page) => page.body.data.length)).toEqual([2, 2, 1])
    expect(pages[1]?.body.pagination).toEqual({
      total: 5,
      per_page: 2,
      current_page: 2,
      last_page: 3,
      next_page_url: '/api/v1/webhooks?per_page=2&page=3',
      prev_page_url: '/api/v1/webhooks?per_page=2&page=1',
    })
    expect(pages[1]?.headers.get('Link')).toContain('</api/v1/webhooks?per_page=2&page=3>; rel="next"')
    for (const query of ['page=0', 'per_page=101', 'active=true', 'cursor='])
      detailsOf(await callAs(own.admin, 'GET', `webhooks?${query}`), 400, 'invalid_input')
  })
})

describe('PATCH and DELETE /webhooks/{webhook_id}', () => {
  it('changes what is named and nothing else', async () => {
    const { id } = await createTestWebhook(account, { description: 'First' })
    let expected = await read(id)
    for (const input of [
      { url: freshUrl() },
      { events: ['ticket.deleted'] },
      { description: null },
      { include_internal: true },
      { active: false },
      { active: true },
      { url: freshUrl(), description: 'Second' },
    ]) {
      expected = { ...expected, ...input }
      const response = await change(id, input)
      expect([response.status, response.body.data]).toEqual([200, expected])
      expect(await read(id)).toEqual(expected)
    }
  })

  it('W13 ends a webhook for all its routes', async () => {
    const { id } = await createTestWebhook(account)
    await createTicket(account.agent)
    await deliver(account)
    const [delivery] = (await callAs(account.admin, 'GET', `webhooks/${id}/deliveries`)).body.data
    expect((await callAs(account.admin, 'DELETE', `webhooks/${id}`)).status).toBe(204)
    const routes: [string, string, unknown?][] = [
      ['GET', ''],
      ['PATCH', '', { active: true }],
      ['DELETE', ''],
      ['POST', '/rotate-secret'],
      ['POST', '/test'],
      ['POST', '/replay', { since: '2025-01-01' }],
      ['GET', '/deliveries'],
      ['GET', `/deliveries/${delivery.id}`],
      ['POST', `/deliveries/${delivery.id}/redeliver`],
    ]
    for (const [method, path, body] of routes)
      expect((await callAs(account.admin, method, `webhooks/${id}${path}`, body)).status, `${method} ${path}`).toBe(404)
    const { items } = await walk(account.admin, 'webhooks?per_page=100')
    expect(items.map((item) => item.id)).not.toContain(id)
  })

  it('F03 is a 503 that changes nothing while D1 fails', async () => {
    const before = await row(sql`SELECT * FROM ${webhooks} WHERE ${webhooks.id} = ${hook.id}`)
    const broken = vi.spyOn(sessions, 'batch').mockRejectedValue(new Error('D1_ERROR: no such thing'))
    const responses = [
      await create(account),
      await change(hook.id, { active: false, url: freshUrl() }),
      await callAs(account.admin, 'DELETE', `webhooks/${hook.id}`),
      ...(await Promise.all(
        ['rotate-secret', 'test'].map((verb) => callAs(account.admin, 'POST', `webhooks/${hook.id}/${verb}`)),
      )),
      await call('GET', `webhooks/${hook.id}/deliveries`, { token: account.admin.token }),
    ]
    broken.mockRestore()
    expect(responses.map((response) => response.status)).toEqual(Array(6).fill(503))
    expect(await row(sql`SELECT * FROM ${webhooks} WHERE ${webhooks.id} = ${hook.id}`)).toEqual(before)
  })
})
