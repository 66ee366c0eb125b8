import { env } from 'cloudflare:workers'
import { Webhook } from 'standardwebhooks'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { events, webhooks } from '../../src/db/schema/webhooks'
import { sql } from '../../src/db/sql'
import { type Statement, select } from '../../src/db/statement'
import { deleteFrom, update } from '../../src/db/write'
import { type Account, createTestAccount, createTicket } from '../helpers/api'
import { advanceClock, stopClock } from '../helpers/credentials'
import { execute, row } from '../helpers/database'
import { callAs, patchTicket } from '../helpers/tickets'
import {
  createTestWebhook,
  deleteAllWebhooks,
  deliveriesOf,
  deliveryOf,
  drain,
  dueIn,
  onlyDelivery,
  receive,
  seedEvents,
  silenceQueue,
  silenceSweeper,
  startConsumer,
} from '../helpers/webhooks'

const SECOND = 1_000
const DAY = 86_400_000
const VARIABLES = { WEBHOOK_RETRY_SCHEDULE: '10,100', WEBHOOK_TIMEOUT_MS: '300' }

let account: Account
let queue: ReturnType<typeof silenceQueue>

beforeEach(async () => {
  stopClock()
  queue = silenceQueue()
  silenceSweeper()
  account = await createTestAccount()
})
afterEach(async () => {
  vi.useRealTimers()
  vi.restoreAllMocks()
  await deleteAllWebhooks()
})

const send = () => startConsumer(VARIABLES, account).ended
const response = (status: number, headers: HeadersInit = {}) => new Response(null, { status, headers })

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1)

describe('W05 an event that is refused', () => {
  it('W05 comes again as the schedule says: the same bytes and id, a new timestamp and signature, attempts 1, 2, 3', async () => {
    const hook = await createTestWebhook(account)
    const received = receive((request) => {
      const headers = Object.fromEntries(request.headers)
      expect(new Webhook(hook.secret).verify(request.body, headers)).toEqual(request.event)
      expect(headers['webhook-timestamp']).toBe(String(Math.floor(Date.now() / SECOND)))
      return response([500, 503, 200][received.length - 1] ?? 200)
    })
    await createTicket(account.agent, { title: 'é😀' })
    await send()
    for (const [index, gap] of [10 * SECOND, 100 * SECOND].entries()) {
      const wait = (await dueIn(hook)) ?? Number.NaN
      expect(wait).toBeGreaterThanOrEqual(0.8 * gap)
      expect(wait).toBeLessThanOrEqual(1.2 * gap)
      const [message] = queue.sendBatch.mock.calls.flatMap(([messages]) => [...messages])
      expect(message).toEqual({ body: { account_id: null }, delaySeconds: Math.floor(wait / SECOND) })
      queue.sendBatch.mockClear()
      advanceClock(wait - 2 * SECOND)
      await send()
      expect(received).toHaveLength(index + 1)
      advanceClock(2 * SECOND)
      await send()
      expect(received).toHaveLength(index + 2)
    }
    expect(queue.sendBatch).not.toHaveBeenCalled()
    expect(new Set(received.map(({ body }) => body)).size).toBe(1)
    expect(received.map(({ headers }) => headers.get('webhook-id'))).toEqual(Array(3).fill(received[0]?.event.id))
    for (const name of ['webhook-timestamp', 'webhook-signature'])
      expect(new Set(received.map(({ headers }) => headers.get(name))).size).toBe(3)
    const delivery = await onlyDelivery(account, hook)
    expect(delivery).toMatchObject({ status: 'succeeded', attempt_count: 3, next_attempt_at: null, last_error: null })
    const attempts = [500, 503, 200].map((status_code, index) => ({ number: index + 1, status_code, error: null }))
    expect(delivery.attempts).toMatchObject(attempts)
    expect(new Set(delivery.attempts.map(({ trigger }: { trigger: string }) => trigger))).toEqual(
      new Set(['scheduled']),
    )
  })

  it('W09 is failed when the schedule has ended, listed so, and sent no more', async () => {
    const hook = await createTestWebhook(account)
    const received = receive(() => response(500))
    await createTicket(account.agent)
    for (const _ of '123') {
      await send()
      advanceClock(120 * SECOND)
    }
    expect(await deliveriesOf(account, hook, '&status=failed')).toMatchObject([
      { status: 'failed', attempt_count: 3, next_attempt_at: null, last_error: 'status' },
    ])
    queue.sendBatch.mockClear()
    advanceClock(DAY / 48)
    await send()
    expect(received).toHaveLength(3)
    expect(queue.sendBatch).not.toHaveBeenCalled()
  })
})

