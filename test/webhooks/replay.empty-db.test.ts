import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { deliveries, replays } from '../../src/db/schema/webhooks'
import { sql } from '../../src/db/sql'
import { select } from '../../src/db/statement'
import { deleteFrom, update } from '../../src/db/write'
import { type Account, createTestAccount } from '../helpers/api'
import { advanceClock, stopClock } from '../helpers/credentials'
import { execute, rows } from '../helpers/database'
import { callAs, detailsOf } from '../helpers/tickets'
import {
  createTestWebhook,
  createTimelessWebhook,
  deleteAllWebhooks,
  deliver,
  deliveriesOf,
  type Hook,
  type Received,
  receive,
  seedDeliveries,
  seedEvents,
  silenceQueue,
  skipSequences,
} from '../helpers/webhooks'

const MINUTE = 60_000
const BEGINNING = '2025-01-01'

let account: Account
let hook: Hook
let received: Received[]
/** Statuses by event sequence; 200 for the others. */
let responses: Map<number, number>
let queue: ReturnType<typeof silenceQueue>

beforeEach(async () => {
  stopClock()
  queue = silenceQueue()
  await deleteAllWebhooks()
  account = await createTimelessWebhook(await createTestAccount())
  hook = await createTestWebhook(account)
  responses = new Map()
  received = receive(({ event }) => new Response(null, { status: responses.get(event.sequence) ?? 200 }))
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const replay = (body: Record<string, unknown>, of = hook) =>
  callAs(account.admin, 'POST', `webhooks/${of.id}/replay`, body)
const wire = (milliseconds: number) => new Date(milliseconds).toISOString()
const upTo = (last: number, first = 1) => Array.from({ length: last - first + 1 }, (_, index) => first + index)
const activate = (active: boolean) => callAs(account.admin, 'PATCH', `webhooks/${hook.id}`, { active })
const replaying = () => rows(sql`SELECT * FROM ${replays} WHERE ${replays.accountId} = ${account.id}`)

async function counted(body: Record<string, unknown>, of = hook): Promise<number> {
  const response = await replay(body, of)
  expect(response.status, response.text).toBe(202)
  return response.body.data.count
}

/** The sequences since the last call, in order. */
function arrived(): number[] {
  return received
    .splice(0)
    .map(({ event }) => event.sequence)
    .toSorted((a, b) => a - b)
}

async function endDeliveries(outcome: 'succeeded' | 'failed', from: number, to = from): Promise<void> {
  const isEnding = sql`${deliveries.accountId} = ${account.id} AND ${deliveries.sequence} BETWEEN ${from} AND ${to}`
  await execute(update(deliveries, { retryAt: null, outcome }, isEnding))
}

describe('W11 POST …/replay', () => {
  it('W11 sends the events of a span of time once more, with their ids and bytes', async () => {
    await seedEvents(account, 3)
    await deliver(account)
    const first = received.splice(0)
    advanceClock(MINUTE)
    queue.send.mockClear()
    expect(await counted({ since: BEGINNING })).toBe(3)
    expect(queue.send.mock.calls).toEqual([[{ account_id: account.id }, { delaySeconds: 0 }]])
    await deliver(account)
    const bytes = (requests: Received[]) =>
      requests.map(({ headers, body }) => `${headers.get('webhook-id')} ${body}`).toSorted()
    expect(bytes(received)).toEqual(bytes(first))
    expect(await deliveriesOf(account, hook)).toMatchObject(Array(3).fill({ status: 'succeeded', attempt_count: 2 }))
    await deliver(account)
    expect(received).toHaveLength(3)
  })

  it('W11 is of the events from `since` on and before `until`', async () => {
    const start = Date.now()
    for (let minute = 0; minute < 3; minute += 1) await seedEvents(account, 1, start + minute * MINUTE)
    advanceClock(3 * MINUTE)
    await deliver(account)
    expect(arrived()).toEqual([1, 2, 3])
    const at = (minutes: number) => wire(start + minutes * MINUTE)
    const spans: [span: { since: string; until?: string }, expected: number[]][] = [
      [{ since: BEGINNING }, [1, 2, 3]],
      [{ since: at(1) }, [2, 3]],
      [{ since: at(1.001) }, [3]],
      [{ since: at(0), until: at(1) }, [1]],
      [{ since: at(0), until: at(2) }, [1, 2]],
      [{ since: at(1), until: at(1.001) }, [2]],
      [{ since: at(2.5) }, []],
      [{ since: '2025-01-01T00:00:00+02:00', until: '2025-01-02' }, []],
    ]
    for (const [span, expected] of spans) {
      expect(await counted(span), JSON.stringify(span)).toBe(expected.length)
      await deliver(account)
      expect(arrived(), JSON.stringify(span)).toEqual(expected)
    }
  })

  it('W11 with only_failed skips what succeeded, and takes what failed, waits, or was never noted', async () => {
    for (const sequence of [1, 3]) responses.set(sequence, 500)
    await seedEvents(account, 4)
    await deliver(account)
    await endDeliveries('failed', 3)
    await activate(false)
    await seedEvents(account, 1)
    await deliver(account)
    await activate(true)
    arrived()
    responses.clear()
    expect(await counted({ since: BEGINNING, only_failed: true })).toBe(3)
    await deliver(account)
    expect(arrived()).toEqual([1, 3, 5])
    expect(await counted({ since: BEGINNING, only_failed: true })).toBe(0)
    expect(await counted({ since: BEGINNING, only_failed: false })).toBe(5)
  })

  it('W11 is of what the webhook wants, from its creation on, and never of tests', async () => {
    await seedEvents(account, 2, Date.now(), 'user.created')
    const picky = await createTestWebhook(account, { events: ['ticket.deleted'] })
    await callAs(account.admin, 'POST', `webhooks/${picky.id}/test`)
    const { id } = (await callAs(account.agent, 'POST', 'tickets', { title: 'T', description: 'D' })).body.data
    await callAs(account.agent, 'POST', `tickets/${id}/comments`, { content: 'Hush', is_internal: true })
    await seedEvents(account, 2)
    expect(await counted({ since: BEGINNING }, picky)).toBe(2)
    await callAs(account.admin, 'PATCH', `webhooks/${picky.id}`, { events: ['*'] })
    await deliver(account)
    arrived()
    expect(await counted({ since: BEGINNING }, picky)).toBe(3)
    await callAs(account.admin, 'PATCH', `webhooks/${picky.id}`, { include_internal: true })
    await deliver(account)
    arrived()
    expect(await counted({ since: BEGINNING }, picky)).toBe(4)
    await deliver(account)
    expect(arrived()).toEqual([4, 5, 6, 7])
  })

  it('S07 counts and sends no event of another account', async () => {
    const other = await createTestAccount()
    await seedEvents(account, 2)
    await seedEvents(other, 3)
    await deliver(account)
    arrived()
    expect(await counted({ since: BEGINNING })).toBe(2)
    await deliver(account)
    expect(arrived()).toEqual([1, 2])
    expect(
      await rows(select({ id: deliveries.id }, sql`FROM ${deliveries} WHERE ${deliveries.accountId} = ${other.id}`)),
    ).toEqual([])
  })

  it('W11 begins the schedule anew, and needs no delivery that is still kept', async () => {
    responses.set(1, 500)
    await seedEvents(account, 2)
    for (let attempts = 0; attempts < 3; attempts += 1) {
      await deliver(account)
      advanceClock(7 * MINUTE)
    }
    arrived()
    await execute(deleteFrom(deliveries, sql`${deliveries.accountId} = ${account.id} AND ${deliveries.sequence} = 2`))
    expect(await counted({ since: BEGINNING })).toBe(2)
    await deliver(account)
    expect(arrived()).toEqual([1, 2])
    const [, first] = await deliveriesOf(account, hook)
    expect(first).toMatchObject({ status: 'pending', attempt_count: 4 })
    expect(Date.parse(first.next_attempt_at) - Date.now()).toBeLessThanOrEqual(6_000)
  })

  it('W11 is a 409 on an inactive webhook, and while another is being prepared', async () => {
    await seedEvents(account, 3)
    await deliver(account)
    const other = await createTestWebhook(account)
    await seedEvents(account, 1)
    const responses = await Promise.all(Array.from({ length: 5 }, () => replay({ since: BEGINNING })))
    expect(responses.map(({ status }) => status).toSorted()).toEqual([202, 409, 409, 409, 409])
    expect(await counted({ since: BEGINNING }, other)).toBe(1)
    await deliver(account)
    arrived()
    expect(await counted({ since: BEGINNING })).toBe(4)
    await deliver(account)
    await activate(false)
    detailsOf(await replay({ since: BEGINNING }), 409, 'conflict')
    expect(await replaying()).toEqual([])
  })

  it('W11 is of 10,000 events at most: one more is a 422 that sends nothing', async () => {
    await seedEvents(account, 1, Date.now() - MINUTE)
    await seedEvents(account, 10_000)
    const since = wire(Date.now() - MINUTE)
    expect(detailsOf(await replay({ since }), 422, 'validation_error')).toEqual([
      { field: 'since', message: 'Since must be later: a replay sends at most 10,000 events', code: 'too_many' },
    ])
    expect(await replaying()).toEqual([])
    expect(await counted({ since: wire(Date.now()) })).toBe(10_000)
  })

  it.each([
    [2, 1],
    [3, 101],
  ])('W11 killed half-way, at step %i, the rest still goes out, and nothing twice', async (step, next) => {
    await seedEvents(account, 210)
    await seedDeliveries(account, hook)
    await endDeliveries('succeeded', 1, 210)
    expect(await counted({ since: BEGINNING })).toBe(210)
    const original = env.DB.batch.bind(env.DB)
    let calls = 0
    const broken = vi.spyOn(env.DB, 'batch').mockImplementation(async (statements) => {
      calls += 1
      return calls === step ? Promise.reject(new Error('D1_ERROR: killed')) : original(statements)
    })
    expect(await deliver(account)).toEqual([{ acked: 0, retried: [[{ delaySeconds: 5 }]] }])
    broken.mockRestore()
    expect(await replaying()).toMatchObject([{ next_sequence: next }])
    await deliver(account)
    expect(await replaying()).toEqual([])
    expect(arrived()).toEqual(upTo(210))
    await deliver(account)
    expect(received).toEqual([])
  })

  it('W11 is taken up 500 events a message, which asks for the next', async () => {
    await seedEvents(account, 520)
    await seedDeliveries(account, hook)
    await endDeliveries('succeeded', 1, 520)
    expect(await counted({ since: BEGINNING })).toBe(520)
    await deliver(account)
    expect(queue.sendBatch.mock.lastCall).toEqual([[{ body: { account_id: account.id }, delaySeconds: 0 }]])
    expect(await replaying()).toMatchObject([{ next_sequence: 501 }])
    await deliver(account)
    expect(arrived()).toEqual(upTo(520))
  })

  it('goes over a hole in the sequences, as a restore leaves, in one step', async () => {
    await seedEvents(account, 120)
    await skipSequences(account, 5_000_000)
    await seedEvents(account, 2)
    await seedDeliveries(account, hook)
    await endDeliveries('succeeded', 1, 5_000_122)
    expect(await counted({ since: BEGINNING })).toBe(122)
    await deliver(account)
    expect(await replaying()).toEqual([])
    expect(arrived()).toEqual([...upTo(120), 5_000_121, 5_000_122])
  })

  it('refuses what does not have the form', async () => {
    const bodies: [body: unknown, field: string][] = [
      [{}, 'since'],
      ...['yesterday', '2025-02-30', '', 1_735_689_600, null].map((since): [unknown, string] => [{ since }, 'since']),
      [{ since: BEGINNING, until: 'tomorrow' }, 'until'],
      [{ since: BEGINNING, until: BEGINNING }, 'until'],
      [{ since: '2025-01-02', until: BEGINNING }, 'until'],
      [{ since: BEGINNING, only_failed: 'true' }, 'only_failed'],
      [{ since: BEGINNING, url: hook.url }, 'url'],
      ['[]', 'body'],
    ]
    for (const [body, field] of bodies) {
      const response = await callAs(account.admin, 'POST', `webhooks/${hook.id}/replay`, body)
      const [first, ...rest] = detailsOf(response, 400, 'invalid_input')
      expect([first?.field, rest], JSON.stringify(body)).toEqual([field, []])
    }
  })
})
