import { createExecutionContext, createMessageBatch } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import worker from '../../src'
import { deliveries } from '../../src/db/schema/webhooks'
import { sql } from '../../src/db/sql'
import { select } from '../../src/db/statement'
import type { FanOutMessage } from '../../src/service/wake-up-queue'
import { type Account, createTestAccount, createTicket } from '../helpers/api'
import { advanceClock, stopClock } from '../helpers/credentials'
import { realBatch, sessions } from '../helpers/d1'
import { rows } from '../helpers/database'
import { callAs } from '../helpers/tickets'
import {
  countPendingEvents,
  createTestWebhook,
  deleteAllWebhooks,
  deliver,
  deliveriesOf,
  type Hook,
  receive,
  silenceQueue,
  silenceSweeper,
  startConsumer,
} from '../helpers/webhooks'

const DONE = { acked: 1, retried: [] }
const AGAIN = { acked: 0, retried: [[{ delaySeconds: 5 }]] }
/** Longer than any lease. */
const LEASE = 60_000

let account: Account
let hook: Hook
let queue: ReturnType<typeof silenceQueue>

beforeEach(async () => {
  stopClock()
  queue = silenceQueue()
  silenceSweeper()
  account = await createTestAccount()
  hook = await createTestWebhook(account)
})
afterEach(async () => {
  vi.useRealTimers()
  vi.restoreAllMocks()
  await deleteAllWebhooks()
})

/** Makes the calls of D1 fail that `fails` selects by number, from 1 on. Returns their count. */
function breakDatabase(fails: (call: number) => boolean) {
  const original = realBatch()
  const calls = { count: 0 }
  const spy = vi.spyOn(sessions, 'batch').mockImplementation(((statements: D1PreparedStatement[]) => {
    calls.count += 1
    return fails(calls.count) ? Promise.reject(new Error('D1_ERROR: overloaded')) : original(statements)
  }) as never)
  return { calls, repair: () => spy.mockRestore() }
}

function watchErrors(): Record<string, unknown>[] {
  const lines: Record<string, unknown>[] = []
  vi.spyOn(console, 'error').mockImplementation((line) => {
    lines.push(JSON.parse(line))
  })
  return lines
}

describe('the consumer', () => {
  it('fans out and sends what an account waits for, and touches the events of no other', async () => {
    const received = receive()
    const other = await createTestAccount()
    await createTestWebhook(other)
    for (const { agent } of [account, account, other]) await createTicket(agent)
    expect(await deliver(account)).toEqual([DONE])
    expect([await countPendingEvents(account), await countPendingEvents(other)]).toEqual([0, 1])
    expect(received.map(({ url, event }) => [url, event.sequence])).toEqual([
      [hook.url, 1],
      [hook.url, 2],
    ])
  })

  it('does nothing the second time, and nothing for accounts that are not there or have no webhook', async () => {
    const received = receive()
    const silent = await createTestAccount()
    await createTicket(account.agent)
    await deliver(account)
    expect(await deliver(account, account, 'acct_nobody', silent, null)).toEqual(Array(5).fill(DONE))
    expect(received).toHaveLength(1)
    expect(queue.sendBatch).not.toHaveBeenCalled()
  })

  it('F03 retries the message whose events D1 failed on, and acknowledges and sends those of the others', async () => {
    const received = receive()
    const accounts = [account, await createTestAccount(), await createTestAccount()]
    for (const own of accounts.slice(1)) await createTestWebhook(own)
    for (const { agent } of accounts) await createTicket(agent)
    const { repair } = breakDatabase((call) => call === 2)
    expect(await deliver(...accounts)).toEqual([DONE, AGAIN, DONE])
    repair()
    expect(await Promise.all(accounts.map(countPendingEvents))).toEqual([0, 1, 0])
    expect(received).toHaveLength(2)
    expect(await deliver(accounts[1] ?? null)).toEqual([DONE])
    expect(received).toHaveLength(3)
  })

  it.each([1, 2, 3, 4, 5, 6])('F03 never throws and loses nothing when D1 fails at call %i', async (broken) => {
    const received = receive()
    for (const _ of 'ab') await createTicket(account.agent)
    const { calls, repair } = breakDatabase((call) => call === broken)
    const outcomes = await deliver(account)
    repair()
    expect(calls.count).toBeGreaterThanOrEqual(broken)
    expect([DONE, AGAIN]).toContainEqual(outcomes[0])
    advanceClock(LEASE)
    expect(await deliver(account)).toEqual([DONE])
    expect(new Set(received.map(({ event }) => event.sequence))).toEqual(new Set([1, 2]))
    expect(received.length).toBeLessThanOrEqual(4)
    const statuses = (await deliveriesOf(account, hook)).map(
      ({ status, attempt_count }: { status: string; attempt_count: number }) => [status, attempt_count],
    )
    expect(statuses).toEqual(Array(2).fill(['succeeded', 1]))
  })

  it.each([
    ['D1 fails at every call', {}, () => breakDatabase(() => true).repair],
    [
      'D1 throws',
      {},
      () => {
        const spy = vi.spyOn(sessions, 'batch').mockImplementation(() => {
          throw new TypeError('gone')
        })
        return () => spy.mockRestore()
      },
    ],
    ['the configuration is bad', { WEBHOOK_TIMEOUT_MS: 'soon' }, () => () => undefined],
  ] as const)('F03 puts every message back and does not throw when %s', async (_name, variables, fail) => {
    const received = receive()
    await createTicket(account.agent)
    const repair = fail()
    expect(await startConsumer(variables, account, null).outcomes).toEqual([AGAIN, AGAIN])
    repair()
    advanceClock(LEASE)
    await deliver(account)
    expect(received).toHaveLength(1)
  })

  it('F03 does not mind a queue that refuses its rings', async () => {
    receive(() => new Response(null, { status: 500 }))
    queue.sendBatch.mockRejectedValue(new Error('Queue is overloaded'))
    await createTicket(account.agent)
    expect(await deliver(account)).toEqual([DONE])
    expect(queue.sendBatch).toHaveBeenCalled()
  })
})

