import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { deliveryAttempts, webhooks } from '../../src/db/schema/webhooks'
import { sql } from '../../src/db/sql'
import { select } from '../../src/db/statement'
import { type Account, createTestAccount, createTicket } from '../helpers/api'
import { advanceClock, stopClock } from '../helpers/credentials'
import { rows } from '../helpers/database'
import { callAs } from '../helpers/tickets'
import {
  createTestWebhook,
  deleteAllWebhooks,
  deliver,
  drain,
  type Hook,
  onlyDelivery,
  receive,
  seedEvents,
  silenceQueue,
  silenceSweeper,
  startConsumer,
} from '../helpers/webhooks'

const SECOND = 1_000
const VARIABLES = { WEBHOOK_TIMEOUT_MS: '1000', WEBHOOK_RETRY_SCHEDULE: '600' }
/** The longest batch with these variables: 5 s to start attempts, one timeout, and 10 s in reserve. */
const LEASE = 16 * SECOND

let account: Account
let hook: Hook
let queue: ReturnType<typeof silenceQueue>

beforeEach(async () => {
  stopClock()
  queue = silenceQueue()
  silenceSweeper()
  account = await createTestAccount('standard')
  hook = await createTestWebhook(account)
})
afterEach(async () => {
  vi.useRealTimers()
  vi.restoreAllMocks()
  await deleteAllWebhooks()
})

/** Responds to each request when the test calls for it. */
function receiveByHand() {
  const waiting: ((status: number) => void)[] = []
  const received = receive(
    () =>
      new Promise((resolve) => {
        waiting.push((status) => resolve(new Response(null, { status })))
      }),
  )
  // `vi.waitFor` would move a stopped clock.
  const arrived = async (count: number) => {
    while (waiting.length < count) await new Promise((resolve) => setTimeout(resolve, 5))
  }
  return { received, arrived, response: (index: number, status: number) => waiting[index]?.(status) }
}

const start = (...accounts: (Account | null)[]) => startConsumer(VARIABLES, ...accounts)

function attempts(of = account) {
  return rows(
    select(
      { number: deliveryAttempts.number, status_code: deliveryAttempts.statusCode },
      sql`FROM ${deliveryAttempts} WHERE ${deliveryAttempts.accountId} = ${of.id}
        ORDER BY ${deliveryAttempts.deliveryId}, ${deliveryAttempts.number}`,
    ),
  )
}

describe('W20 a lease', () => {
  it('W20 is of one webhook of each account that has something due, all in one round trip', async () => {
    const others = [await createTestAccount('standard'), await createTestAccount('standard')]
    const first = [{ of: account, hook }]
    for (const of of others) first.push({ of, hook: await createTestWebhook(of) })
    const second = { of: account, hook: await createTestWebhook(account) }
    for (const { of, hook } of [...first, second]) {
      await callAs(of.admin, 'POST', `webhooks/${hook.id}/test`)
      advanceClock(SECOND)
    }
    const batch = vi.spyOn(env.DB, 'batch')
    receive()
    await start(null).ended
    const responses = await Promise.all(batch.mock.results.map(({ value }) => value))
    expect(responses[0][0].results.map(({ id }: { id: string }) => id).toSorted()).toEqual(
      first.map(({ hook }) => hook.id).toSorted(),
    )
  })
})

