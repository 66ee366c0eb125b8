import { env } from 'cloudflare:workers'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Bindings } from '../../src/core/config'
import { accounts } from '../../src/db/schema/accounts'
import { webhooks } from '../../src/db/schema/webhooks'
import { sql } from '../../src/db/sql'
import { select } from '../../src/db/statement'
import { update } from '../../src/db/write'
import { type Account, createTestAccount, createTicket, type TestResponse } from '../helpers/api'
import { callWith } from '../helpers/credentials'
import { execute, prepare, row, rows } from '../helpers/database'
import { callAs, detailsOf } from '../helpers/tickets'
import {
  createTestWebhook,
  deliver,
  deliveriesOf,
  deliveryOf,
  freshUrl,
  receive,
  silenceQueue,
  startConsumer,
} from '../helpers/webhooks'

let account: Account
let premium: Account

beforeAll(async () => {
  account = await createTestAccount('standard')
  premium = await createTestAccount()
})
beforeEach(() => {
  silenceQueue()
})
afterEach(() => {
  vi.restoreAllMocks()
})

const create = (by: Account, url = freshUrl()) => callAs(by.admin, 'POST', 'webhooks', { url, events: ['*'] })
const change = (by: Account, id: string, input: unknown) => callAs(by.admin, 'PATCH', `webhooks/${id}`, input)
const statuses = (responses: TestResponse[]) => responses.map((response) => response.status).toSorted()
const times = (count: number, status: number): number[] => Array(count).fill(status)

async function urlsOf(by: Account): Promise<string[]> {
  const found = await rows(
    select(
      { url: webhooks.url },
      sql`FROM ${webhooks} WHERE ${webhooks.accountId} = ${by.id} AND ${webhooks.deletedAt} IS NULL ORDER BY ${webhooks.id}`,
    ),
  )
  return found.map(({ url }) => url)
}

/** The rule that a URL breaks, as in the error details. */
const REJECTED: Record<string, string[]> = {
  'URL must have a public host': [
    ...['localhost', 'LOCALHOST.', 'x.localhost', '127.1', '0x7f.1', '2130706433', '017700000001', '127。0。0。1'],
    ...['①②⑦.0.0.1', '[::1]', '[::]', '0.0.0.0', '10.0.0.5', '172.16.0.1', '192.168.1.1', '100.64.0.1'],
    ...['169.254.169.254', 'metadata.google.internal', '[fd00:ec2::254]', '[fe80::1]', '[::ffff:7f00:1]'],
    ...['[64:ff9b::a9fe:a9fe]', '[2002:7f00:1::]', '198.18.0.1', '240.0.0.1', '224.0.0.1', 'intranet'],
  ],
  'URL must not contain a user name or password': ['a@hooks.example.com', 'a:b@hooks.example.com', ':b@127.0.0.1'],
  'URL must use port 443 or 8443': ['22', '25', '80', '6379'].map((port) => `hooks.example.com:${port}`),
}

const CASES = Object.entries(REJECTED).flatMap(([message, hosts]) =>
  hosts.map((host) => ({ message, url: `https://${host}/hook` })),
)

describe('W18 an address that may not be sent to', () => {
  it('W18 is a 422, on creation and on change', async () => {
    const { id } = await createTestWebhook(premium)
    const before = await urlsOf(premium)
    for (const { message, url } of [...CASES, { message: 'URL must use https', url: 'http://hooks.example.com' }])
      for (const response of [await create(premium, url), await change(premium, id, { url })])
        expect(detailsOf(response, 422, 'validation_error'), url).toEqual([
          { field: 'url', message, code: 'not_allowed' },
        ])
    expect(await urlsOf(premium)).toEqual(before)
  })

  it('W18 is checked again before each attempt: none is made, and the delivery says so', async () => {
    const own = await createTestAccount()
    const urls = [...CASES.map(({ url }) => url), 'http://hooks.example.com', 'ftp://hooks.example.com', 'x', '']
    const hooks = await Promise.all(urls.map(() => createTestWebhook(own)))
    await createTicket(own.agent)
    await env.DB.batch(
      hooks.map(({ id }, index) => prepare(update(webhooks, { url: urls[index] ?? '' }, sql`${webhooks.id} = ${id}`))),
    )
    const received = receive()
    expect(await deliver(own)).toEqual([{ acked: 1, retried: [] }])
    expect(received).toEqual([])
    for (const [index, hook] of hooks.entries()) {
      const [delivery] = await deliveriesOf(own, hook)
      expect(delivery, urls[index]).toMatchObject({ status: 'pending', attempt_count: 1, last_error: 'address' })
      expect((await deliveryOf(own, hook, delivery.id)).attempts).toMatchObject([
        { number: 1, trigger: 'scheduled', status_code: null, error: 'address', response: null },
      ])
    }
    const [hook] = hooks
    if (!hook) throw new Error('no webhook')
    await change(own, hook.id, { url: freshUrl() })
    const [delivery] = await deliveriesOf(own, hook)
    await callAs(own.admin, 'POST', `webhooks/${hook.id}/deliveries/${delivery.id}/redeliver`)
    await deliver(own)
    expect(received.map((request) => request.event.event)).toEqual(['ticket.created'])
  })

  it('comes after what is not there', async () => {
    const response = await change(premium, 'webhook_none', { url: 'https://localhost' })
    detailsOf(response, 404, 'not_found')
  })
})

