import { createScheduledController, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import worker from '../../src'
import { sweep } from '../../src/jobs/sweep'
import { sweepDeliveries } from '../../src/webhooks/service'
import { type Account, call, createTestAccount, createTicket, row, rows } from '../helpers/api'
import { advanceClock, stopClock } from '../helpers/credentials'
import { resetSweeper } from '../helpers/sweeper'
import { callAs } from '../helpers/tickets'
import {
  countPendingEvents,
  createTestWebhook,
  deleteAllWebhooks,
  deliver,
  receive,
  seedDeliveries,
  seedEvents,
  silenceQueue,
} from '../helpers/webhooks'

const SECOND = 1_000
const DAY = 86_400_000
const PERIOD = 20 * SECOND

let account: Account
let queue: ReturnType<typeof silenceQueue>

beforeEach(async () => {
  stopClock()
  queue = silenceQueue()
  account = await createTestAccount()
})
afterEach(async () => {
  vi.useRealTimers()
  vi.restoreAllMocks()
  await deleteAllWebhooks()
  await resetSweeper()
  // Pending events would be fanned out by the next test.
  await env.DB.prepare('UPDATE account_state SET fanned_out_sequence = event_sequence').run()
})

const sweeper = () => env.SWEEPER.getByName('sweeper')
const alarm = () => runInDurableObject(sweeper(), (_sweeper, { storage }) => storage.getAlarm())

/** The accounts of each enqueued message; null for due deliveries. */
const enqueuedAccounts = () =>
  queue.sendBatch.mock.calls.flatMap(([messages]) =>
    [...messages].map(({ body }) => Reflect.get(Object(body), 'account_id')),
  )

describe("the sweeper's alarm", () => {
  it.each([
    ['/health', async () => expect((await call('GET', '/health')).status).toBe(200)],
    ['POST /webhooks', () => createTestWebhook(account)],
    ['cron', () => worker.scheduled(createScheduledController(), env)],
  ])('is set by %s where it is not, and stays where it is', async (_name, arm) => {
    await runInDurableObject(sweeper(), (_sweeper, { storage }) => storage.deleteAlarm())
    await arm()
    const first = await alarm()
    expect(first).toBe(Date.now() + PERIOD)
    advanceClock(11 * SECOND)
    await arm()
    expect(await alarm()).toBe(first)
  })

  it('is set for the next time before anything else is done', async () => {
    const order: string[] = []
    vi.spyOn(env.DB, 'batch').mockImplementation(async () => {
      order.push('D1')
      return []
    })
    await runInDurableObject(sweeper(), async (instance, { storage }) => {
      const note = (name: string) => async () => void order.push(name)
      vi.spyOn(storage, 'setAlarm').mockImplementation(note('setAlarm'))
      vi.spyOn(storage, 'get').mockImplementation(note('get') as never)
      await instance.alarm()
    })
    expect(order.slice(0, 3)).toEqual(['setAlarm', 'get', 'D1'])
  })

  it('F03 sets itself again, and says so in the log, when everything that it does fails', async () => {
    await createTestWebhook(account)
    const logged: string[] = []
    vi.spyOn(console, 'error').mockImplementation((line) => {
      logged.push(line)
    })
    vi.spyOn(env.DB, 'batch').mockRejectedValue(new Error('D1_ERROR: SELECT secret'))
    for (const _ of '12345678') {
      advanceClock(PERIOD)
      expect(await runDurableObjectAlarm(sweeper())).toBe(true)
      expect(await alarm()).toBe(Date.now() + PERIOD)
    }
    expect(logged).toHaveLength(8 * 7)
    for (const line of logged)
      expect(JSON.parse(line)).toEqual({
        level: 'error',
        failed: 'sweep',
        failure: { error: 'DbError', at: expect.stringMatching(/^at /) },
      })
  })

  it('F02 brings to its webhook what a lost message has left behind, once the lease has lapsed of who died with it', async () => {
    queue.send.mockRejectedValue(new Error('Queue is overloaded'))
    await createTestWebhook(account)
    await createTicket(account.agent)
    await runDurableObjectAlarm(sweeper())
    expect(enqueuedAccounts()).toEqual([account.id])
    const received = receive()
    const original = env.DB.batch.bind(env.DB)
    const crash = vi
      .spyOn(env.DB, 'batch')
      .mockImplementation(((statements: D1PreparedStatement[]) =>
        received.length > 0 ? Promise.reject(new Error('D1_ERROR')) : original(statements)) as never)
    await deliver(account.id)
    crash.mockRestore()
    await runDurableObjectAlarm(sweeper())
    expect(enqueuedAccounts()).toEqual([account.id])
    advanceClock(31 * SECOND)
    await runDurableObjectAlarm(sweeper())
    expect(enqueuedAccounts()).toEqual([account.id, null])
    await deliver(null)
    await runDurableObjectAlarm(sweeper())
    expect(enqueuedAccounts()).toEqual([account.id, null])
    expect(await rows('SELECT status FROM deliveries WHERE account_id = ?', account.id)).toEqual([
      { status: 'succeeded' },
    ])
  })

  it('goes through accounts a hundred at a time, and begins again after the last', async () => {
    const insert = (table: string, columns: string, values: string) =>
      env.DB.prepare(
        `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 250)
        INSERT INTO ${table} (${columns}) SELECT printf('acct_z%03d', i), ${values} FROM n`,
      )
    await env.DB.batch([
      insert('accounts', 'id, slug, name, plan, allow_registration, created_at', `'z' || i, 'N', 'standard', 0, 0`),
      insert('account_state', 'account_id, ticket_number, event_sequence, listeners', '0, 1, 1'),
    ])
    const sweeps: (string | null)[][] = []
    for (const _ of '1234') {
      queue.sendBatch.mockClear()
      advanceClock(PERIOD)
      await worker.scheduled(createScheduledController(), env)
      await runDurableObjectAlarm(sweeper())
      sweeps.push(enqueuedAccounts())
    }
    const names = Array.from({ length: 250 }, (_, index) => `acct_z${String(index + 1).padStart(3, '0')}`)
    expect(sweeps).toEqual([names.slice(0, 100), names.slice(100, 200), names.slice(200), names.slice(0, 100)])
  })
})

describe('a sweep', () => {
  const run = () => sweep(env, '', Date.now())

  it('rings for accounts with events or replays that somebody listens to, and once for what is due', async () => {
    const [silent, inactive, done, replaying] = await Promise.all([1, 2, 3, 4].map(() => createTestAccount()))
    if (!silent || !inactive || !done || !replaying) throw new Error()
    const own = await createTestWebhook(account)
    const off = await createTestWebhook(inactive)
    await callAs(inactive.admin, 'PATCH', `webhooks/${off.id}`, { active: false })
    for (const each of [account, silent, inactive, done, replaying]) await seedEvents(each, 2)
    receive()
    for (const each of [done, replaying]) await createTestWebhook(each).then(() => deliver(each))
    await env.DB.prepare("INSERT INTO replays VALUES (?, 'webhook_1', 1, 2, 0, 1, 0)").bind(replaying.id).run()
    expect(await run()).toBe('')
    expect(enqueuedAccounts().toSorted()).toEqual([account.id, replaying.id].toSorted())
    expect(await Promise.all([account, silent, inactive, done].map(countPendingEvents))).toEqual([2, 0, 0, 0])
    await seedDeliveries(account, own)
    queue.sendBatch.mockClear()
    await run()
    expect(enqueuedAccounts()).toEqual([replaying.id, null])
    await env.DB.prepare('DELETE FROM replays').run()
    const soon = Date.now() + 1
    for (const change of [`next_at = ${soon}`, `next_at = 1, lease_until = ${soon}`, 'next_at = NULL']) {
      await env.DB.prepare(`UPDATE webhooks SET ${change} WHERE id = ?`).bind(own.id).run()
      queue.sendBatch.mockClear()
      await run()
      expect(enqueuedAccounts(), change).toEqual([])
    }
  })

  function watchChanges(): number[] {
    const changes: number[] = []
    const original = env.DB.batch.bind(env.DB)
    vi.spyOn(env.DB, 'batch').mockImplementation((async (statements: D1PreparedStatement[]) => {
      const results = await original(statements)
      changes.push(...results.map(({ meta }) => meta.changes))
      return results
    }) as never)
    return changes
  }

  const left = (of: { id: string }) =>
    row(
      `SELECT (SELECT count(*) FROM deliveries WHERE webhook_id = w.id) AS deliveries,
        (SELECT count(*) FROM delivery_attempts a JOIN deliveries d ON d.account_id = a.account_id AND d.id = a.delivery_id
          WHERE d.webhook_id = w.id) AS attempts
      FROM webhooks w WHERE id = ?`,
      of.id,
    )
  const orphans = () => rows('SELECT * FROM delivery_attempts WHERE delivery_id NOT IN (SELECT id FROM deliveries)')

  const attemptAll = () =>
    env.DB.prepare(
      `INSERT INTO delivery_attempts (account_id, delivery_id, number, at, trigger, duration_ms)
      SELECT account_id, d.id, n.value, 0, 'scheduled', 1 FROM deliveries d JOIN json_each('[1,2]') n`,
    ).run()

  it('takes deliveries that were settled 7 days ago, with their attempts, 500 rows a statement; pending ones stay', async () => {
    const hook = await createTestWebhook(account)
    await seedEvents(account, 1_300)
    await seedDeliveries(account, hook)
    await attemptAll()
    const endDeliveries = env.DB.prepare(
      'UPDATE deliveries SET retry_at = NULL, settled_at = ? WHERE webhook_id = ? AND sequence BETWEEN ? AND ?',
    )
    await env.DB.batch([
      endDeliveries.bind(Date.now() - 7 * DAY - 1, hook.id, 1, 1_200),
      endDeliveries.bind(Date.now() - 7 * DAY, hook.id, 1_201, 1_250),
    ])
    const changes = watchChanges()
    await run()
    expect(Math.max(...changes)).toBe(500)
    expect(await left(hook)).toEqual({ deliveries: 100, attempts: 200 })
    expect(await orphans()).toEqual([])
    advanceClock(1)
    await run()
    expect(await left(hook)).toEqual({ deliveries: 50, attempts: 100 })
    advanceClock(100 * DAY)
    await run()
    expect(await left(hook)).toEqual({ deliveries: 50, attempts: 100 })
  })

  it('takes what belonged to a deleted webhook, the webhook last, and of no other', async () => {
    const [hook, other] = [await createTestWebhook(account), await createTestWebhook(account)]
    await seedEvents(account, 3_000)
    for (const each of [hook, other]) await seedDeliveries(account, each)
    await attemptAll()
    await callAs(account.admin, 'DELETE', `webhooks/${hook.id}`)
    const changes = watchChanges()
    const lefts: unknown[] = []
    for (let sweeps = 0; sweeps < 5 && lefts.at(-1) !== null; sweeps += 1) {
      await sweepDeliveries(env, Date.now())
      lefts.push(await left(hook))
    }
    expect(Math.max(...changes)).toBe(500)
    expect(lefts.length).toBeGreaterThan(1)
    for (const earlier of lefts.slice(0, -1)) expect(earlier).not.toEqual({ deliveries: 0, attempts: 0 })
    expect(lefts.at(-1)).toBeNull()
    expect(await rows('SELECT count(*) AS count FROM deliveries WHERE webhook_id = ?', hook.id)).toEqual([{ count: 0 }])
    expect(await orphans()).toEqual([])
    expect(await left(other)).toEqual({ deliveries: 3_000, attempts: 6_000 })
  })
})
