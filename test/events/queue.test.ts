import { createExecutionContext, createMessageBatch, createScheduledController } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { WakeMessage } from '../../src/env'
import worker from '../../src/index'
import { type Account, createTicket, mintAccount, rows } from '../helpers/api'

let account: Account

beforeEach(async () => {
  // No ring of its own: what is fanned out here is fanned out by the test.
  vi.spyOn(env.WEBHOOKS, 'send').mockRejectedValue(new Error('Queue is overloaded'))
  account = await mintAccount()
})
afterEach(() => {
  vi.restoreAllMocks()
})

async function waiting(accountId: string): Promise<number> {
  const found = await rows('SELECT id FROM events WHERE account_id = ? AND fanned_out_at IS NULL', accountId)
  return found.length
}

/** Gives the consumer a message for each account, and tells what became of each. */
async function deliver(accounts: string[], queue = 'ticketing-webhooks') {
  const batch = createMessageBatch<WakeMessage>(
    queue,
    accounts.map((account_id, index) => ({
      id: `message-${index}`,
      timestamp: new Date(),
      attempts: 1,
      body: { account_id },
    })),
  )
  const told = batch.messages.map((message) => ({
    ack: vi.spyOn(message, 'ack'),
    retry: vi.spyOn(message, 'retry'),
  }))
  await worker.queue(batch, env, createExecutionContext())
  return told.map(({ ack, retry }) => ({ acked: ack.mock.calls.length, retried: retry.mock.calls }))
}

const DONE = { acked: 1, retried: [] }

describe('the queue consumer', () => {
  it('marks the events of the account as fanned out, and those of no other', async () => {
    const other = await mintAccount()
    for (let i = 0; i < 3; i += 1) await createTicket(account.agent)
    await createTicket(other.agent)
    expect(await waiting(account.id)).toBe(3)
    const before = Date.now()
    expect(await deliver([account.id])).toEqual([DONE])
    expect([await waiting(account.id), await waiting(other.id)]).toEqual([0, 1])
    const events = await rows<{ fanned_out_at: number }>(
      'SELECT fanned_out_at FROM events WHERE account_id = ?',
      account.id,
    )
    for (const event of events) expect(event.fanned_out_at).toBeGreaterThanOrEqual(before)
  })

  it('does nothing the second time, and nothing for an account that is not there', async () => {
    await createTicket(account.agent)
    await deliver([account.id])
    const marks = () => rows('SELECT fanned_out_at FROM events WHERE account_id = ?', account.id)
    const first = await marks()
    expect(await deliver([account.id, account.id, 'acct_nobody'])).toEqual([DONE, DONE, DONE])
    expect(await marks()).toEqual(first)
  })

  it('F03 retries the message that D1 failed, and acknowledges the others', async () => {
    const accounts = [account, await mintAccount(), await mintAccount()]
    for (const { agent } of accounts) await createTicket(agent)
    const original = env.DB.batch.bind(env.DB)
    let calls = 0
    const broken = vi.spyOn(env.DB, 'batch').mockImplementation(((statements: D1PreparedStatement[]) => {
      calls += 1
      return calls === 2 ? Promise.reject(new Error('D1_ERROR: overloaded')) : original(statements)
    }) as never)
    const told = await deliver(accounts.map(({ id }) => id))
    broken.mockRestore()
    expect(told).toEqual([DONE, { acked: 0, retried: [[{ delaySeconds: 5 }]] }, DONE])
    expect(await Promise.all(accounts.map(({ id }) => waiting(id)))).toEqual([0, 1, 0])
    expect(await deliver([accounts[1]?.id ?? ''])).toEqual([DONE])
    expect(await waiting(accounts[1]?.id ?? '')).toBe(0)
  })

  it('acknowledges a dead letter and logs it, and does not take it for a ring', async () => {
    await createTicket(account.agent)
    const logged: string[] = []
    vi.spyOn(console, 'error').mockImplementation((line) => {
      logged.push(line)
    })
    expect(await deliver([account.id], 'ticketing-webhooks-dead')).toEqual([DONE])
    expect(logged.map((line) => JSON.parse(line))).toEqual([
      { level: 'error', dead_letter: 'message-0', account_id: account.id },
    ])
    expect(await waiting(account.id)).toBe(1)
  })
})

describe('the scheduled handler', () => {
  it('fans out what a lost message left behind, for all accounts', async () => {
    const other = await mintAccount()
    await createTicket(account.agent)
    await createTicket(other.agent)
    await worker.scheduled(createScheduledController(), env)
    expect([await waiting(account.id), await waiting(other.id)]).toEqual([0, 0])
  })

  it('F03 does not throw when D1 fails, and says so in the log', async () => {
    await createTicket(account.agent)
    const logged: string[] = []
    vi.spyOn(console, 'error').mockImplementation((line) => {
      logged.push(line)
    })
    const broken = vi.spyOn(env.DB, 'batch').mockRejectedValue(new Error('D1_ERROR: SELECT secret'))
    await worker.scheduled(createScheduledController(), env)
    broken.mockRestore()
    expect(logged).toEqual([JSON.stringify({ level: 'error', sweep: 'failed', parts: 3 })])
    await worker.scheduled(createScheduledController(), env)
    expect(await waiting(account.id)).toBe(0)
  })
})

describe('the ring', () => {
  it('is sent for a change, holds the account and nothing else, and at most once a second', async () => {
    const send = vi.spyOn(env.WEBHOOKS, 'send').mockResolvedValue(undefined as never)
    send.mockClear()
    const own = await mintAccount()
    for (let i = 0; i < 3; i += 1) await createTicket(own.agent)
    await vi.waitFor(() => expect(send).toHaveBeenCalled())
    for (const [message] of send.mock.calls) expect(message).toEqual({ account_id: own.id })
    expect(send.mock.calls.length).toBeLessThanOrEqual(2)
  })
})
