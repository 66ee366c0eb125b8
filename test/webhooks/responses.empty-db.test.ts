import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Account, createTestAccount, createTicket } from '../helpers/api'
import { stopClock } from '../helpers/credentials'
import { connect } from '../helpers/sockets'
import {
  createTestWebhook,
  deleteAllWebhooks,
  dueIn,
  freshUrl,
  type Hook,
  neverResponds,
  onlyDelivery,
  type Received,
  receive,
  silenceQueue,
  silenceSweeper,
  startConsumer,
} from '../helpers/webhooks'

const SECOND = 1_000
const DAY = 86_400_000
const VARIABLES = { WEBHOOK_RETRY_SCHEDULE: '10,100', WEBHOOK_TIMEOUT_MS: '300' }

let account: Account

beforeEach(async () => {
  stopClock()
  silenceQueue()
  silenceSweeper()
  account = await createTestAccount()
})
afterEach(async () => {
  vi.useRealTimers()
  vi.restoreAllMocks()
  await deleteAllWebhooks()
})

const bytes = (text: string) => new TextEncoder().encode(text)

interface Case {
  respond: (request: Received, signal: AbortSignal) => Response | Promise<Response>
  host?: string
}

async function outcomes<Of extends Case>(cases: readonly Of[]) {
  const created: { of: Of; hook: Hook }[] = []
  for (const of of cases) {
    const url = freshUrl().replace('hooks', `${of.host ?? 'open'}-hooks`)
    created.push({ of, hook: await createTestWebhook(account, { url }) })
  }
  const received = receive((request, signal) => {
    const found = created.find(({ hook }) => hook.url === request.url)
    if (!found) throw new Error(`unexpected: ${request.url}`)
    return found.of.respond(request, signal)
  })
  await createTicket(account.agent)
  await startConsumer(VARIABLES, account).ended
  const look = async ({ of, hook }: (typeof created)[number]) => ({
    of,
    delivery: await onlyDelivery(account, hook),
    wait: await dueIn(hook),
  })
  return { received, deliveries: await Promise.all(created.map(look)) }
}

