import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import worker from '../../src'
import { accountCounters, backfills, idempotencyRecords, revokedTokens } from '../../src/db/schema/accounts'
import { erasures, objectIntents } from '../../src/db/schema/tickets'
import { deliveries, deliveryAttempts, events, webhooks } from '../../src/db/schema/webhooks'
import { sql } from '../../src/db/sql'
import { select } from '../../src/db/statement'
import { deleteFrom, insertSelect } from '../../src/db/write'
import { BEGINNING, sweep } from '../../src/jobs/sweep'
import { consumeDeadLetters } from '../../src/webhooks/service'
import { type Account, createTestAccount, createTicket } from '../../test/helpers/api'
import { countOf, execute, prepare, row, rows } from '../../test/helpers/database'
import { eventually } from '../../test/helpers/eventually'
import { files } from '../../test/helpers/files'
import { callAs } from '../../test/helpers/tickets'
import {
  createTestWebhook,
  deleteAllWebhooks,
  deliver,
  drain,
  type Received,
  receive,
} from '../../test/helpers/webhooks'
import { FAULT_SECRET, FaultLayer, failWrites } from './fault-layer'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

let account: Account
let layer: FaultLayer
let logged: Record<string, unknown>[]

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  logged = []
  for (const level of ['info', 'error'] as const)
    vi.spyOn(console, level).mockImplementation((line) => {
      expect(String(line)).not.toContain(FAULT_SECRET)
      logged.push(JSON.parse(String(line)))
    })
  layer = new FaultLayer()
  // It would record the erasures of this test again.
  await execute(deleteFrom(backfills, sql`true`))
  account = await createTestAccount()
})
afterEach(async () => {
  vi.useRealTimers()
  vi.restoreAllMocks()
  await deleteAllWebhooks()
})

const failuresOf = (task: string) => logged.filter(({ failed }) => failed === task)

/** Leaves behind one of each kind of thing that a sweep cleans up. */
async function createSweepWork(): Promise<void> {
  const { id } = await createTicket(account.agent, files('a.txt'))
  await layer.during(
    (index) => (index > 1 ? 'rejects' : null),
    () => callAs(account.agent, 'DELETE', `tickets/${id}`),
  )
  const now = Date.now()
  await env.FILES.put(`${account.id}/attach_abandoned`, 'abc')
  await env.DB.batch([
    prepare(
      insertSelect(objectIntents, { accountId: account.id, id: 'attach_abandoned', kind: 'upload', createdAt: now }),
    ),
    prepare(
      insertSelect(idempotencyRecords, {
        accountId: account.id,
        callerId: 'user_a',
        keyHash: 'k',
        fingerprint: 'r',
        rows: '[]',
        createdAt: now - 2 * DAY,
      }),
    ),
    prepare(
      insertSelect(revokedTokens, {
        accountId: account.id,
        userId: account.agent.id,
        tokenId: 'token',
        revokedAt: 0,
        expiresAt: 1,
      }),
    ),
  ])
}

async function remainingWork() {
  const counts = await row(
    select(
      {
        intents: countOf(account, objectIntents),
        records: countOf(account, idempotencyRecords),
        tokens: countOf(account, revokedTokens),
        erasures: countOf(account, erasures),
      },
      sql``,
    ),
  )
  return { ...counts, objects: (await env.FILES.list({ prefix: `${account.id}/` })).objects.length }
}

const NOTHING = { intents: 0, records: 0, tokens: 0, erasures: 0, objects: 0 }
const later = () => Date.now() + 2 * 60 * MINUTE

describe('F03 a sweep', () => {
  it('F03 continues after each failing call, logs what failed, and the next sweep completes it', async () => {
    await createSweepWork()
    expect(await remainingWork()).toEqual({ intents: 2, records: 1, tokens: 1, erasures: 1, objects: 2 })
    const calls = await layer.during(
      () => null,
      () => sweep(env, BEGINNING, later()),
    )
    expect(await remainingWork()).toEqual(NOTHING)
    expect(calls.map(({ name }) => name)).toContain('R2 delete')
    for (const at of calls.keys())
      for (const kind of ['rejects', 'loses its response'] as const) {
        await createSweepWork()
        logged = []
        const performed = await layer.during(
          (index) => (index === at ? kind : null),
          () => sweep(env, BEGINNING, later()),
        )
        const failure = { error: expect.stringMatching(/^(Db)?Error$/), at: expect.stringMatching(/^at /) }
        const line = { level: 'error', failed: expect.stringMatching(/^(sweep|bell)$/), failure }
        expect(logged, `call ${at} ${kind}`).toEqual(at < performed.length ? [line] : [])
        await sweep(env, BEGINNING, later())
        expect(await remainingWork(), `call ${at} ${kind}`).toEqual(NOTHING)
      }
  })
})

