import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { apiKeys } from '../../src/db/schema/accounts'
import { sql } from '../../src/db/sql'
import { select } from '../../src/db/statement'
import {
  type Account,
  call,
  createTestAccount,
  createTestMember,
  createTicket,
  type TestResponse,
} from '../helpers/api'
import { createTestKey, stopClock, warmUp } from '../helpers/credentials'
import { countRoundTrips } from '../helpers/d1'
import { prepare } from '../helpers/database'
import { eventually } from '../helpers/eventually'
import { upload } from '../helpers/files'
import { API_OPERATIONS, byName } from '../helpers/operations'
import { prepareRequest, send } from '../helpers/sample-requests'
import { callAs } from '../helpers/tickets'
import { silenceQueue } from '../helpers/webhooks'

let account: Account
let ticketId: string

beforeAll(async () => {
  // A stopped clock prevents that Durable Objects refresh cached members in the background.
  stopClock()
  silenceQueue()
  account = await createTestAccount()
  ticketId = (await createTicket(account.customer)).id
  for (const by of [account.admin, account.agent, account.customer]) await callAs(by, 'GET', 'tickets')
})

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

/** Revoke or change a credential: the Durable Object that caches it reads it again, in its own round trip. */
const CHANGES_CREDENTIALS = new Set([
  ...['logout', 'changePassword', 'updateMe', 'updateUser', 'deactivateUser', 'setPassword'],
  ...['deleteApiKey', 'rotateApiKey'],
])

describe('round trips to D1, of a caller whom its Durable Object knows', () => {
  it.each(byName(API_OPERATIONS))('%s: a read takes 1, a write at most 2', async (name, operation) => {
    const request = await prepareRequest(operation, account)
    if (request.caller) await warmUp(request.caller)
    const { response, total, logged } = await countRoundTrips(() => send(request))
    expect(response.status, response.text).toBe(operation.successStatus)
    if (name.startsWith('GET ')) expect(logged).toBe(1)
    else expect(logged).toBeLessThanOrEqual(2)
    const own = CHANGES_CREDENTIALS.has(operation.operationId) ? 1 : 0
    expect(total, `${name} takes one more if it ends or changes a credential: add it to CHANGES_CREDENTIALS`).toBe(
      logged + own,
    )
  })

  it.each([
    ['POST /tickets', 1, () => callAs(account.customer, 'POST', 'tickets', { title: 'A', description: 'B' })],
    ['POST a comment', 1, () => callAs(account.agent, 'POST', `tickets/${ticketId}/comments`, { content: 'C' })],
    ['PATCH', 1, () => callAs(account.customer, 'PATCH', `tickets/${ticketId}`, { title: 'Other', add_tags: ['x'] })],
    ['PATCH of nothing', 1, () => callAs(account.agent, 'PATCH', `tickets/${ticketId}`, { title: 'A title' })],
    ['a list by cursor', 1, () => callAs(account.agent, 'GET', 'tickets?cursor=&q=title&sort=priority')],
    ['people by cursor', 1, () => callAs(account.agent, 'GET', 'users?cursor=&role=agent')],
    ['comments by cursor', 1, () => callAs(account.agent, 'GET', `tickets/${ticketId}/comments?cursor=`)],
    ['stats as agent', 1, () => callAs(account.agent, 'GET', 'tickets/stats')],
    ['an export of one page, and the next to see its end', 2, () => callAs(account.agent, 'GET', 'tickets/export')],
    ['a list as customer', 1, () => callAs(account.customer, 'GET', 'tickets?created_by=me&per_page=100')],
    ['a ticket that is not there', 1, () => callAs(account.agent, 'GET', 'tickets/ticket_unknown')],
    [
      'a PATCH that is refused',
      2,
      () => callAs(account.agent, 'PATCH', `tickets/${ticketId}`, { assigned_to: 'nobody' }),
    ],
    ['invalid input', 0, () => callAs(account.agent, 'POST', 'tickets', { title: '' })],
    ['an invalid parameter', 0, () => callAs(account.agent, 'GET', 'tickets?page=0')],
    ['a forbidden deed', 0, () => callAs(account.customer, 'DELETE', `tickets/${ticketId}`)],
    ['a forged credential', 0, () => call('GET', 'tickets', { token: 'forged', address: '192.0.2.80' })],
    ['an unknown path', 0, () => callAs(account.agent, 'GET', 'nothing/here')],
  ])('%s: takes %i', async (_name, expected, send) => {
    ticketId = (await createTicket(account.customer)).id
    const { total, logged } = await countRoundTrips(send)
    expect([total, logged]).toEqual([expected, expected])
  })

  it.each<[string, number, (headers: Record<string, string>) => Promise<TestResponse>]>([
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
    expect((await countRoundTrips(() => send({}))).total).toBe(expected)
    const headers = { 'Idempotency-Key': `of-${name.length}-${ticketId}` }
    const first = await countRoundTrips(() => send(headers))
    expect([first.total, first.response.status], first.response.text).toEqual([expected, 201])
    const again = await countRoundTrips(() => send(headers))
    expect(again.response.text).toBe(first.response.text)
    expect(again.total).toBeLessThanOrEqual(2)
  })

  it('do not grow with what is on a page', async () => {
    for (let i = 0; i < 5; i += 1) {
      const { id } = await createTicket(account.agent, { attachments: [file] })
      await callAs(account.agent, 'POST', `tickets/${id}/comments`, { content: 'C', attachments: [file, file] })
      ticketId = id
    }
    for (const path of ['tickets?per_page=100', `tickets/${ticketId}`, `tickets/${ticketId}/comments`])
      expect((await countRoundTrips(() => callAs(account.agent, 'GET', path))).total, path).toBe(1)
  })
})

describe('a caller whom its Durable Object does not know yet', () => {
  it('costs the object one round trip of its own, once', async () => {
    const newcomer = await createTestMember(account.id, 'agent')
    const first = await countRoundTrips(() => callAs(newcomer, 'GET', 'tickets'))
    expect([first.total, first.logged]).toEqual([2, 1])
    const second = await countRoundTrips(() => callAs(newcomer, 'GET', 'tickets'))
    expect([second.total, second.logged]).toEqual([1, 1])
  })
})

describe('a caller with an API key', () => {
  it('costs one round trip a read and no other, once its object knows it', async () => {
    const { id, key } = await createTestKey(account)
    const read = () => call('GET', 'tickets', { token: key })
    expect((await read()).status).toBe(200)
    await eventually(async () =>
      expect(
        await prepare(
          select({ last_used_at: apiKeys.lastUsedAt }, sql`FROM ${apiKeys} WHERE ${apiKeys.id} = ${id}`),
        ).first('last_used_at'),
      ).toBeTruthy(),
    )
    for (let i = 0; i < 3; i += 1) {
      const counted = await countRoundTrips(read)
      expect([counted.total, counted.logged]).toEqual([1, 1])
    }
  })
})
