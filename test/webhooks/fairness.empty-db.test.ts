import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { accountCounters } from '../../src/db/schema/accounts'
import { deliveries, webhooks as webhooksTable } from '../../src/db/schema/webhooks'
import { sql } from '../../src/db/sql'
import { select } from '../../src/db/statement'
import { insertSelect, update } from '../../src/db/write'
import { type Account, createTestAccount, createTicket } from '../helpers/api'
import { advanceClock, stopClock } from '../helpers/credentials'
import { execute, numbers, prepare, rows } from '../helpers/database'
import {
  createTestWebhook,
  deleteAllWebhooks,
  deliver,
  drain,
  type Hook,
  neverResponds,
  type Received,
  receive,
  seedDeliveries,
  seedEvents,
  silenceQueue,
  silenceSweeper,
  startConsumer,
} from '../helpers/webhooks'

let flood: Account
let account: Account
let queue: ReturnType<typeof silenceQueue>

beforeEach(async () => {
  stopClock()
  queue = silenceQueue()
  silenceSweeper()
  ;[flood, account] = [await createTestAccount(), await createTestAccount()]
})
afterEach(async () => {
  vi.useRealTimers()
  vi.restoreAllMocks()
  await deleteAllWebhooks()
})

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1)
const noContent = () => new Response(null, { status: 204 })
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

async function createTestWebhooks(of: Account, count: number): Promise<Hook[]> {
  const hooks: Hook[] = []
  for (const _ of upTo(count)) {
    hooks.push(await createTestWebhook(of))
    // Their order is that of their IDs.
    advanceClock(1)
  }
  return hooks
}

function countConcurrent(response: (request: Received, signal: AbortSignal) => Promise<Response>) {
  const at = { concurrent: 0, most: 0 }
  return {
    at,
    response: async (request: Received, signal: AbortSignal) => {
      at.concurrent += 1
      at.most = Math.max(at.most, at.concurrent)
      return response(request, signal).finally(() => {
        at.concurrent -= 1
      })
    },
  }
}

describe("W20 an account's flood", () => {
  async function seedFlood(webhooks: number, events: number): Promise<void> {
    const hooks = await createTestWebhooks(flood, webhooks)
    await seedEvents(flood, events)
    for (const hook of hooks) await seedDeliveries(flood, hook)
  }

  it('W20 of 10,000 due deliveries lets the single one of another go first, also in the middle of it', async () => {
    await seedFlood(10, 1_000)
    expect(await rows(select({ count: sql`count(*)` }, sql`FROM ${deliveries}`))).toEqual([{ count: 10_000 }])
    const { url } = await createTestWebhook(account)
    await createTicket(account.agent)
    const received = receive(async () => {
      await sleep(2)
      return noContent()
    })
    const lastIndex = () => received.findLastIndex((request) => request.url === url)
    // Few enough that the flood ends soon.
    const variables = { RATE_LIMIT_PREMIUM: '40' }
    await drain(variables, account)
    expect(received).toHaveLength(401)
    expect(lastIndex()).toBeLessThan(20)
    advanceClock(60_000)
    const flooding = startConsumer(variables, flood)
    while (received.length < 501) await sleep(5)
    await createTicket(account.agent)
    const before = received.length
    await startConsumer(variables, account).ended
    expect(lastIndex()).toBeGreaterThanOrEqual(before)
    expect(lastIndex()).toBeLessThan(before + 100)
    await flooding.ended
    await drain(variables, flood)
    expect(received).toHaveLength(802)
  })

  it('W20 gives way within seconds to messages that wait in the queue', async () => {
    await seedFlood(5, 200)
    const started = Date.now()
    const received = receive(() => {
      advanceClock(100)
      return noContent()
    })
    await deliver(flood)
    expect(received.length).toBeGreaterThan(10)
    expect(Date.now() - started).toBeLessThan(12_000)
    expect(queue.sendBatch).toHaveBeenLastCalledWith([{ body: { account_id: null }, delaySeconds: 0 }])
  })
})

describe('W20 those who wait', () => {
  /** More due webhooks of other accounts than a worker looks at. */
  async function createManyWebhooks(slow: number, sentInThisMinute: number): Promise<void> {
    const minute = Math.floor(Date.now() / 60_000)
    for (const owner of await Promise.all(upTo(10).map(() => createTestAccount())))
      await env.DB.batch([
        prepare(
          insertSelect(
            webhooksTable,
            {
              accountId: owner.id,
              id: sql`'webhook_' || i`,
              url: sql`'https://crowd.example.com/' || i`,
              events: '[]',
              includeInternal: 0,
              active: 1,
              secret: '',
              createdAt: 0,
              sinceSequence: 0,
              nextAt: 1,
              isSlow: slow,
            },
            sql`FROM ${numbers(1, 60)}`,
          ),
        ),
        prepare(
          update(
            accountCounters,
            { quotaWindow: minute, quotaUsed: sentInThisMinute },
            sql`${accountCounters.accountId} = ${owner.id}`,
          ),
        ),
      ])
  }

  it('W20 have a turn each before any has a second', async () => {
    const owners = await Promise.all(upTo(12).map(() => createTestAccount()))
    for (const owner of owners) {
      const hook = await createTestWebhook(owner, { url: `https://hooks.example.com/${owner.id}` })
      await seedEvents(owner, 45)
      await seedDeliveries(owner, hook)
    }
    const received = receive(() => {
      advanceClock(1)
      return noContent()
    })
    await drain({}, null)
    expect(received).toHaveLength(12 * 45)
    const firsts = owners.map(({ id }) => received.findIndex(({ url }) => url.endsWith(id)))
    const before = received.slice(0, Math.max(...firsts))
    // A batch is twenty deliveries; concurrent leases interleave.
    for (const { id } of owners) expect(before.filter(({ url }) => url.endsWith(id)).length).toBeLessThan(30)
  })

  it.each([
    ['that timed out last time', 1, 0],
    ['of accounts that have sent all that they may', 0, 1_000_000],
  ])('W20 are not kept from their turn by 600 webhooks %s', async (_name, slow, sentInThisMinute) => {
    await createManyWebhooks(slow, sentInThisMinute)
    await createTestWebhook(account)
    await createTicket(account.agent)
    const queries = vi.spyOn(env.DB, 'batch')
    let queriesBefore = Number.NaN
    receive(() => {
      queriesBefore = queries.mock.calls.length
      // Stops the worker.
      queries.mockRejectedValue(new Error('D1_ERROR'))
      return noContent()
    })
    await startConsumer({}, account).ended
    expect(queriesBefore).toBeLessThan(10)
  })
})