/** The errors of an object, a bucket, a queue and D1 that a retry recovers. */
const LOST = () => Object.assign(new Error('D1_ERROR: Network connection lost.'), { retryable: true })

describe('a sweep whose call fails once with a transient error', () => {
  it.each(['rejects', 'loses its response'] as const)('completes its work without a log line: %s', async (kind) => {
    vi.spyOn(scheduler, 'wait').mockResolvedValue(undefined)
    await createSweepWork()
    const calls = await layer.during(
      () => null,
      () => sweep(env, BEGINNING, later()),
    )
    const retried = calls.flatMap(({ writes }, at) => (writes ? [at] : []))
    expect(new Set(retried.map((at) => calls[at]?.name))).toEqual(new Set(['D1 batch', 'R2 delete']))
    for (const at of retried) {
      await createSweepWork()
      logged = []
      await layer.during(
        (index) => (index === at ? { kind, error: LOST() } : null),
        () => sweep(env, BEGINNING, later()),
      )
      expect([logged, await remainingWork()], `call ${at}`).toEqual([[], NOTHING])
    }
  })
})

/** Runs a sweep after all leases have expired, and delivers until nothing is due. */
async function sweepAndDeliver(): Promise<void> {
  vi.setSystemTime(Date.now() + MINUTE)
  await sweep(env, BEGINNING, Date.now())
  await drain({}, account, null)
}

async function deliveryState(webhookId: string) {
  const w = webhooks
  const own = sql`${w.accountId} = ${account.id} AND ${w.id} = ${webhookId}`
  const inAccount = sql`account_id = ${account.id}`
  const state = await row(
    select(
      {
        attempts: sql<number>`(SELECT count(*) FROM ${deliveryAttempts} WHERE ${inAccount})`,
        succeeded: sql<number>`(SELECT count(*) FROM ${deliveries} WHERE ${inAccount} AND ${deliveries.status} = 'succeeded')`,
        quota_used: sql<number>`(SELECT ${accountCounters.quotaUsed} FROM ${accountCounters} WHERE ${inAccount})`,
        lease_id: w.leaseId,
        next_at: w.nextAt,
      },
      sql`FROM ${w} WHERE ${own}`,
    ),
  )
  if (!state) throw new Error('The webhook does not exist')
  return state
}

const eventsOf = (received: Received[]) => received.map(({ event }) => event.id as string)

describe('F03 the consumer of the queue', () => {
  it('F03 acknowledges or retries after each failing call, and every event is delivered complete and under its own ID', async () => {
    const received = receive()
    await createTestWebhook(account)
    await createTicket(account.agent)
    const calls = await layer.during(
      () => null,
      () => deliver(account),
    )
    expect(received).toHaveLength(1)
    expect(calls.length).toBeGreaterThan(3)
    for (const at of calls.keys())
      for (const kind of ['rejects', 'loses its response'] as const) {
        const label = `call ${at}, ${calls[at]?.name}, ${kind}`
        logged = []
        received.length = 0
        await createTicket(account.agent)
        await layer.during(
          (index) => (index === at ? kind : null),
          async () => {
            const [outcome] = await deliver(account)
            expect((outcome?.acked ?? 0) + (outcome?.retried.length ?? 0), label).toBe(1)
          },
        )
        expect(logged.filter(({ failed }) => failed).length, label).toBeLessThanOrEqual(1)
        if (logged.every(({ failed }) => failed === undefined)) expect(received, label).toHaveLength(1)
        await sweepAndDeliver()
        const [event] = await rows(
          select(
            { id: events.id },
            sql`FROM ${events} WHERE ${events.accountId} = ${account.id} ORDER BY ${events.sequence} DESC LIMIT 1`,
          ),
        )
        expect(new Set(eventsOf(received)), label).toEqual(new Set([event?.id]))
        expect(new Set(received.map(({ body }) => body)).size, label).toBe(1)
        const open = await rows(
          select(
            { id: deliveries.id },
            sql`FROM ${deliveries} WHERE ${deliveries.accountId} = ${account.id} AND ${deliveries.status} <> 'succeeded'`,
          ),
        )
        expect(open, label).toEqual([])
      }
    const count = await row(
      select({ n: sql<number>`count(*)` }, sql`FROM ${deliveries} WHERE ${deliveries.accountId} = ${account.id}`),
    )
    expect(count?.n).toBe(1 + 2 * calls.length)
  })

  it('F03 retries and logs a dead letter that cannot be marked on its delivery', async () => {
    const message = { id: 'm', body: { account_id: account.id }, ack: vi.fn(), retry: vi.fn() }
    await layer.during(
      () => 'rejects',
      () => consumeDeadLetters(env, [message]),
    )
    expect([message.ack.mock.calls.length, message.retry.mock.calls.length]).toEqual([0, 1])
    expect(failuresOf('record dead letter')).toHaveLength(1)
  })
})

