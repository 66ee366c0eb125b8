import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import worker from '../../src'
import { sweep } from '../../src/jobs/sweep'
import { consumeDeadLetters } from '../../src/webhooks/service'
import { type Account, createTestAccount, createTicket, row, rows } from '../../test/helpers/api'
import { eventually } from '../../test/helpers/eventually'
import { files } from '../../test/helpers/files'
import { ask } from '../../test/helpers/tickets'
import { createTestWebhook, deliver, drain, forgetWebhooks, type Received, receive } from '../../test/helpers/webhooks'
import { FaultLayer, SECRET_OF_FAULTS } from './fault-layer'

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
      expect(String(line)).not.toContain(SECRET_OF_FAULTS)
      logged.push(JSON.parse(String(line)))
    })
  layer = new FaultLayer()
  account = await createTestAccount()
})
afterEach(async () => {
  vi.useRealTimers()
  vi.restoreAllMocks()
  await forgetWebhooks()
})

const failuresOf = (part: string) => logged.filter(({ failed }) => failed === part)

/** Something of each kind that a sweep has to look after. */
async function leaveBehind(): Promise<void> {
  const { id } = await createTicket(account.agent, files('a.txt'))
  await layer.during(
    (index) => (index > 1 ? 'refuses' : null),
    () => ask(account.agent, 'DELETE', `tickets/${id}`),
  )
  const now = Date.now()
  await env.FILES.put(`${account.id}/attach_abandoned`, 'abc')
  await env.DB.batch([
    env.DB.prepare(`INSERT INTO object_intents VALUES (?, 'attach_abandoned', 'upload', ?)`).bind(account.id, now),
    env.DB.prepare(
      `INSERT INTO idempotency_records (account_id, caller_id, key_hash, request_hash, rows, created_at)
      VALUES (?, 'user_a', 'k', 'r', '[]', ?)`,
    ).bind(account.id, now - 2 * DAY),
    env.DB.prepare(
      `INSERT INTO revoked_tokens (account_id, user_id, token_id, revoked_at, expires_at) VALUES (?, ?, 'token', 0, 1)`,
    ).bind(account.id, account.agent.id),
  ])
}

/** What of that is still there. */
async function leftBehind() {
  const counts = await row<Record<string, number>>(
    `SELECT (SELECT count(*) FROM object_intents WHERE account_id = ?1) AS intents,
      (SELECT count(*) FROM idempotency_records WHERE account_id = ?1) AS records,
      (SELECT count(*) FROM revoked_tokens WHERE account_id = ?1) AS tokens`,
    account.id,
  )
  return { ...counts, objects: (await env.FILES.list({ prefix: `${account.id}/` })).objects.length }
}

const NOTHING = { intents: 0, records: 0, tokens: 0, objects: 0 }
const later = () => Date.now() + 2 * 60 * MINUTE

describe('F03 a sweep', () => {
  it('F03 does the rest at each call that fails, says what failed, and the next one completes it', async () => {
    await leaveBehind()
    expect(await leftBehind()).toEqual({ intents: 2, records: 1, tokens: 1, objects: 2 })
    const calls = await layer.during(
      () => null,
      () => sweep(env, '', later()),
    )
    expect(await leftBehind()).toEqual(NOTHING)
    expect(calls.map(({ name }) => name)).toContain('R2 delete')
    for (const at of calls.keys())
      for (const kind of ['refuses', 'loses its answer'] as const) {
        await leaveBehind()
        logged = []
        const made = await layer.during(
          (index) => (index === at ? kind : null),
          () => sweep(env, '', later()),
        )
        const failure = { error: expect.stringMatching(/^(Db)?Error$/), at: expect.stringMatching(/^at /) }
        const line = { level: 'error', failed: expect.stringMatching(/^(sweep|bell)$/), failure }
        expect(logged, `call ${at} ${kind}`).toEqual(at < made.length ? [line] : [])
        await sweep(env, '', later())
        expect(await leftBehind(), `call ${at} ${kind}`).toEqual(NOTHING)
      }
  })
})