describe('W16 the largest legal PATCH', () => {
  it.each([
    ['quotes', '"'],
    ['backslashes', '\\'],
    ['newlines', '\n'],
    ['characters of 4 bytes', '😀'],
    ['all of them', '"\\\n😀'],
  ])('W16 is whole after the largest legal PATCH, of %s, and its row under 512 KB', async (_name, text) => {
    const received = receive()
    const fill = (length: number) => Array.from(text.repeat(length)).slice(0, length).join('')
    const line = (length: number) => `x${fill(length - 2)}x`
    const largest = (salt: string) => ({
      title: `${salt}${line(199)}`,
      description: salt + text.repeat(Math.floor(65_535 / new TextEncoder().encode(text).length)),
      tags: upTo(20).map((n) => `${salt}${String(n).padStart(2, '0')}${line(47)}`),
      custom_fields: Object.fromEntries(upTo(50).map((n) => [`f${n}`.padEnd(64, '.'), salt + fill(999)])),
    })
    const { id } = await createTicket(account.agent, { ...largest('a'), created_by: account.customer.id })
    await createTestWebhook(account)
    const change = { ...largest('b'), priority: 'critical', status: 'closed', assigned_to: account.admin.id }
    await patchTicket(account.agent, id, change)
    const [ticket] = [(await callAs(account.agent, 'GET', `tickets/${id}`)).body.data]
    await send()
    const eventData = received.find(({ event }) => event.event === 'ticket.updated')?.event.data
    for (const field of ['title', 'description', 'tags', 'custom_fields', 'priority', 'status', 'assigned_to'])
      expect(eventData.ticket[field], field).toEqual(ticket[field])
    expect(eventData.ticket).toMatchObject(largest('b'))
    expect(eventData.changes).toMatchObject({
      title: { previous: largest('a').title, current: largest('b').title },
      tags: { previous: largest('a').tags, current: largest('b').tags },
      description: { truncated: true },
      custom_fields: { truncated: true },
      status: { previous: 'open', current: 'closed' },
    })
    const size = await row(
      select(
        { bytes: sql<number>`max(octet_length(${events.data}))` },
        sql`FROM ${events} WHERE ${events.accountId} = ${account.id}`,
      ),
    )
    expect(size?.bytes).toBeGreaterThan(200_000)
    expect(size?.bytes).toBeLessThan(512_000 - 1_000)
  })

  it('W16 is everything, also where it is more than a turn may hold', async () => {
    const received = receive()
    await createTestWebhook(account)
    const { id } = await createTicket(account.agent)
    for (const salt of 'abcdef') {
      const custom_fields = Object.fromEntries(upTo(50).map((n) => [`f${n}`, salt + '"'.repeat(999)]))
      await patchTicket(account.agent, id, { custom_fields, description: '\\'.repeat(65_535) + salt })
    }
    const sizes: number[] = []
    const original = env.DB.batch.bind(env.DB)
    vi.spyOn(env.DB, 'batch').mockImplementation((async (statements: D1PreparedStatement[]) => {
      const results = await original<{ data?: string }>(statements)
      for (const { results: found } of results) sizes.push(found.reduce((sum, { data = '' }) => sum + data.length, 0))
      return results
    }) as never)
    await drain(VARIABLES, account)
    expect(Math.max(...sizes)).toBeGreaterThan(524_288)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1_048_576)
    expect(received.map(({ event }) => event.sequence).toSorted()).toEqual(upTo(7))
  })
})

describe('what can not be sent', () => {
  it('ends as failed at once when its event is kept no longer, many of them in one go', async () => {
    const hook = await createTestWebhook(account)
    const received = receive(() => response(500))
    await seedEvents(account, 45)
    await send()
    await execute(deleteFrom(events, sql`${events.accountId} = ${account.id} AND ${events.sequence} > 1`))
    advanceClock(60 * SECOND)
    const queries = vi.spyOn(env.DB, 'batch')
    await send()
    expect(received).toHaveLength(46)
    // Three batches, and the queries before, between and after them.
    expect(queries.mock.calls.length).toBeLessThanOrEqual(12)
    const [first, ...others] = (await deliveriesOf(account, hook)).toReversed()
    expect(first).toMatchObject({ status: 'pending', last_error: 'status', attempt_count: 2 })
    for (const delivery of others)
      expect(delivery).toMatchObject({
        status: 'failed',
        last_error: 'expired',
        next_attempt_at: null,
        attempt_count: 2,
      })
    expect((await deliveryOf(account, hook, others[0].id)).attempts[1]).toMatchObject({
      error: 'expired',
      status_code: null,
    })
  })

  const STORED: [error: string, set: (text: string) => Statement, stored: () => Statement<{ text: string }>][] = [
    [
      'secret',
      (secret) => update(webhooks, { secret }, sql`${webhooks.accountId} = ${account.id}`),
      () => select({ text: webhooks.secret }, sql`FROM ${webhooks} WHERE ${webhooks.accountId} = ${account.id}`),
    ],
    [
      'event',
      (data) => update(events, { data }, sql`${events.accountId} = ${account.id}`),
      () => select({ text: events.data }, sql`FROM ${events} WHERE ${events.accountId} = ${account.id}`),
    ],
  ]

  it.each(STORED)(
    'waits for its next attempt when its %s can not be read, and is sent when it can',
    async (error, set, stored) => {
      const hook = await createTestWebhook(account)
      const received = receive()
      await createTicket(account.agent)
      const before = await row(stored())
      await execute(set('{}'))
      await send()
      expect(received).toEqual([])
      expect(await onlyDelivery(account, hook)).toMatchObject({
        status: 'pending',
        last_error: error,
        attempts: [{ number: 1, error, response: null }],
      })
      await execute(set(before?.text ?? ''))
      advanceClock(12 * SECOND)
      await send()
      expect(received).toHaveLength(1)
      expect(await onlyDelivery(account, hook)).toMatchObject({ status: 'succeeded', attempt_count: 2 })
    },
  )
})