describe('a consumer whose call fails once with a transient error', () => {
  it.each(['rejects', 'loses its response'] as const)(
    'sends each event once and counts and records its attempt once: %s',
    async (kind) => {
      vi.spyOn(scheduler, 'wait').mockResolvedValue(undefined)
      const received = receive()
      const webhook = await createTestWebhook(account)
      await createTicket(account.agent)
      const calls = await layer.during(
        () => null,
        () => deliver(account),
      )
      const writes = calls.flatMap((call, at) => (call.writes ? [at] : []))
      expect(writes.length).toBeGreaterThan(3)
      for (const [done, at] of writes.entries()) {
        logged = []
        received.length = 0
        await createTicket(account.agent)
        await layer.during(
          (index) => (index === at ? { kind, error: LOST() } : null),
          () => deliver(account),
        )
        expect([received.length, logged.filter(({ failed }) => failed)], `call ${at}`).toEqual([1, []])
        expect(await deliveryState(webhook.id), `call ${at}`).toEqual({
          attempts: done + 2,
          succeeded: done + 2,
          quota_used: done + 2,
          lease_id: null,
          next_at: null,
        })
      }
    },
  )

  it('schedules the retry of a failed attempt if the response of its record is lost', async () => {
    vi.spyOn(scheduler, 'wait').mockResolvedValue(undefined)
    receive(() => new Response(null, { status: 500 }))
    const webhook = await createTestWebhook(account)
    await createTicket(account.agent)
    const sent = vi.spyOn(env.WEBHOOKS, 'sendBatch')
    const calls = await layer.during(
      failWrites('loses its response', LOST, (write) => write === 2),
      () => deliver(account),
    )
    const { attempts, next_at: nextAt } = await deliveryState(webhook.id)
    expect([attempts, Number(nextAt) > Date.now(), calls.map(({ name }) => name)]).toEqual([
      1,
      true,
      expect.arrayContaining(['queue sendBatch']),
    ])
    expect(sent.mock.lastCall?.[0]).toEqual([{ body: { account_id: null }, delaySeconds: expect.any(Number) }])
  })
})

describe('F03 a queue that rejects messages', () => {
  it('F03 lets the request succeed, logs once that no consumer was notified, and the sweep enqueues', async () => {
    const received = receive()
    await createTestWebhook(account)
    vi.spyOn(env.WEBHOOKS, 'send').mockRejectedValueOnce(new TypeError(`Queue: ${FAULT_SECRET}`))
    expect((await createTicket(account.agent)).id).toMatch(/^ticket_/)
    await eventually(() => expect(failuresOf('enqueue fan-out')).toHaveLength(1))
    expect(failuresOf('enqueue fan-out')[0]).toEqual({
      level: 'error',
      failed: 'enqueue fan-out',
      account_id: account.id,
      failure: { error: 'TypeError', at: expect.stringMatching(/^at /) },
    })
    await sweepAndDeliver()
    expect(received).toHaveLength(1)
  })
})

describe('F03 the cron', () => {
  it('F03 fails if the sweeper cannot be reached, and schedules it the next time', async () => {
    const run = async () => {
      const ctx = createExecutionContext()
      await worker.scheduled({ cron: '* * * * *', scheduledTime: Date.now(), noRetry: () => undefined }, env)
      await waitOnExecutionContext(ctx)
    }
    const faultAt = await layer.during(
      () => 'rejects',
      () => expect(run()).rejects.toThrow(),
    )
    const trial = await layer.during(() => null, run)
    expect([faultAt, trial].map((calls) => calls.map(({ name }) => name))).toEqual([
      ['SWEEPER ensureScheduled'],
      ['SWEEPER ensureScheduled'],
    ])
  })
})