describe('W15 one delivery', () => {
  it('W15 is sent once, though the queue delivers its message three times, one by one and at once', async () => {
    const received = receive()
    await createTicket(account.agent)
    await Promise.all([deliver(account), deliver(account), deliver(account)])
    await createTicket(account.agent)
    await deliver(account, account, account)
    for (const _ of '123') await deliver(account)
    expect(received.map(({ event }) => event.sequence)).toEqual([1, 2])
    expect(await attempts()).toEqual(Array(2).fill({ number: 1, status_code: 204 }))
  })

  it('W15 is sent by one of two consumers that race for it, also while the first still waits for the answer', async () => {
    const { received, arrived, response } = receiveByHand()
    await createTicket(account.agent)
    const first = start(account)
    await arrived(1)
    await start(account).ended
    advanceClock(LEASE - 1)
    await start(account, null).ended
    expect(received).toHaveLength(1)
    response(0, 200)
    await first.ended
    expect(await attempts()).toEqual([{ number: 1, status_code: 200 }])
  })

  it('W15 is sent by another when the lease has lapsed of a consumer that died before it wrote what it had done', async () => {
    const received = receive()
    await createTicket(account.agent)
    const original = env.DB.batch.bind(env.DB)
    const broken = vi
      .spyOn(env.DB, 'batch')
      .mockImplementation(((statements: D1PreparedStatement[]) =>
        received.length > 0 ? Promise.reject(new Error('D1_ERROR: overloaded')) : original(statements)) as never)
    await start(account).ended
    broken.mockRestore()
    advanceClock(LEASE - 1)
    await start(account).ended
    expect(received).toHaveLength(1)
    advanceClock(1)
    await start(account).ended
    expect(received).toHaveLength(2)
    expect(new Set(received.map(({ event, body }) => event.id + body)).size).toBe(1)
    expect(await attempts()).toEqual([{ number: 1, status_code: 204 }])
  })

  it.each([200, 410, 500])('W15 is not touched by a late %i to one that has lost its lease', async (late) => {
    const { received, arrived, response } = receiveByHand()
    await createTicket(account.agent)
    const crashed = start(account)
    await arrived(1)
    advanceClock(LEASE)
    const successor = start(account)
    await arrived(2)
    response(0, late)
    await crashed.ended
    expect(await attempts()).toEqual([])
    await start(account).ended
    expect(received).toHaveLength(2)
    response(1, 503)
    await successor.ended
    expect(await attempts()).toEqual([{ number: 1, status_code: 503 }])
    expect(await onlyDelivery(account, hook)).toMatchObject({
      status: 'pending',
      attempt_count: 1,
      last_error: 'status',
    })
    expect(
      await rows(
        select(
          { active: webhooks.active, slow: webhooks.isSlow, failing: sql`${webhooks.failingSince} > 0` },
          sql`FROM ${webhooks}`,
        ),
      ),
    ).toEqual([{ active: 1, slow: 0, failing: 1 }])
    advanceClock(720 * SECOND)
    const last = start(account)
    await arrived(3)
    response(2, 200)
    await last.ended
    expect(await attempts()).toEqual([503, 200].map((status_code, index) => ({ number: index + 1, status_code })))
  })
})

describe('the pace of an account', () => {
  const LIMITS = { RATE_LIMIT_STANDARD: '2', RATE_LIMIT_PREMIUM: '3' }
  const quota = (...accounts: (Account | null)[]) => drain(LIMITS, ...accounts)

  it('is ten times its requests a minute over all its webhooks, the rest goes in the next; others are not held up', async () => {
    const received = receive()
    const premium = await createTestAccount('premium')
    const other = await createTestAccount('standard')
    const urls = {
      own: [hook.url],
      premium: [(await createTestWebhook(premium)).url],
      other: [(await createTestWebhook(other)).url],
    }
    for (const _ of 'ab') urls.own.push((await createTestWebhook(account)).url)
    await seedEvents(account, 15)
    await seedEvents(premium, 35)
    const sent = () =>
      [urls.own, urls.premium, urls.other].map((those) => received.filter(({ url }) => those.includes(url)).length)
    await quota(account, premium)
    expect(sent()).toEqual([20, 30, 0])
    const sentMessages = () => queue.sendBatch.mock.calls.flatMap(([messages]) => [...messages])
    expect(sentMessages()).toContainEqual({ body: { account_id: null }, delaySeconds: 30 })
    await createTicket(other.agent)
    await quota(other)
    expect(sent()).toEqual([20, 30, 1])
    advanceClock(30 * SECOND - 1)
    await quota(null, account)
    expect(sent()).toEqual([20, 30, 1])
    advanceClock(1)
    queue.sendBatch.mockClear()
    await quota(null)
    expect(sent()).toEqual([40, 35, 1])
    expect(sentMessages()).toContainEqual({ body: { account_id: null }, delaySeconds: 60 })
    advanceClock(60 * SECOND)
    queue.sendBatch.mockClear()
    await quota(null)
    expect(sent()).toEqual([45, 35, 1])
    expect(sentMessages()).toEqual([])
    expect(new Set(received.map(({ url, event }) => url + event.id)).size).toBe(81)
  })

  it('is not used up by what a turn has taken and not sent', async () => {
    const received = receive(() => {
      // Takes so long that the batch ends after the response.
      if (received.length === 1) advanceClock(6 * SECOND)
      return new Response(null, { status: 204 })
    })
    await seedEvents(account, 20)
    await quota(account)
    expect(received).toHaveLength(20)
  })
})
