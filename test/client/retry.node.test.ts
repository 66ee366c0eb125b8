import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ApiError, ConnectionError } from '../../packages/client/src/index.ts'
import { waitBeforeRetry } from '../../packages/client/src/retry.ts'
import { type FakeResponse, failure, fakeClient } from '../helpers/node/fake-api.ts'

const TICKET = { title: 'Printer on fire', description: 'Third floor' }
const made: FakeResponse = { status: 201, body: { data: { id: 'ticket_1' } } }

beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2026, 4, 1) })
})

afterEach(() => {
  vi.useRealTimers()
})

async function outcomeOf<T>(promise: Promise<T>): Promise<{ value: T | null; error: unknown; waited: number }> {
  const began = Date.now()
  let waited = 0
  const outcome = promise
    .then(
      (value) => ({ value, error: null }),
      (error: unknown) => ({ value: null, error }),
    )
    .finally(() => {
      waited = Date.now() - began
    })
  await vi.runAllTimersAsync()
  return { ...(await outcome), waited }
}

describe('a write with a transient error', () => {
  it.each<[string, FakeResponse]>([
    ['the network breaks', 'broken'],
    ['the service is unavailable', failure(503, 'unavailable')],
    ['a gateway responds', { status: 502, body: 'Bad gateway' }],
    ['the Worker exceeds a limit', { status: 503, body: 'error code: 1102', headers: { Server: 'cloudflare' } }],
    ['Cloudflare gets no response', { status: 520, body: 'error code: 520', headers: { Server: 'cloudflare' } }],
    ['Cloudflare limits the rate', { status: 429, body: 'error code: 1015', headers: { Server: 'cloudflare' } }],
    ['the same key is still in progress', failure(409, 'conflict', { 'Retry-After': '1' })],
    ['no response arrives in time', 'silent'],
  ])('is sent again with the same key if %s', async (_, response) => {
    const { client, sent } = fakeClient(response, response, made)
    const { value } = await outcomeOf(client.tickets.create(TICKET))
    expect(value).toEqual({ id: 'ticket_1' })
    expect(sent).toHaveLength(3)
    const keys = sent.map(({ headers }) => headers.get('Idempotency-Key'))
    expect(keys[0]).toMatch(/^[0-9a-f]{32}$/)
    expect(new Set(keys).size).toBe(1)
    expect(sent.map(({ body }) => JSON.parse(body))).toEqual([TICKET, TICKET, TICKET])
  })

  it('has its own key, or the given one', async () => {
    const { client, sent } = fakeClient(made)
    await client.tickets.create(TICKET)
    await client.tickets.create(TICKET)
    await client.tickets.create(TICKET, { idempotencyKey: 'order 17' })
    const keys = sent.map(({ headers }) => headers.get('Idempotency-Key'))
    expect(new Set(keys).size).toBe(3)
    expect(keys[2]).toBe('order 17')
  })

  it('fails after three retries, with the last error', async () => {
    const { client, sent } = fakeClient(failure(503, 'unavailable'))
    const { error, waited } = await outcomeOf(client.tickets.create(TICKET))
    expect(error).toBeInstanceOf(ApiError)
    expect(error).toMatchObject({ status: 503, code: 'unavailable' })
    expect(sent).toHaveLength(4)
    // 500, 1,000 and 2,000 ms, half of each random.
    expect(waited).toBeGreaterThanOrEqual(1_750)
    expect(waited).toBeLessThanOrEqual(3_500)
  })

  it('waits for Retry-After and a random moment more', async () => {
    const { client } = fakeClient(failure(429, 'rate_limited', { 'Retry-After': '41' }), made)
    const { waited } = await outcomeOf(client.tickets.create(TICKET))
    expect(waited).toBeGreaterThanOrEqual(41_000)
    expect(waited).toBeLessThanOrEqual(42_000)
  })

  it('reads a Retry-After that is a date', async () => {
    const { client } = fakeClient(
      failure(503, 'unavailable', { 'Retry-After': new Date(Date.now() + 7_000).toUTCString() }),
      made,
    )
    const { waited } = await outcomeOf(client.tickets.create(TICKET))
    expect(waited).toBeGreaterThanOrEqual(7_000)
    expect(waited).toBeLessThanOrEqual(8_000)
  })

  it('returns an error for a Retry-After of more than a minute', async () => {
    const { client, sent } = fakeClient(failure(429, 'rate_limited', { 'Retry-After': '900' }))
    const { error } = await outcomeOf(client.auth.login({ email: 'user@example.com', password: 'wrong' }))
    expect(error).toMatchObject({ code: 'rate_limited', retryAfterSeconds: 900 })
    expect(sent).toHaveLength(1)
  })
})

