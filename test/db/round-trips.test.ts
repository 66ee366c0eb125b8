import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { scryptSync } from 'node:crypto'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { createV1 } from '../../src/app'
import { freshAddress } from '../helpers/addresses'
import { type Account, type Answer, call, createTicket, type Member, mintAccount, mintMember } from '../helpers/api'
import { callWith, knock, mintKey, stopClock } from '../helpers/credentials'
import { countRoundTrips } from '../helpers/d1'
import { eventually } from '../helpers/eventually'
import { upload } from '../helpers/files'
import { ask, commented } from '../helpers/tickets'
import { freshUrl, type Hook, mintWebhook, silenceQueue } from '../helpers/webhooks'

let account: Account
let ticketId: string
let login: { email: string; password: string }
/** Somebody whom requests may change, and the key that they may end. */
let person: Member & { password: string }
let keyId: string
let hook: Hook
let deliveryId: string
let attachmentId: string
let commentId: string

beforeAll(async () => {
  // What objects know grows old after a while, and is then read anew behind an answer: here, never.
  stopClock()
  silenceQueue()
  account = await mintAccount()
  login = await mintLogin()
  await env.DB.prepare('UPDATE accounts SET allow_registration = 1 WHERE id = ?').bind(account.id).run()
  ticketId = (await createTicket(account.customer)).id
  for (const by of [account.admin, account.agent, account.customer]) await ask(by, 'GET', 'tickets')
})

/** A member that can log in, its password hashed at the least cost there is. */
async function mintLogin() {
  const password = 'a good password'
  const salt = Buffer.from('salt')
  const key = scryptSync(password, salt, 32, { N: 2, r: 1, p: 1 })
  const passwordHash = ['scrypt', 2, 1, 1, salt.toString('base64url'), key.toString('base64url')].join('$')
  return { ...(await mintMember(account.id, 'customer', { passwordHash })), password }
}

// Neither the queue's consumer nor the sweeper asks D1 anything while a request is counted.
beforeEach(() => {
  silenceQueue()
})
afterEach(async () => {
  vi.restoreAllMocks()
  await runInDurableObject(env.SWEEPER.getByName('sweeper'), (_, { storage }) => storage.deleteAlarm())
})

const file = { filename: 'a.txt', content: 'YWJj', mime_type: 'text/plain' }
const FILES = { attachments: [file, file] }

function post(path: string, body: unknown, headers: Record<string, string>) {
  return call('POST', path, { token: account.admin.token, headers, body })
}