describe('a response', () => {
  it('W06 of 2xx is a success, any other status is a failed attempt; a redirect is not followed', async () => {
    const valid = [200, 201, 202, 204, 299]
    const bad = [300, 301, 302, 303, 304, 307, 308, 400, 401, 404, 429, 500, 503, 599]
    const headers = { Location: 'https://elsewhere.example.com/' }
    const cases = [...valid, ...bad].map((status) => ({
      status,
      respond: () => new Response(null, { status, headers }),
    }))
    const { received, deliveries } = await outcomes(cases)
    expect(received).toHaveLength(cases.length)
    expect(new Set(received.map(({ redirect }) => redirect))).toEqual(new Set(['manual']))
    for (const { of, delivery } of deliveries) {
      const attempts = [{ number: 1, status_code: of.status, error: null, response: '' }]
      const expected = valid.includes(of.status)
        ? { status: 'succeeded', last_error: null, next_attempt_at: null, attempts }
        : { status: 'pending', last_error: 'status', next_attempt_at: expect.any(String), attempts }
      expect(delivery, String(of.status)).toMatchObject(expected)
    }
  })

  it('W07 delays the next attempt by its Retry-After, within limits', async () => {
    const date = new Date(Date.now() + 120 * SECOND).toUTCString()
    const schedule = [8 * SECOND, 12 * SECOND] as const
    const retryCase = (status: number, header: string, least: number, most = least) => {
      const headers = { 'Retry-After': header }
      return { header, least, most, respond: () => new Response(null, { status, headers }) }
    }
    const { deliveries } = await outcomes([
      ...[429, 503].map((status) => retryCase(status, '60', 60 * SECOND)),
      // The date has no milliseconds.
      ...[429, 503].map((status) => retryCase(status, date, 119 * SECOND, 120 * SECOND)),
      ...['99999999', 'Fri, 31 Dec 9999 23:59:59 GMT'].map((header) => retryCase(503, header, DAY)),
      ...['-1', 'abc', '0', '1.5', 'Fri, 31 Dec 1999 23:59:59 GMT'].map((header) =>
        retryCase(503, header, ...schedule),
      ),
    ])
    for (const { of, wait } of deliveries) {
      expect(wait, of.header).toBeGreaterThanOrEqual(of.least)
      expect(wait, of.header).toBeLessThanOrEqual(of.most)
    }
  })

  it('W08 that does not arrive completely is a failed attempt with its error class', async () => {
    connect.mockImplementation((to) => {
      const isOpen = typeof to !== 'string' && to.hostname.startsWith('open')
      const opened = isOpen ? Promise.resolve({}) : Promise.reject(new Error('refused'))
      return { opened, closed: Promise.resolve(), close: () => Promise.resolve() } as never
    })
    const fails = (message: string) => () => Promise.reject(new Error(message))
    const lost = 'Network connection lost.'
    const breaksOff = () => {
      const chunks = [() => bytes('begun'), fails(lost)]
      return new Response(new ReadableStream({ pull: async (to) => to.enqueue(await chunks.shift()?.()) }))
    }
    const respondSlowly = (_request: Received, signal: AbortSignal) => {
      let drops = 0
      const sendSlowly = async (to: ReadableStreamDefaultController) => {
        drops += 1
        if (drops > 2) await new Promise((resolve) => setTimeout(resolve, 20))
        if (signal.aborted) to.error(signal.reason)
        else to.enqueue(bytes('.'))
      }
      return new Response(new ReadableStream({ pull: sendSlowly }))
    }
    const none = { status_code: null, response: null }
    const { deliveries } = await outcomes([
      { host: 'open', respond: neverResponds, error: 'timeout', ...none },
      { host: 'shut', respond: fails(lost), error: 'connect', ...none },
      { host: 'open', respond: fails(lost), error: 'reset', ...none },
      { host: 'shut', respond: fails('internal error'), error: 'dns', ...none },
      { host: 'open', respond: fails('internal error'), error: 'tls', ...none },
      {
        host: 'open',
        respond: respondSlowly,
        error: 'timeout',
        status_code: 200,
        response: expect.stringMatching(/^\.{2,17}$/),
      },
      { host: 'open', respond: breaksOff, error: 'reset', status_code: 200, response: 'begun' },
      ...(['dns', 'connect', 'tls'] as const).map((error, index) => {
        const [status, response] = [[530, 521, 526][index] ?? 0, `error code: ${[1016, 521, 526][index]}`]
        return { host: 'open', respond: () => new Response(response, { status }), error, status_code: status, response }
      }),
    ])
    for (const { of, delivery } of deliveries) {
      const { error, status_code, response } = of
      const attempts = [{ number: 1, error, status_code, response }]
      expect(delivery, error).toMatchObject({ status: 'pending', last_error: error, attempts })
    }
  })

  it('W08 of 50 MB is a success, of which 1 KiB is stored and little more is read', async () => {
    let [pulled, cancelled] = [0, false]
    const chunk = bytes('x'.repeat(512))
    const pull = (to: ReadableStreamDefaultController) => {
      pulled += chunk.byteLength
      if (pulled > 50_000_000) to.close()
      else to.enqueue(chunk)
    }
    const cancel = () => {
      cancelled = true
    }
    const { deliveries } = await outcomes([{ respond: () => new Response(new ReadableStream({ pull, cancel })) }])
    expect(deliveries[0]?.delivery).toMatchObject({ status: 'succeeded', attempts: [{ response: 'x'.repeat(1_024) }] })
    expect([pulled <= 4_096, cancelled]).toEqual([true, true])
  })

  it('W08 whose body is not text is stored as text, at most 1 KiB of it', async () => {
    const cases: [BodyInit, string][] = [
      [bytes('é😀"\\'), 'é😀"\\'],
      [Uint8Array.of(0xff, 0xfe, 0x6f, 0x6b, 0xc3), '\ufffd\ufffdok\ufffd'],
      [Uint8Array.of(0x61, 0x00, 0x01, 0x1b, 0x7f, 0x62), 'a\u0000\u0001\u001b\u007fb'],
      [bytes(`${'a'.repeat(1_023)}é`), `${'a'.repeat(1_023)}\ufffd`],
      [bytes('😀'.repeat(100_000)), '😀'.repeat(256)],
    ]
    const withBodies = cases.map(([body, text]) => ({ respond: () => new Response(body, { status: 500 }), text }))
    for (const { of, delivery } of (await outcomes(withBodies)).deliveries)
      expect(delivery.attempts[0].response).toBe(of.text)
  })
})
