import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { webhooks } from '../../src/db/schema/webhooks'
import { sql } from '../../src/db/sql'
import { select } from '../../src/db/statement'
import { type Account, createTestAccount } from '../helpers/api'
import { advanceClock, stopClock } from '../helpers/credentials'
import { row } from '../helpers/database'
import { callAs } from '../helpers/tickets'
import {
  createTestWebhook,
  createTimelessWebhook,
  createUnconfirmedWebhook,
  deleteAllWebhooks,
  deliver,
  type Hook,
  type Received,
  receive,
  seedEvents,
  silenceQueue,
  silenceSweeper,
} from '../helpers/webhooks'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const PER_ENDPOINT = 10
const PER_HOST = 60

let account: Account
let hook: Hook

beforeEach(async () => {
  stopClock()
  // Deliveries to a host are counted by calendar minutes.
  vi.setSystemTime(Math.ceil(Date.now() / MINUTE) * MINUTE)
  silenceQueue()
  silenceSweeper()
  account = await createTimelessWebhook(await createTestAccount())
  hook = await createUnconfirmedWebhook(account, { url: urlOf(newHost()) })
})
afterEach(async () => {
  vi.useRealTimers()
  vi.restoreAllMocks()
  await deleteAllWebhooks()
})

const newHost = () => `${crypto.randomUUID()}.example.com`
const urlOf = (host: string) => `https://${host}/${crypto.randomUUID()}`
const failing = () => new Response('no', { status: 500 })
const read = async (of = hook) => (await callAs(account.admin, 'GET', `webhooks/${of.id}`)).body.data

/** Passes the consumer a message in each second. */
async function deliverFor(seconds: number, ...accounts: Account[]): Promise<void> {
  for (let second = 0; second < seconds; second += 1) {
    await deliver(...accounts)
    advanceClock(SECOND)
  }
}

/** The largest number of requests that were open together. */
function receiveAndMeasure(response: (request: Received) => Response) {
  let [open, most] = [0, 0]
  const received = receive(async (request) => {
    open += 1
    most = Math.max(most, open)
    await scheduler.wait(5)
    open -= 1
    return response(request)
  })
  return { received, most: () => most }
}