describe('a response without a retry', () => {
  it.each([
    [failure(400, 'invalid_input')],
    [failure(409, 'conflict')],
    [failure(412, 'precondition_failed')],
    [failure(500, 'internal_error')],
  ])('%j', async (response) => {
    const { client, sent } = fakeClient(response)
    await expect(client.tickets.create(TICKET)).rejects.toBeInstanceOf(ApiError)
    expect(sent).toHaveLength(1)
  })

  it.each<[FakeResponse]>([['broken'], [failure(503, 'unavailable')]])(
    '%j, if the route has no idempotency key',
    async (response) => {
      const { client, sent } = fakeClient(response)
      const change = { current_password: 'your_password', new_password: 'correct horse' }
      const { error } = await outcomeOf(client.auth.changePassword(change))
      expect(error).toBeInstanceOf(Error)
      expect(sent).toHaveLength(1)
    },
  )

  it('but 429 is retried, because the request had no effect', async () => {
    const limited = failure(429, 'rate_limited', { 'Retry-After': '1' })
    const { client, sent } = fakeClient(limited, { status: 204 })
    const change = { current_password: 'your_password', new_password: 'correct horse' }
    expect(await outcomeOf(client.auth.changePassword(change))).toMatchObject({ error: null })
    expect(sent.map(({ headers }) => headers.get('Idempotency-Key'))).toEqual([null, null])
  })
})

describe('signals and timeouts', () => {
  it('abort a request', async () => {
    const { client, sent } = fakeClient('silent')
    const controller = new AbortController()
    const request = client.tickets.get('ticket_1', { signal: controller.signal })
    setTimeout(() => controller.abort(new Error('enough')), 100)
    expect(await outcomeOf(request)).toMatchObject({ error: new Error('enough') })
    expect(sent).toHaveLength(1)
  })

  it('abort the wait between attempts', async () => {
    const { client, sent } = fakeClient(failure(429, 'rate_limited', { 'Retry-After': '50' }))
    const controller = new AbortController()
    const request = client.tickets.get('ticket_1', { signal: controller.signal })
    setTimeout(() => controller.abort(), 1_000)
    expect(await outcomeOf(request)).toMatchObject({ error: { name: 'AbortError' }, waited: 1_000 })
    expect(sent).toHaveLength(1)
  })

  it('prevent a request if the signal was aborted before', async () => {
    const { client, sent } = fakeClient(made)
    await expect(client.tickets.create(TICKET, { signal: AbortSignal.abort() })).rejects.toThrow()
    expect(sent).toEqual([])
  })

  it('report that no response arrived, once the retries are used up', async () => {
    const { client, sent } = fakeClient('silent')
    const { error } = await outcomeOf(client.tickets.get('ticket_1', { timeoutMs: 200 }))
    expect(error).toEqual(new ConnectionError('No response within 200 ms'))
    expect(sent).toHaveLength(4)
  })
})

describe('the wait before a retry', () => {
  const busy = new ConnectionError('')

  it('doubles up to 20 seconds, half of it at random', () => {
    const attempts = [1, 2, 3, 4, 5, 6, 7, 20]
    const waits = (random: number) => attempts.map((attempt) => waitBeforeRetry(busy, 'safe', attempt, () => random))
    expect(waits(1)).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 20_000, 20_000])
    expect(waits(0)).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000])
  })

  it('does not exist for permanent errors', () => {
    expect(waitBeforeRetry(new Error('a bug'), 'safe', 1)).toBeNull()
  })
})
