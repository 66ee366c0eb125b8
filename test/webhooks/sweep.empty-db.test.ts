import { createScheduledController, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import worker from '../../src'
import { alias } from '../../src/db/alias'
import { accountCounters, accounts } from '../../src/db/schema/accounts'
import { deliveries, deliveryAttempts, replays, webhooks } from '../../src/db/schema/webhooks'
import { sql } from '../../src/db/sql'
import { select } from '../../src/db/statement'
import { insertSelect, update } from '../../src/db/write'
import { BEGINNING, sweep } from '../../src/jobs/sweep'
import { sweepDeliveries } from '../../src/webhooks/service'
import { type Account, call, createTestAccount, createTicket } from '../helpers/api'
import { advanceClock, stopClock } from '../helpers/credentials'
import { execute, numbers, prepare, row, rows } from '../helpers/database'
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

const w = alias(webhooks, 'w')
const a = alias(deliveryAttempts, 'a')
const d = alias(deliveries, 'd')

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
  await execute(update(accountCounters, { fannedOutSequence: accountCounters.eventSequence }, sql`true`))
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
  ])('is set by %s if it is missing, and is not moved otherwise', async (_name, arm) => {
    await runInDurableObject(sweeper(), (_sweeper, { storage }) => storage.deleteAlarm())
    await arm()
    const first = await alarm()
    expect(first).toBe(Date.now() + PERIOD)
    advanceClock(11 * SECOND)
    await arm()
    expect(await alarm()).toBe(first)
  })

  it('is set for the next time before any other work', async () => {
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

  it('F03 sets itself again, and logs it, when all of its work fails', async () => {
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
    expect(logged).toHaveLength(8 * 10)
    for (const line of logged)
      expect(JSON.parse(line)).toEqual({
        level: 'error',
        failed: 'sweep',
        failure: { error: 'DbError', at: expect.stringMatching(/^at /) },
      })
  })

  it('F02 delivers the event of a lost message, once the lease of its killed consumer has expired', async () => {
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
    expect(
      await rows(
        select({ status: deliveries.status }, sql`FROM ${deliveries} WHERE ${deliveries.accountId} = ${account.id}`),
      ),
    ).toEqual([{ status: 'succeeded' }])
  })

  it('processes a hundred accounts at a time, and starts again after the last one', async () => {
    const id = sql<string>`printf('acct_z%03d', i)`
    const many = sql`FROM ${numbers(1, 250)}`
    await env.DB.batch([
      prepare(
        insertSelect(
          accounts,
          { id, slug: sql`'z' || i`, name: 'N', plan: 'standard', allowRegistration: 0, createdAt: 0 },
          many,
        ),
      ),
      prepare(
        insertSelect(accountCounters, { accountId: id, ticketNumber: 0, eventSequence: 1, activeWebhooks: 1 }, many),
      ),
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
  const run = () => sweep(env, BEGINNING, Date.now())

  it('enqueues messages for accounts with events or replays for active webhooks, and one for due deliveries', async () => {
    const [silent, inactive, done, replaying] = await Promise.all([1, 2, 3, 4].map(() => createTestAccount()))
    if (!silent || !inactive || !done || !replaying) throw new Error()
    const own = await createTestWebhook(account)
    const off = await createTestWebhook(inactive)
    await callAs(inactive.admin, 'PATCH', `webhooks/${off.id}`, { active: false })
    for (const each of [account, silent, inactive, done, replaying]) await seedEvents(each, 2)
    receive()
    for (const each of [done, replaying]) await createTestWebhook(each).then(() => deliver(each))
    await execute(
      insertSelect(replays, {
        accountId: replaying.id,
        webhookId: 'webhook_1',
        nextSequence: 1,
        lastSequence: 2,
        since: 0,
        until: 1,
        onlyFailed: 0,
      }),
    )
    expect(await run()).toEqual(BEGINNING)
    expect(enqueuedAccounts().toSorted()).toEqual([account.id, replaying.id].toSorted())
    expect(await Promise.all([account, silent, inactive, done].map(countPendingEvents))).toEqual([2, 0, 0, 0])
    await seedDeliveries(account, own)
    queue.sendBatch.mockClear()
    await run()
    expect(enqueuedAccounts()).toEqual([replaying.id, null])
    await execute(sql`DELETE FROM ${replays}`)
    const soon = Date.now() + 1
    for (const change of [{ nextAt: soon }, { nextAt: 1, leaseUntil: soon }, { nextAt: null }]) {
      await execute(update(webhooks, change, sql`${webhooks.id} = ${own.id}`))
      queue.sendBatch.mockClear()
      await run()
      expect(enqueuedAccounts(), JSON.stringify(change)).toEqual([])
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
      select(
        {
          deliveries: sql`(SELECT count(*) FROM ${deliveries} WHERE ${deliveries.webhookId} = ${w.id})`,
          attempts: sql`(SELECT count(*) FROM ${a} JOIN ${d} ON ${d.accountId} = ${a.accountId} AND ${d.id} = ${a.deliveryId}
          WHERE ${d.webhookId} = ${w.id})`,
        },
        sql`FROM ${w} WHERE ${w.id} = ${of.id}`,
      ),
    )
  const orphans = () =>
    rows(
      sql`SELECT * FROM ${deliveryAttempts} WHERE ${deliveryAttempts.deliveryId} NOT IN (SELECT ${deliveries.id}
        FROM ${deliveries})`,
    )

  const attemptAll = () =>
    execute(
      insertSelect(
        deliveryAttempts,
        {
          accountId: d.accountId,
          deliveryId: d.id,
          number: sql`n.value`,
          at: 0,
          trigger: 'scheduled',
          durationMs: 1,
        },
        sql`FROM ${d} JOIN json_each('[1,2]') n`,
      ),
    )

  it('deletes deliveries that were completed 7 days ago, with their attempts, 500 rows per statement; pending ones are kept', async () => {
    const hook = await createTestWebhook(account)
    await seedEvents(account, 1_300)
    await seedDeliveries(account, hook)
    await attemptAll()
    const endDeliveries = (completedAt: number, from: number, to: number) =>
      prepare(
        update(
          deliveries,
          { retryAt: null, completedAt },
          sql`${deliveries.webhookId} = ${hook.id} AND ${deliveries.sequence} BETWEEN ${from} AND ${to}`,
        ),
      )
    await env.DB.batch([
      endDeliveries(Date.now() - 7 * DAY - 1, 1, 1_200),
      endDeliveries(Date.now() - 7 * DAY, 1_201, 1_250),
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

  it('deletes the rows of a deleted webhook, the webhook last, and of no other', async () => {
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
    expect(
      await rows(select({ count: sql`count(*)` }, sql`FROM ${deliveries} WHERE ${deliveries.webhookId} = ${hook.id}`)),
    ).toEqual([{ count: 0 }])
    expect(await orphans()).toEqual([])
    expect(await left(other)).toEqual({ deliveries: 3_000, attempts: 6_000 })
  })
})