describe('an endpoint that has never succeeded', () => {
  it('gets one delivery at a time, and at most ten in a minute', async () => {
    const { received, most } = receiveAndMeasure(failing)
    await seedEvents(account, 40)
    await deliverFor(60, account)
    expect([received.length, most()]).toEqual([PER_ENDPOINT, 1])
  })

  it('gets everything at full speed once it has succeeded', async () => {
    let responses = 0
    const { received, most } = receiveAndMeasure(() => new Response(null, { status: ++responses === 3 ? 204 : 500 }))
    await seedEvents(account, 40)
    await deliverFor(7, account)
    expect(received).toHaveLength(2)
    await deliverFor(6, account)
    expect(new Set(received.map(({ event }) => event.sequence)).size).toBe(40)
    expect(most()).toBe(2)
  })

  it('gets everything in one message if the first delivery succeeds', async () => {
    const received = receive()
    await seedEvents(account, 40)
    await deliver(account)
    expect(received).toHaveLength(40)
  })

  it('is not sent more by tests, redeliveries, replays and reactivation', async () => {
    const { received } = receiveAndMeasure(failing)
    await seedEvents(account, 5)
    for (let second = 0; second < 60; second += 1) {
      if (second % 5 === 0) {
        await callAs(account.admin, 'POST', `webhooks/${hook.id}/test`)
        await callAs(account.admin, 'POST', `webhooks/${hook.id}/replay`, { since: '2020-01-01' })
        for (const active of [false, true]) await callAs(account.admin, 'PATCH', `webhooks/${hook.id}`, { active })
      }
      await deliverFor(1, account)
    }
    expect(received.length).toBeLessThanOrEqual(PER_ENDPOINT)
  })

  it.each([
    [23 * HOUR, null],
    [24 * HOUR, 'failing'],
  ])('that fails for %i ms has the disabled_reason %j', async (later, reason) => {
    receive(failing)
    await seedEvents(account, 1)
    await deliver(account)
    advanceClock(later)
    await seedEvents(account, 1)
    await deliver(account)
    expect(await read()).toMatchObject({ active: reason === null, disabled_reason: reason })
  })

  it('is one whose URL was changed, for 24 hours from then', async () => {
    const confirmed = await createTestWebhook(account, { url: urlOf(newHost()) })
    receive(failing)
    await seedEvents(account, 1)
    await deliver(account)
    advanceClock(30 * HOUR)
    await callAs(account.admin, 'PATCH', `webhooks/${confirmed.id}`, { url: urlOf(newHost()) })
    await seedEvents(account, 1)
    await deliver(account)
    expect(await read(confirmed)).toMatchObject({ active: true })
    const state = await row(
      select({ at: webhooks.confirmedAt }, sql`FROM ${webhooks} WHERE ${webhooks.id} = ${confirmed.id}`),
    )
    expect(state?.at).toBeNull()
  })

  it('is not one whose other settings were changed', async () => {
    const confirmed = await createTestWebhook(account)
    await callAs(account.admin, 'PATCH', `webhooks/${confirmed.id}`, { url: confirmed.url, description: 'same' })
    const state = await row(
      select({ at: webhooks.confirmedAt }, sql`FROM ${webhooks} WHERE ${webhooks.id} = ${confirmed.id}`),
    )
    expect(state?.at).not.toBeNull()
  })

  it('gets nothing while its deliveries cannot be counted, and everything afterwards', async () => {
    const received = receive()
    const getByName = env.RATE_LIMITER.getByName.bind(env.RATE_LIMITER)
    const broken = vi.spyOn(env.RATE_LIMITER, 'getByName').mockImplementation((name) => {
      if (name.startsWith('host:')) throw new Error('unreachable')
      return getByName(name)
    })
    await seedEvents(account, 3)
    await deliver(account)
    expect(received).toEqual([])
    broken.mockRestore()
    advanceClock(6 * SECOND)
    await deliver(account)
    expect(received).toHaveLength(3)
  })
})

describe('a host whose endpoints never succeed', () => {
  it('gets at most 60 deliveries in a minute, of all accounts', async () => {
    const host = newHost()
    const accounts = [account, await createTestAccount(), await createTestAccount()]
    for (const [index, each] of accounts.entries()) {
      for (let count = 0; count < 5; count += 1)
        await createUnconfirmedWebhook(each, { url: urlOf(index === 1 ? `${host.toUpperCase()}.:8443` : host) })
      await seedEvents(each, 30)
    }
    const { received } = receiveAndMeasure(failing)
    const atHost = () => received.filter(({ url }) => url.toLowerCase().includes(host)).length
    await deliverFor(60, ...accounts)
    expect(atHost()).toBe(PER_HOST)
    await deliverFor(60, ...accounts)
    expect(atHost()).toBe(2 * PER_HOST)
  })

  it('does not slow an endpoint of the same host that has succeeded, nor another host', async () => {
    const host = newHost()
    const hostile = await createTestAccount()
    for (let count = 0; count < 10; count += 1) await createUnconfirmedWebhook(hostile, { url: urlOf(host) })
    await seedEvents(hostile, 30)
    const healthy = await createTestWebhook(account, { url: urlOf(host) })
    const { received } = receiveAndMeasure(
      ({ url }) => new Response(null, { status: url.includes(host) && url !== healthy.url ? 500 : 204 }),
    )
    await deliverFor(40, hostile)
    await seedEvents(account, 30)
    await deliver(account, hostile)
    for (const { url } of [healthy, hook]) expect(received.filter((each) => each.url === url)).toHaveLength(30)
  })
})
