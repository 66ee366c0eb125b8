import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Account, call, createTestAccount } from '../helpers/api'
import { advanceClock, stopClock } from '../helpers/credentials'
import { callAs, detailsOf, expectNoHoles } from '../helpers/tickets'
import {
  createTestWebhook,
  createTimelessWebhook,
  deleteAllWebhooks,
  deliver,
  deliveriesOf,
  deliveryOf,
  type Hook,
  type Received,
  receive,
  silenceQueue,
  startConsumer,
} from '../helpers/webhooks'

const SECOND = 1_000
const HOUR = 3_600 * SECOND

let account: Account
let hook: Hook
let response: () => Response | Promise<Response>
let received: Received[]
let queue: ReturnType<typeof silenceQueue>

beforeEach(async () => {
  stopClock()
  queue = silenceQueue()
  await deleteAllWebhooks()
  account = await createTimelessWebhook(await createTestAccount())
  hook = await createTestWebhook(account)
  response = () => new Response('ok')
  received = receive(() => response())
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const failing = () => new Response('no', { status: 500 })
const wire = (milliseconds: number) => new Date(milliseconds).toISOString().replace(/\.\d+Z$/, 'Z')
const open = () => callAs(account.admin, 'POST', 'tickets', { title: 'é😀', description: 'A text' })
const redeliver = (id: string) => callAs(account.admin, 'POST', `webhooks/${hook.id}/deliveries/${id}/redeliver`)
const activate = (active: boolean) => callAs(account.admin, 'PATCH', `webhooks/${hook.id}`, { active })
const outline = (delivery: { attempts: { number: number; trigger: string; status_code: number }[] }) =>
  delivery.attempts.map(({ number, trigger, status_code }) => `${number} ${trigger} ${status_code}`)

async function delivered() {
  await open()
  await deliver(account)
  const [{ id }] = await deliveriesOf(account, hook)
  return deliveryOf(account, hook, id)
}

async function exhausted() {
  response = failing
  await open()
  for (let round = 0; round < 2; round += 1) {
    await startConsumer({ WEBHOOK_RETRY_SCHEDULE: '10' }, account).ended
    advanceClock(13 * SECOND)
  }
  const [delivery] = await deliveriesOf(account, hook)
  expect(delivery).toMatchObject({ status: 'failed', attempt_count: 2, next_attempt_at: null, last_error: 'status' })
  return delivery
}

describe('GET …/deliveries/{delivery_id}', () => {
  it('shows the delivery and its attempts, the first KiB of each answer', async () => {
    const long = `x${'é'.repeat(600)}`
    response = () => new Response(long, { status: 503 })
    const { attempts: _, ...first } = await delivered()
    const at = Date.now()
    advanceClock(6 * SECOND)
    response = () => Promise.reject(Object.assign(new Error('late'), { name: 'TimeoutError' }))
    await deliver(account)
    advanceClock(HOUR)
    response = () => new Response(null, { status: 204 })
    await deliver(account)
    const base = { duration_ms: expect.any(Number), trigger: 'scheduled' }
    const delivery = await deliveryOf(account, hook, first.id)
    expect(delivery).toEqual({
      id: expect.stringMatching(/^dlv_[0-9a-z]{26}$/),
      webhook_id: hook.id,
      event_id: received[0]?.headers.get('webhook-id'),
      event: 'ticket.created',
      sequence: 1,
      status: 'succeeded',
      attempt_count: 3,
      next_attempt_at: null,
      last_error: null,
      created_at: wire(at),
      attempts: [
        { ...base, number: 1, at: wire(at), status_code: 503, error: null, response: expect.any(String) },
        { ...base, number: 2, at: wire(at + 6 * SECOND), status_code: null, error: 'timeout', response: null },
        { ...base, number: 3, at: wire(at + 6 * SECOND + HOUR), status_code: 204, error: null, response: '' },
      ],
    })
    expect(delivery.attempts[0].response.slice(0, 512)).toBe(long.slice(0, 512))
    expect(delivery.attempts[0].response.length).toBeLessThanOrEqual(513)
    const { attempts: __, ...listed } = delivery
    expect(await deliveriesOf(account, hook)).toEqual([listed])
  })
})

describe('W10 POST …/redeliver', () => {
  it('W10 is a 202 and one more attempt at once: the same id and bytes, a new timestamp, marked manual', async () => {
    const { id } = await delivered()
    advanceClock(5 * SECOND)
    queue.send.mockClear()
    const responses = await redeliver(id)
    expect(responses.status, responses.text).toBe(202)
    expect(responses.body.data).toMatchObject({
      id,
      status: 'pending',
      attempt_count: 1,
      next_attempt_at: wire(Date.now()),
    })
    expect(queue.send.mock.calls).toEqual([[{ account_id: account.id }, { delaySeconds: 0 }]])
    await deliver(account)
    const [first, second, ...rest] = received
    expect(rest).toEqual([])
    expect(second?.body).toBe(first?.body)
    expect(second?.headers.get('webhook-id')).toBe(first?.headers.get('webhook-id'))
    const stamps = received.map(({ headers }) => Number(headers.get('webhook-timestamp')))
    expect(stamps).toEqual([Date.now() / SECOND - 5, Date.now() / SECOND])
    const delivery = await deliveryOf(account, hook, id)
    expect([delivery.status, ...outline(delivery)]).toEqual(['succeeded', '1 scheduled 200', '2 manual 200'])
  })

  it('W10 twice at once is two attempts', async () => {
    const { id } = await delivered()
    const responses = await Promise.all([redeliver(id), redeliver(id)])
    expect(responses.map(({ status }) => status)).toEqual([202, 202])
    await deliver(account)
    expect(received).toHaveLength(3)
    expect(outline(await deliveryOf(account, hook, id))).toEqual(['1 scheduled 200', '2 manual 200', '3 manual 200'])
  })

  it('W10 while an attempt is under way is one more', async () => {
    response = async () => {
      const [{ id }] = await deliveriesOf(account, hook)
      response = () => new Response('ok')
      await redeliver(id)
      return new Response('ok')
    }
    const { id } = await delivered()
    await deliver(account)
    expect(outline(await deliveryOf(account, hook, id))).toEqual(['1 scheduled 200', '2 manual 200'])
  })

  it('W10 is a 409 on an inactive webhook, and does not come after when it is active again', async () => {
    const { id } = await delivered()
    await activate(false)
    expect(detailsOf(await redeliver(id), 409, 'conflict')).toEqual([
      { field: 'webhook_id', message: 'webhook_id must be an active webhook', code: 'not_allowed' },
    ])
    await activate(true)
    await deliver(account)
    expect([received.length, (await deliveryOf(account, hook, id)).status]).toEqual([1, 'succeeded'])
  })

  it('W10 that was refused on an inactive webhook is carried out by the same key when it is active again', async () => {
    const { id } = await delivered()
    const keyed = () =>
      call('POST', `webhooks/${hook.id}/deliveries/${id}/redeliver`, {
        token: account.admin.token,
        headers: { 'Idempotency-Key': 'refused' },
      })
    await activate(false)
    expect((await keyed()).status).toBe(409)
    await activate(true)
    expect((await keyed()).status).toBe(202)
    await deliver(account)
    expect(received).toHaveLength(2)
  })

  it('W10 that fails leaves the schedule as it was', async () => {
    response = failing
    const before = await delivered()
    advanceClock(SECOND)
    await redeliver(before.id)
    await deliver(account)
    const after = await deliveryOf(account, hook, before.id)
    expect([after.status, after.next_attempt_at]).toEqual(['pending', before.next_attempt_at])
    advanceClock(5 * SECOND)
    await deliver(account)
    const third = await deliveryOf(account, hook, before.id)
    expect(outline(third)).toEqual(['1 scheduled 500', '2 manual 500', '3 scheduled 500'])
    const wait = Date.parse(third.next_attempt_at) - Date.now()
    expect(Math.abs(wait / SECOND - 300)).toBeLessThanOrEqual(61)
  })

  it('W10 that succeeds ends the schedule', async () => {
    response = failing
    const { id } = await delivered()
    response = () => new Response('ok')
    await redeliver(id)
    await deliver(account)
    advanceClock(24 * HOUR)
    await deliver(account)
    const delivery = await deliveryOf(account, hook, id)
    expect([delivery.status, ...outline(delivery)]).toEqual(['succeeded', '1 scheduled 500', '2 manual 200'])
    expect(received).toHaveLength(2)
  })

  it('W10 makes a failed one succeeded if it succeeds, and else leaves failed and succeeded ones what they were', async () => {
    const { id } = await exhausted()
    const states: string[] = []
    for (const next of [failing, () => new Response('ok'), failing]) {
      response = next
      expect((await redeliver(id)).body.data.status).toBe('pending')
      await deliver(account)
      const { status, next_attempt_at, last_error } = await deliveryOf(account, hook, id)
      states.push(`${status} ${next_attempt_at} ${last_error}`)
    }
    expect(states).toEqual(['failed null status', 'succeeded null null', 'succeeded null status'])
  })
})

describe('POST …/test', () => {
  const test = (of = hook) => callAs(account.admin, 'POST', `webhooks/${of.id}/test`)

  it('is a 202 and sends webhook.test to this webhook alone, whatever it wants', async () => {
    const picky = await createTestWebhook(account, { events: ['user.created'] })
    advanceClock(5 * SECOND)
    queue.send.mockClear()
    const responses = await test(picky)
    expect(responses.status, responses.text).toBe(202)
    expect(responses.body.data).toMatchObject({ webhook_id: picky.id, event: 'webhook.test', status: 'pending' })
    expect(queue.send).toHaveBeenCalledTimes(1)
    await open()
    await deliver(account)
    expect(Object.fromEntries(received.map(({ url, event }) => [url, event.event]))).toEqual({
      [picky.url]: 'webhook.test',
      [hook.url]: 'ticket.created',
    })
    expect(await deliveriesOf(account, picky)).toMatchObject([{ id: responses.body.data.id, status: 'succeeded' }])
    expect(await deliveriesOf(account, hook, '&event=webhook.test')).toEqual([])
    const listed = await callAs(account.agent, 'GET', 'events')
    expect(listed.text, 'the URL is for admins').not.toContain(picky.url)
    const { data } = listed.body
    expect(received.map(({ event }) => event)).toContainEqual(data[0])
    expect(data[0]).toMatchObject({ id: responses.body.data.event_id, data: { webhook: { id: picky.id } } })
    expect(data.map(({ event }: { event: string }) => event)).toEqual(['webhook.test', 'ticket.created'])
    expect((await callAs(account.agent, 'GET', 'events?event=webhook.test')).body.data).toEqual([data[0]])
    await expectNoHoles(account.id)
  })

  it('is a 409 on an inactive webhook, and writes nothing', async () => {
    await activate(false)
    detailsOf(await test(), 409, 'conflict')
    expect((await callAs(account.agent, 'GET', 'events')).body.data).toEqual([])
    await expectNoHoles(account.id)
    await activate(true)
    expect((await test()).body.data.sequence).toBe(1)
    expect(await deliveriesOf(account, hook)).toHaveLength(1)
  })
})