describe('W08, W20 subscribers that do not answer', () => {
  it('W20 are seven: an eighth gets its event within 5 s, though all are due at once', async () => {
    const hooks = await createTestWebhooks(account, 8)
    const eighth = hooks[7]?.url
    const { at, response } = countConcurrent(neverResponds)
    const received = receive((request, signal) => (request.url === eighth ? noContent() : response(request, signal)))
    await createTicket(account.agent)
    const started = performance.now()
    const variables = { WEBHOOK_TIMEOUT_MS: '2500' }
    const first = startConsumer(variables, account)
    expect(await first.outcomes).toEqual([{ acked: 1, retried: [] }])
    expect([at.concurrent, received.length]).toEqual([5, 5])
    expect(received.map(({ url }) => url)).not.toContain(eighth)
    expect(queue.sendBatch).toHaveBeenLastCalledWith([{ body: { account_id: null }, delaySeconds: 0 }])
    const second = startConsumer(variables, null)
    while (!received.some(({ url }) => url === eighth)) await sleep(5)
    expect(performance.now() - started).toBeLessThan(5_000)
    await Promise.all([first.ended, second.ended])
    const found = await rows(
      select(
        { last_error: deliveries.lastError, attempts: deliveries.attempts },
        sql`FROM ${deliveries} ORDER BY ${deliveries.webhookId}`,
      ),
    )
    expect(found).toEqual([...Array(7).fill({ last_error: 'timeout', attempts: 1 }), { last_error: null, attempts: 1 }])
  })

  it('W20 and did not last time are asked two at a time, one event each, until they do', async () => {
    const slow = await createTestWebhooks(account, 4)
    await execute(update(webhooksTable, { isSlow: 1 }, sql`true`))
    const valid = await createTestWebhook(account)
    await seedEvents(account, 3)
    const { at, response } = countConcurrent(neverResponds)
    const received = receive((request, signal) => (request.url === valid.url ? noContent() : response(request, signal)))
    await startConsumer({ WEBHOOK_TIMEOUT_MS: '300' }, account).ended
    const queries = (hook: Hook) => received.filter(({ url }) => url === hook.url).length
    expect(at.most).toBe(2)
    expect(queries(valid)).toBe(3)
    expect(slow.map(queries)).toEqual([3, 3, 3, 3])
    receive()
    advanceClock(10_000)
    await deliver(null)
    expect(await rows(select({ slow: sql`sum(${webhooksTable.isSlow})` }, sql`FROM ${webhooksTable}`))).toEqual([
      { slow: 0 },
    ])
  })

  it('W20 or do are at most five at once in one consumer, and two of one webhook', async () => {
    const hooks = await createTestWebhooks(account, 10)
    await seedEvents(account, 12)
    const all = countConcurrent(async () => {
      await sleep(5)
      return noContent()
    })
    const one = countConcurrent(all.response)
    const received = receive((request, signal) =>
      request.url === hooks[3]?.url ? one.response(request, signal) : all.response(request, signal),
    )
    await drain({}, account)
    expect(received).toHaveLength(120)
    expect([all.at.most, one.at.most]).toEqual([5, 2])
  })
})

describe('F03 a database that is slow', () => {
  it('F03 lets webhooks wait, sends to none twice, and a ring calls for the rest', async () => {
    const hooks = await createTestWebhooks(account, 3)
    await createTicket(account.agent)
    const received = receive()
    const original = env.DB.batch.bind(env.DB)
    vi.spyOn(env.DB, 'batch').mockImplementation((async (statements: D1PreparedStatement[]) => {
      await sleep(1_100)
      return original(statements)
    }) as never)
    await startConsumer({}, account).ended
    expect(received).toHaveLength(1)
    expect(queue.sendBatch).toHaveBeenCalledWith([{ body: { account_id: null }, delaySeconds: 0 }])
    vi.mocked(env.DB.batch).mockRestore()
    await deliver(null)
    expect(received.map(({ url }) => url).toSorted()).toEqual(hooks.map(({ url }) => url).toSorted())
  })
})