/** A request to each route that does what the route is for, and the status that says so. */
const ROUTES: Record<string, [status: number, send: () => Promise<Answer>]> = {
  'POST /auth/login': [
    200,
    () => call('POST', 'auth/login', { body: { email: login.email, password: login.password } }),
  ],
  'POST /auth/register': [
    201,
    () => call('POST', 'auth/register', { body: { account: account.slug, ...joining() }, address: freshAddress() }),
  ],
  'POST /auth/logout': [204, () => ask(person, 'POST', 'auth/logout')],
  'POST /auth/password': [
    204,
    () => ask(person, 'POST', 'auth/password', { current_password: person.password, new_password: 'another one' }),
  ],
  'POST /accounts': [
    201,
    () => callWith({ ALLOW_SIGNUP: 'true' }, 'POST', 'accounts', { body: { account_name: 'New', ...joining() } }),
  ],
  'GET /account': [200, () => ask(account.admin, 'GET', 'account')],
  'PATCH /account': [200, () => ask(account.admin, 'PATCH', 'account', { name: 'Another' })],
  'GET /users': [200, () => ask(account.agent, 'GET', 'users?q=a&role=agent')],
  'POST /users': [201, () => ask(account.admin, 'POST', 'users', joining())],
  'GET /users/me': [200, () => ask(account.customer, 'GET', 'users/me')],
  'PATCH /users/me': [200, () => ask(account.customer, 'PATCH', 'users/me', { name: 'Another' })],
  'GET /users/{user_id}': [200, () => ask(account.agent, 'GET', `users/${person.id}`)],
  'PATCH /users/{user_id}': [200, () => ask(account.admin, 'PATCH', `users/${person.id}`, { role: 'agent' })],
  'DELETE /users/{user_id}': [204, () => ask(account.admin, 'DELETE', `users/${person.id}`)],
  'POST /users/{user_id}/password': [
    204,
    () => ask(account.admin, 'POST', `users/${person.id}/password`, { password: 'another one' }),
  ],
  'GET /api-keys': [200, () => ask(account.admin, 'GET', 'api-keys')],
  'POST /api-keys': [201, () => ask(account.admin, 'POST', 'api-keys', { name: 'A key' })],
  'DELETE /api-keys/{key_id}': [204, () => ask(account.admin, 'DELETE', `api-keys/${keyId}`)],
  'POST /api-keys/{key_id}/rotate': [201, () => ask(account.admin, 'POST', `api-keys/${keyId}/rotate`, {})],
  'GET /tickets': [200, () => ask(account.agent, 'GET', 'tickets?q=title&status=open&sort=priority')],
  'POST /tickets': [
    201,
    () => ask(account.agent, 'POST', 'tickets', { title: 'A', description: 'B', attachments: [file] }),
  ],
  'GET /tickets/stats': [200, () => ask(account.customer, 'GET', 'tickets/stats')],
  'GET /tickets/export': [200, () => ask(account.agent, 'GET', 'tickets/export?q=nowhere')],
  'GET /tickets/{ticket_id}': [200, () => ask(account.customer, 'GET', `tickets/${ticketId}`)],
  'PATCH /tickets/{ticket_id}': [200, () => ask(account.agent, 'PATCH', `tickets/${ticketId}`, { status: 'resolved' })],
  'DELETE /tickets/{ticket_id}': [204, () => ask(account.agent, 'DELETE', `tickets/${ticketId}`)],
  'GET /tickets/{ticket_id}/comments': [200, () => ask(account.customer, 'GET', `tickets/${ticketId}/comments`)],
  'POST /tickets/{ticket_id}/comments': [
    201,
    () => ask(account.agent, 'POST', `tickets/${ticketId}/comments`, { content: 'C', attachments: [file] }),
  ],
  'DELETE /tickets/{ticket_id}/comments/{comment_id}': [
    204,
    () => ask(account.admin, 'DELETE', `tickets/${ticketId}/comments/${commentId}`),
  ],
  'GET /tickets/{ticket_id}/attachments': [200, () => ask(account.customer, 'GET', `tickets/${ticketId}/attachments`)],
  'POST /tickets/{ticket_id}/attachments': [201, () => upload(account.customer, ticketId)],
  'DELETE /tickets/{ticket_id}/attachments/{attachment_id}': [
    204,
    () => ask(account.agent, 'DELETE', `tickets/${ticketId}/attachments/${attachmentId}`),
  ],
  'GET /attachments/{attachment_id}': [200, () => ask(account.customer, 'GET', `attachments/${attachmentId}`)],
  'GET /tickets/{ticket_id}/history': [200, () => ask(account.agent, 'GET', `tickets/${ticketId}/history`)],
  'GET /events': [200, () => ask(account.agent, 'GET', 'events?event=ticket.created')],
  'GET /webhooks': [200, () => ask(account.admin, 'GET', 'webhooks')],
  'POST /webhooks': [201, () => ask(account.admin, 'POST', 'webhooks', { url: freshUrl(), events: ['*'] })],
  'GET /webhooks/{webhook_id}': [200, () => ofHook('GET', '')],
  'PATCH /webhooks/{webhook_id}': [200, () => ofHook('PATCH', '', { url: freshUrl(), active: false })],
  'DELETE /webhooks/{webhook_id}': [204, () => ofHook('DELETE', '')],
  'POST /webhooks/{webhook_id}/rotate-secret': [200, () => ofHook('POST', '/rotate-secret')],
  'POST /webhooks/{webhook_id}/test': [202, () => ofHook('POST', '/test')],
  'POST /webhooks/{webhook_id}/replay': [202, () => ofHook('POST', '/replay', { since: '2025-01-01' })],
  'GET /webhooks/{webhook_id}/deliveries': [200, () => ofHook('GET', '/deliveries?status=pending&event=webhook.test')],
  'GET /webhooks/{webhook_id}/deliveries/{delivery_id}': [200, () => ofHook('GET', `/deliveries/${deliveryId}`)],
  'POST /webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver': [
    202,
    () => ofHook('POST', `/deliveries/${deliveryId}/redeliver`),
  ],
}