describe('W09 dead letters', () => {
  async function consumeDead(...bodies: (string | null)[]) {
    const batch = createMessageBatch<FanOutMessage>(
      'ticketing-webhooks-dead',
      bodies.map((account_id, index) => ({
        id: `dead-${index}`,
        timestamp: new Date(),
        attempts: 1,
        body: { account_id },
      })),
    )
    const spies = batch.messages.map((message) => ({
      ack: vi.spyOn(message, 'ack'),
      retry: vi.spyOn(message, 'retry'),
    }))
    await worker.queue(batch, env, createExecutionContext())
    return spies.map(({ ack, retry }) => ({ acked: ack.mock.calls.length, retried: retry.mock.calls }))
  }

  const errorsOf = (of: Account) =>
    rows(
      select(
        { sequence: deliveries.sequence, last_error: deliveries.lastError },
        sql`FROM ${deliveries} WHERE ${deliveries.accountId} = ${of.id} ORDER BY ${deliveries.sequence}`,
      ),
    )

  it('show on the deliveries that are due, and in the log; these are sent all the same', async () => {
    const received = receive(() => new Response(null, { status: received.length === 1 ? 500 : 204 }))
    const other = await createTestAccount()
    await createTestWebhook(other)
    await createTicket(account.agent)
    await deliver(account)
    for (const { agent } of [account, other]) await createTicket(agent)
    const { repair } = breakDatabase((call) => call > 4)
    await deliver(account, other)
    repair()
    const logged = watchErrors()
    expect(await consumeDead(account.id, null)).toEqual([DONE, DONE])
    expect(logged).toEqual([
      { level: 'error', dead_letter: 'dead-0', account_id: account.id },
      { level: 'error', dead_letter: 'dead-1', account_id: null },
    ])
    expect(await errorsOf(account)).toEqual([
      { sequence: 1, last_error: 'status' },
      { sequence: 2, last_error: 'dead_letter' },
    ])
    expect(await errorsOf(other)).toEqual([{ sequence: 1, last_error: null }])
    expect(await deliveriesOf(account, hook)).toMatchObject([
      { sequence: 2, status: 'pending', last_error: 'dead_letter', attempt_count: 0 },
      { sequence: 1, status: 'pending', last_error: 'status', attempt_count: 1 },
    ])
    advanceClock(LEASE)
    await deliver(null)
    expect(await errorsOf(account)).toEqual([
      { sequence: 1, last_error: null },
      { sequence: 2, last_error: null },
    ])
  })

  it('F03 are put back, each of its own, when D1 fails, and are logged at once', async () => {
    const logged = watchErrors()
    breakDatabase((call) => call === 1)
    expect(await consumeDead(account.id, account.id)).toEqual([AGAIN, DONE])
    const entries = logged.map(({ dead_letter, failed }) => (dead_letter ? 'message' : failed))
    expect(entries).toEqual(['message', 'record dead letter', 'message'])
  })
})

describe('the ring', () => {
  const messages = () => queue.send.mock.calls

  it('is sent at once, then once a second at most, and names the account alone', async () => {
    const create = () => createTicket(account.agent)
    for (const _ of '1234') await create()
    const [now, soon] = [0, 1].map((delaySeconds) => [{ account_id: account.id }, { delaySeconds }])
    expect(messages()).toEqual([now, soon])
    advanceClock(999)
    await create()
    expect(messages()).toEqual([now, soon])
    advanceClock(1)
    for (const _ of '12') await create()
    expect(messages()).toEqual([now, soon, soon])
    advanceClock(2_000)
    await create()
    expect(messages()).toEqual([now, soon, soon, now])
  })

  it('is not sent where nobody listens: no webhook, an inactive one, a deleted one', async () => {
    const silent = await createTestAccount()
    const deleted = await createTestAccount()
    await callAs(account.admin, 'PATCH', `webhooks/${hook.id}`, { active: false })
    await callAs(deleted.admin, 'DELETE', `webhooks/${(await createTestWebhook(deleted)).id}`)
    for (const own of [account, silent, deleted]) {
      const { id } = await createTicket(own.agent)
      await callAs(own.agent, 'POST', `tickets/${id}/comments`, { content: 'C' })
    }
    expect(messages()).toEqual([])
    await callAs(account.admin, 'PATCH', `webhooks/${hook.id}`, { active: true })
    expect(messages()).toHaveLength(1)
  })
})