describe('an address of our own', () => {
  const OURS: Partial<Bindings> = { PUBLIC_ORIGIN: 'https://api.tickets.dev' }
  const HERE = 'https://worker.tickets.dev/api/v1/webhooks'
  const at = (variables: Partial<Bindings>, url: string) =>
    callWith(variables, 'POST', HERE, { token: premium.admin.token, body: { url, events: ['*'] } })

  it.each([
    ['of the request', {}, 'https://worker.tickets.dev/x'],
    ['of the request, with another port and a dot', {}, 'https://WORKER.tickets.dev.:8443/x'],
    ['of the request, beside a public one', OURS, 'https://worker.tickets.dev/x'],
    ['that is public', OURS, 'https://api.tickets.dev/'],
    ['that is public, with another port and a dot', OURS, 'https://API.tickets.dev.:8443/x'],
  ])('%s is a 422', async (_name, variables, url) => {
    expect(detailsOf(await at(variables, url), 422, 'validation_error')).toEqual([
      { field: 'url', message: 'URL must not be a URL of this service', code: 'not_allowed' },
    ])
  })

  it('is not that of a neighbour', async () => {
    expect((await at(OURS, 'https://hooks.tickets.dev/x')).status).toBe(201)
    expect((await at({}, 'https://api.tickets.dev/x')).status).toBe(201)
  })

  it('W18 is checked again before each attempt', async () => {
    const own = await createTestAccount()
    const hook = await createTestWebhook(own)
    const received = receive()
    await createTicket(own.agent)
    await execute(update(webhooks, { url: 'https://api.tickets.dev/x' }, sql`${webhooks.id} = ${hook.id}`))
    await startConsumer(OURS, own).ended
    expect(received).toEqual([])
    expect(await deliveriesOf(own, hook)).toMatchObject([{ attempt_count: 1, last_error: 'address' }])
  })
})

describe('ALLOW_PRIVATE_WEBHOOKS', () => {
  const create = (allowed: string, url: string) =>
    callWith({ ALLOW_PRIVATE_WEBHOOKS: allowed }, 'POST', 'webhooks', {
      token: premium.admin.token,
      body: { url, events: ['*'] },
    })

  it.each(['http://localhost:9999/x', 'http://127.0.0.1:22', 'https://[::1]:1234/', 'http://hooks.example.com'])(
    'lets %s be subscribed, in development only',
    async (url) => {
      expect((await create('true', url)).status).toBe(201)
      expect((await create('false', `${url}2`)).status).toBe(422)
    },
  )

  it.each(['http://localhost:3000/x', 'http://127.0.0.1:3000', 'http://a@localhost:9999', 'ftp://localhost'])(
    'does not let %s',
    async (url) => {
      expect((await create('true', url)).status).toBeGreaterThanOrEqual(400)
    },
  )
})

describe('a URL', () => {
  it('is given once in an account, on creation and on change, until its webhook is deleted', async () => {
    const [first, second] = [await createTestWebhook(premium), await createTestWebhook(premium)]
    const taken = [{ field: 'url', message: 'URL is already used by another webhook', code: 'already_exists' }]
    expect(detailsOf(await create(premium, first.url), 409, 'conflict')).toEqual(taken)
    const moved = await change(premium, second.id, { url: first.url, description: 'Not written' })
    expect(detailsOf(moved, 409, 'conflict')).toEqual(taken)
    const unchanged = await callAs(premium.admin, 'GET', `webhooks/${second.id}`)
    expect(unchanged.body.data).toMatchObject({ url: second.url, description: null })
    expect((await change(premium, first.id, { url: first.url })).status).toBe(200)
    expect((await create(await createTestAccount(), first.url)).status).toBe(201)
    await change(premium, first.id, { active: false })
    expect((await create(premium, first.url)).status).toBe(409)
    expect((await callAs(premium.admin, 'DELETE', `webhooks/${first.id}`)).status).toBe(204)
    expect((await change(premium, second.id, { url: first.url })).status).toBe(200)
    expect((await create(premium, second.url)).status).toBe(201)
  })

  it('is given once to twenty who ask for it at once', async () => {
    const url = freshUrl()
    const responses = await Promise.all(Array.from({ length: 20 }, () => create(premium, url)))
    expect(statuses(responses)).toEqual([201, ...times(19, 409)])
    expect((await urlsOf(premium)).filter((taken) => taken === url)).toHaveLength(1)
  })
})

describe('the plan’s limit', () => {
  it.each([
    ['standard', 10],
    ['premium', 50],
  ] as const)('of a %s account is %i, for many at once too, and inactive ones count', async (plan, limit) => {
    const own = await createTestAccount(plan)
    const { id } = await createTestWebhook(own)
    await change(own, id, { active: false })
    const responses = await Promise.all(Array.from({ length: limit + 4 }, () => create(own)))
    expect(statuses(responses)).toEqual([...times(limit - 1, 201), ...times(5, 409)])
    expect((await callAs(own.admin, 'GET', 'webhooks')).body.pagination.total).toBe(limit)
    expect(detailsOf(await create(own), 409, 'conflict')).toEqual([
      { field: 'url', message: 'The account has reached its limit of webhooks; delete one first', code: 'too_many' },
    ])
    await callAs(own.admin, 'DELETE', `webhooks/${id}`)
    expect(statuses([await create(own), await create(own)])).toEqual([201, 409])
  })

  it('does not count those of others, and follows the plan', async () => {
    for (let i = 0; i < 10; i += 1) await createTestWebhook(account)
    expect((await create(account)).status).toBe(409)
    await execute(update(accounts, { plan: 'premium' }, sql`${accounts.id} = ${account.id}`))
    expect((await create(account)).status).toBe(201)
    const count = await row(
      select({ count: sql`count(*)` }, sql`FROM ${webhooks} WHERE ${webhooks.accountId} = ${account.id}`),
    )
    expect(count).toEqual({ count: 11 })
  })
})