function ofHook(method: string, path: string, body?: unknown) {
  return ask(account.admin, method, `webhooks/${hook.id}${path}`, body)
}

/** What ends or changes a credential: the Durable Object that vouches for it reads once more, on its own account. */
const CHANGES_CREDENTIALS = new Set([
  'POST /auth/logout',
  'POST /auth/password',
  'PATCH /users/{user_id}',
  'DELETE /users/{user_id}',
  'POST /users/{user_id}/password',
  'DELETE /api-keys/{key_id}',
  'POST /api-keys/{key_id}/rotate',
])

const joining = () => ({ name: 'New', email: `${crypto.randomUUID()}@example.com`, password: 'a good password' })

const routes = createV1().openAPIRegistry.definitions.flatMap((definition) =>
  definition.type === 'route' ? [`${definition.route.method.toUpperCase()} ${definition.route.path}`] : [],
)

describe('round trips to D1, of a caller whom its Durable Object knows', () => {
  it('are counted for every route that there is: a new one needs a row here', () => {
    expect(Object.keys(ROUTES).toSorted()).toEqual(routes.toSorted())
  })

  it.each(Object.entries(ROUTES))('%s: a read takes 1, a write at most 2', async (name, [status, send]) => {
    if (/webhook_id/.test(name)) {
      hook = await mintWebhook(account)
      deliveryId = (await ofHook('POST', '/test')).body.data.id
    }
    const ticket = await createTicket(account.customer, { attachments: [file] })
    ticketId = ticket.id
    attachmentId = ticket.attachments[0].id
    if (/comment_id/.test(name)) commentId = (await commented(account.customer, ticketId, { attachments: [file] })).id
    if (/user_id|auth/.test(name)) person = await mintLogin()
    if (/auth/.test(name)) await knock(person)
    if (/key_id/.test(name)) keyId = (await mintKey(account)).id
    const { answer, onWire, logged } = await countRoundTrips(send)
    expect(answer.status, answer.text).toBe(status)
    if (name.startsWith('GET ')) expect(logged).toBe(1)
    else expect(logged).toBeLessThanOrEqual(2)
    expect(onWire).toBe(logged + (CHANGES_CREDENTIALS.has(name) ? 1 : 0))
  })

  it.each([
    ['POST /tickets', 1, () => ask(account.customer, 'POST', 'tickets', { title: 'A', description: 'B' })],
    ['POST a comment', 1, () => ask(account.agent, 'POST', `tickets/${ticketId}/comments`, { content: 'C' })],
    ['PATCH', 1, () => ask(account.customer, 'PATCH', `tickets/${ticketId}`, { title: 'Other', add_tags: ['x'] })],
    ['PATCH of nothing', 1, () => ask(account.agent, 'PATCH', `tickets/${ticketId}`, { title: 'A title' })],
    ['a list by cursor', 1, () => ask(account.agent, 'GET', 'tickets?cursor=&q=title&sort=priority')],
    ['people by cursor', 1, () => ask(account.agent, 'GET', 'users?cursor=&role=agent')],
    ['comments by cursor', 1, () => ask(account.agent, 'GET', `tickets/${ticketId}/comments?cursor=`)],
    ['stats as agent', 1, () => ask(account.agent, 'GET', 'tickets/stats')],
    ['an export of one page, and the next to see its end', 2, () => ask(account.agent, 'GET', 'tickets/export')],
    ['a list as customer', 1, () => ask(account.customer, 'GET', 'tickets?created_by=me&per_page=100')],
    ['a ticket that is not there', 1, () => ask(account.agent, 'GET', 'tickets/ticket_unknown')],
    ['a PATCH that is refused', 2, () => ask(account.agent, 'PATCH', `tickets/${ticketId}`, { assigned_to: 'nobody' })],
    ['invalid input', 0, () => ask(account.agent, 'POST', 'tickets', { title: '' })],
    ['an invalid parameter', 0, () => ask(account.agent, 'GET', 'tickets?page=0')],
    ['a forbidden deed', 0, () => ask(account.customer, 'DELETE', `tickets/${ticketId}`)],
    ['a forged credential', 0, () => call('GET', 'tickets', { token: 'forged', address: '192.0.2.80' })],
    ['an unknown path', 0, () => ask(account.agent, 'GET', 'nothing/here')],
  ])('%s: takes %i', async (_name, expected, send) => {
    ticketId = (await createTicket(account.customer)).id
    const { onWire, logged } = await countRoundTrips(send)
    expect([onWire, logged]).toEqual([expected, expected])
  })

  it.each<[string, number, (headers: Record<string, string>) => Promise<Answer>]>([
    ['POST of a ticket', 1, (headers) => post('tickets', { title: 'A', description: 'B' }, headers)],
    [
      'POST of a ticket with files',
      2,
      (headers) => post('tickets', { title: 'A', description: 'B', ...FILES }, headers),
    ],
    [
      'POST of a comment with files',
      2,
      (headers) => post(`tickets/${ticketId}/comments`, { content: 'C', ...FILES }, headers),
    ],
    ['raw upload', 2, (headers) => upload(account.customer, ticketId, { headers })],
    [
      'POST of a user',
      1,
      (headers) => post('users', { name: 'N', email: `${headers['Idempotency-Key']}@example.com` }, headers),
    ],
  ])('a keyed %s takes %i, as one without a key does; its replay at most 2', async (name, expected, send) => {
    ticketId = (await createTicket(account.customer)).id
    expect((await countRoundTrips(() => send({}))).onWire).toBe(expected)
    const headers = { 'Idempotency-Key': `of-${name.length}-${ticketId}` }
    const first = await countRoundTrips(() => send(headers))
    expect([first.onWire, first.answer.status], first.answer.text).toEqual([expected, 201])
    const again = await countRoundTrips(() => send(headers))
    expect(again.answer.text).toBe(first.answer.text)
    expect(again.onWire).toBeLessThanOrEqual(2)
  })

  it('do not grow with what is on a page', async () => {
    for (let i = 0; i < 5; i += 1) {
      const { id } = await createTicket(account.agent, { attachments: [file] })
      await ask(account.agent, 'POST', `tickets/${id}/comments`, { content: 'C', attachments: [file, file] })
      ticketId = id
    }
    for (const path of ['tickets?per_page=100', `tickets/${ticketId}`, `tickets/${ticketId}/comments`])
      expect((await countRoundTrips(() => ask(account.agent, 'GET', path))).onWire, path).toBe(1)
  })
})

describe('a caller whom its Durable Object does not know yet', () => {
  it('costs the object one round trip of its own, once', async () => {
    const newcomer = await mintMember(account.id, 'agent')
    const first = await countRoundTrips(() => ask(newcomer, 'GET', 'tickets'))
    expect([first.onWire, first.logged]).toEqual([2, 1])
    const second = await countRoundTrips(() => ask(newcomer, 'GET', 'tickets'))
    expect([second.onWire, second.logged]).toEqual([1, 1])
  })
})

describe('a caller with an API key', () => {
  it('costs one round trip a read and no other, once its object knows it', async () => {
    const { id, key } = await mintKey(account)
    const read = () => call('GET', 'tickets', { token: key })
    expect((await read()).status).toBe(200)
    await eventually(async () =>
      expect(
        await env.DB.prepare('SELECT last_used_at FROM api_keys WHERE id = ?').bind(id).first('last_used_at'),
      ).toBeTruthy(),
    )
    for (let i = 0; i < 3; i += 1) {
      const counted = await countRoundTrips(read)
      expect([counted.onWire, counted.logged]).toEqual([1, 1])
    }
  })
})
