import { env } from 'cloudflare:workers'
import { getTableName } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { deliveries, deliveryAttempts, replays, webhooks } from '../../src/db/schema/webhooks'
import { sql } from '../../src/db/sql'
import { sweepDeliveries } from '../../src/webhooks/service'
import { type Account, createTestAccount } from '../helpers/api'
import { advanceClock, stopClock } from '../helpers/credentials'
import { rows } from '../helpers/database'
import { callAs } from '../helpers/tickets'
import {
  createTestWebhook,
  createTimelessWebhook,
  deleteAllWebhooks,
  deliver,
  deliveriesOf,
  freshUrl,
  type Hook,
  type Received,
  receive,
  seedEvents,
  silenceQueue,
} from '../helpers/webhooks'

const SECOND = 1_000
const DAY = 86_400 * SECOND

let account: Account
let hook: Hook
let response: (request: Received) => Response | Promise<Response>
let received: Received[]

beforeEach(async () => {
  stopClock()
  silenceQueue()
  await deleteAllWebhooks()
  account = await createTimelessWebhook(await createTestAccount())
  hook = await createTestWebhook(account)
  response = failing
  received = receive((request) => response(request))
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const failing = () => new Response('no', { status: 500 })
const valid = () => new Response('ok')
const change = (input: unknown, of = hook) => callAs(account.admin, 'PATCH', `webhooks/${of.id}`, input)
const read = async (of = hook) => (await callAs(account.admin, 'GET', `webhooks/${of.id}`)).body.data

/** The sequences of the deliveries that the consumer sends now. */
async function arriving(of = hook): Promise<number[]> {
  received.splice(0)
  await deliver(account)
  return received
    .filter(({ url }) => url === of.url)
    .map(({ event }) => event.sequence)
    .toSorted((a, b) => a - b)
}

async function happen(): Promise<void> {
  await seedEvents(account, 1)
  await deliver(account)
}

describe('W12 an answer of 410', () => {
  it('W12 disables the webhook at once, and it alone', async () => {
    const other = await createTestWebhook(account)
    response = ({ url }) => (url === hook.url ? new Response(null, { status: 410 }) : valid())
    await happen()
    expect(await read()).toMatchObject({ active: false, disabled_reason: 'gone' })
    expect(await read(other)).toMatchObject({ active: true, disabled_reason: null })
    expect(await deliveriesOf(account, hook)).toMatchObject([{ status: 'pending', attempt_count: 1 }])
    await seedEvents(account, 1)
    advanceClock(DAY)
    expect([await arriving(), await arriving(other)]).toEqual([[], []])
    expect(received).toEqual([])
    expect(await deliveriesOf(account, other)).toMatchObject([{ sequence: 2 }, { sequence: 1 }])
  })

  it('W12 PATCH active:true resumes: what was pending goes on, what happened meanwhile is left out', async () => {
    response = () => new Response(null, { status: 410 })
    await happen()
    await seedEvents(account, 2)
    await deliver(account)
    const resumed = await change({ active: true })
    expect(resumed.body.data).toMatchObject({ active: true, disabled_reason: null })
    await seedEvents(account, 1)
    response = valid
    expect(await arriving()).toEqual([4])
    advanceClock(6 * SECOND)
    expect(await arriving()).toEqual([1])
    advanceClock(DAY)
    expect(await arriving()).toEqual([])
  })

  it('W12 counts of a manual attempt and of a test too', async () => {
    response = valid
    await happen()
    const [{ id }] = await deliveriesOf(account, hook)
    for (const path of [`deliveries/${id}/redeliver`, 'test']) {
      response = () => new Response(null, { status: 410 })
      expect((await callAs(account.admin, 'POST', `webhooks/${hook.id}/${path}`)).status).toBe(202)
      await deliver(account)
      expect(await read(), path).toMatchObject({ active: false, disabled_reason: 'gone' })
      await change({ active: true })
    }
  })

  it('W12 of an address that it has no more does not disable it', async () => {
    const url = freshUrl()
    response = async () => {
      await change({ url })
      return new Response(null, { status: 410 })
    }
    await happen()
    expect(await read()).toMatchObject({ url, active: true, disabled_reason: null })
    response = valid
    advanceClock(6 * SECOND)
    expect(await arriving({ ...hook, url })).toEqual([1])
  })
})

describe('W12 five days', () => {
  it('W12 of nothing but failures disable the webhook, and activation forgives them', async () => {
    await happen()
    for (const [wait, active] of [
      [DAY, true],
      [4 * DAY - 1, true],
      [1, false],
    ] as const) {
      advanceClock(wait)
      expect(await read()).toMatchObject({ active: true, disabled_reason: null })
      await happen()
      expect(await read()).toMatchObject({ active, disabled_reason: active ? null : 'failing' })
    }
    advanceClock(DAY)
    expect(await arriving()).toEqual([])
    await change({ active: true })
    expect(await read()).toMatchObject({ active: true, disabled_reason: null })
    expect(await arriving()).toEqual([1, 2, 3, 4])
    expect((await read()).active).toBe(true)
    advanceClock(5 * DAY - 1)
    await happen()
    expect((await read()).active).toBe(true)
    advanceClock(1)
    await happen()
    expect(await read()).toMatchObject({ active: false, disabled_reason: 'failing' })
  })

  it('W12 with one success between do not: they are counted from the next failure', async () => {
    await happen()
    advanceClock(3 * DAY)
    response = valid
    await happen()
    advanceClock(DAY)
    response = failing
    await happen()
    for (const wait of [DAY, 4 * DAY - 1]) {
      advanceClock(wait)
      await happen()
      expect((await read()).active).toBe(true)
    }
    advanceClock(1)
    await happen()
    expect(await read()).toMatchObject({ active: false, disabled_reason: 'failing' })
  })

  it('W12 without anything to send are no failures', async () => {
    await happen()
    advanceClock(30 * DAY)
    response = valid
    await happen()
    expect(await read()).toMatchObject({ active: true, disabled_reason: null })
  })
})

describe('PATCH active', () => {
  it('W12 false keeps what happened until then, noted or not, and true sends it; not what happened between', async () => {
    await happen()
    await seedEvents(account, 2)
    const off = await change({ active: false })
    expect(off.body.data).toMatchObject({ active: false, disabled_reason: null })
    await seedEvents(account, 2)
    response = valid
    advanceClock(6 * SECOND)
    expect(await arriving()).toEqual([])
    await seedEvents(account, 1)
    await change({ active: true, events: ['ticket.created'] })
    await seedEvents(account, 1)
    expect(await arriving()).toEqual([1, 2, 3])
    await deliver(account)
    expect(await arriving()).toEqual([])
    await change({ active: false })
    expect(await read()).toMatchObject({ active: false, disabled_reason: null })
  })
})

describe('W13 retries', () => {
  it('W13 of a deleted webhook are not made, and nothing of it is kept', async () => {
    await happen()
    await seedEvents(account, 1)
    await callAs(account.admin, 'POST', `webhooks/${hook.id}/replay`, { since: '2025-01-01' })
    expect((await callAs(account.admin, 'DELETE', `webhooks/${hook.id}`)).status).toBe(204)
    for (const wait of [6 * SECOND, DAY]) {
      advanceClock(wait)
      expect(await arriving()).toEqual([])
    }
    await sweepDeliveries(env, Date.now())
    for (const table of [webhooks, deliveries, deliveryAttempts, replays])
      expect(
        await rows(sql`SELECT * FROM ${table} WHERE ${table.accountId} = ${account.id}`),
        getTableName(table),
      ).toEqual([])
  })

  it('W13 are not made where the webhook is deleted while an attempt is under way', async () => {
    response = async () => {
      await callAs(account.admin, 'DELETE', `webhooks/${hook.id}`)
      return failing()
    }
    await happen()
    expect(received).toHaveLength(1)
    advanceClock(DAY)
    expect(await arriving()).toEqual([])
  })

  it('W13 of a webhook whose URL is changed go to the new one', async () => {
    await happen()
    const url = freshUrl()
    await change({ url })
    response = valid
    advanceClock(6 * SECOND)
    expect(await arriving({ ...hook, url })).toEqual([1])
    expect(received).toHaveLength(1)
  })
})

describe('a change while 150 events wait', () => {
  const upTo = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, index) => first + index)

  async function allArriving(): Promise<number[]> {
    const arrived: number[] = []
    for (let round = 0; round < 20; round += 1) arrived.push(...(await arriving()))
    return arrived.toSorted((a, b) => a - b)
  }

  it.each<[string, unknown[], number[]]>([
    ['off and on again keeps them', [{ active: false }, { active: true }], upTo(1, 150)],
    ['to other events keeps them', [{ events: ['user.created'] }], upTo(1, 150)],
  ])('%s', async (_name, changes, expected) => {
    response = valid
    await seedEvents(account, 150)
    for (const input of changes) expect((await change(input)).status).toBe(200)
    expect(await allArriving()).toEqual(expected)
  })

  it('on, of what happened while it was off, brings none of them', async () => {
    response = valid
    await change({ active: false })
    await seedEvents(account, 150)
    await change({ active: true })
    await seedEvents(account, 1)
    expect(await allArriving()).toEqual([151])
  })

  it('by a 410 keeps them', async () => {
    await seedEvents(account, 1)
    response = async () => {
      response = valid
      await seedEvents(account, 150)
      return new Response(null, { status: 410 })
    }
    await arriving()
    expect((await read()).disabled_reason).toBe('gone')
    await change({ active: true })
    advanceClock(10 * SECOND)
    expect(await allArriving()).toEqual(upTo(1, 151))
  })
})