/** What a sweep rings for is heard, after a minute in which leases lapse, until nothing more is due. */
async function comeBack(): Promise<void> {
  vi.setSystemTime(Date.now() + MINUTE)
  await sweep(env, '', Date.now())
  await drain({}, account, null)
}

const eventsOf = (received: Received[]) => received.map(({ event }) => event.id as string)

describe('F03 the consumer of the queue', () => {
  it('F03 at each call that fails: acknowledged or put back, and every event comes, whole and under its own ID', async () => {
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
      for (const kind of ['refuses', 'loses its answer'] as const) {
        const where = `call ${at}, ${calls[at]?.name}, ${kind}`
        logged = []
        received.length = 0
        await createTicket(account.agent)
        await layer.during(
          (index) => (index === at ? kind : null),
          async () => {
            const [told] = await deliver(account)
            expect((told?.acked ?? 0) + (told?.retried.length ?? 0), where).toBe(1)
          },
        )
        expect(logged.filter(({ failed }) => failed).length, where).toBeLessThanOrEqual(1)
        if (logged.every(({ failed }) => failed === undefined)) expect(received, where).toHaveLength(1)
        await comeBack()
        const [event] = await rows<{ id: string }>(
          'SELECT id FROM events WHERE account_id = ? ORDER BY sequence DESC LIMIT 1',
          account.id,
        )
        expect(new Set(eventsOf(received)), where).toEqual(new Set([event?.id]))
        expect(new Set(received.map(({ body }) => body)).size, where).toBe(1)
        const open = await rows("SELECT id FROM deliveries WHERE account_id = ? AND status <> 'succeeded'", account.id)
        expect(open, where).toEqual([])
      }
    const count = await row<{ n: number }>('SELECT count(*) AS n FROM deliveries WHERE account_id = ?', account.id)
    expect(count?.n).toBe(1 + 2 * calls.length)
  })

  it('F03 a dead letter that can not be shown is put back, and says so', async () => {
    const message = { id: 'm', body: { account_id: account.id }, ack: vi.fn(), retry: vi.fn() }
    await layer.during(
      () => 'refuses',
      () => consumeDeadLetters(env, [message]),
    )
    expect([message.ack.mock.calls.length, message.retry.mock.calls.length]).toEqual([0, 1])
    expect(failuresOf('dead letter')).toHaveLength(1)
  })
})

describe('F03 the queue refuses', () => {
  it('F03 a request is answered as ever, one line says that nobody was woken, and the sweep rings', async () => {
    const received = receive()
    await createTestWebhook(account)
    vi.spyOn(env.WEBHOOKS, 'send').mockRejectedValueOnce(new TypeError(`Queue: ${SECRET_OF_FAULTS}`))
    expect((await createTicket(account.agent)).id).toMatch(/^ticket_/)
    await eventually(() => expect(failuresOf('wake')).toHaveLength(1))
    expect(failuresOf('wake')[0]).toEqual({
      level: 'error',
      failed: 'wake',
      account_id: account.id,
      failure: { error: 'TypeError', at: expect.stringMatching(/^at /) },
    })
    await comeBack()
    expect(received).toHaveLength(1)
  })
})

describe('F03 the cron', () => {
  it('F03 fails where the sweeper can not be reached, and arms it the next time', async () => {
    const run = async () => {
      const ctx = createExecutionContext()
      await worker.scheduled({ cron: '* * * * *', scheduledTime: Date.now(), noRetry: () => undefined }, env)
      await waitOnExecutionContext(ctx)
    }
    const broken = await layer.during(
      () => 'refuses',
      () => expect(run()).rejects.toThrow(),
    )
    const sound = await layer.during(() => null, run)
    expect([broken, sound].map((calls) => calls.map(({ name }) => name))).toEqual([
      ['SWEEPER ensureScheduled'],
      ['SWEEPER ensureScheduled'],
    ])
  })
})
