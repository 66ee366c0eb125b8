import { env } from 'cloudflare:workers'
import { Webhook } from 'standardwebhooks'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { WakeUpBatch } from '../../src/service/wake-up-queue'
import { classifyEdgeError, classifyFetchError } from '../../src/webhooks/delivery-error'
import { nextAttemptAt, readRetryAfter } from '../../src/webhooks/retry-schedule'
import { newSecret, signatureHeaders } from '../../src/webhooks/signing'
import { advanceClock, stopClock } from '../helpers/credentials'
import { connect } from '../helpers/sockets'
import { silenceQueue } from '../helpers/webhooks'

const SECOND = 1_000
const DAY = 86_400_000

beforeEach(stopClock)
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

describe('the delay of the next attempt', () => {
  const SCHEDULE = [5, 300, 86_400]
  const delays = (attempts: number, retryAfter: number | null = null) =>
    [0, 0.25, 0.5, 0.999999].map((random) => {
      vi.spyOn(Math, 'random').mockReturnValue(random)
      return (nextAttemptAt(SCHEDULE, attempts, retryAfter, 1_000_000) ?? Number.NaN) - 1_000_000
    })

  it.each([
    [1, [4_000, 4_500, 5_000, 6_000]],
    [2, [240_000, 270_000, 300_000, 360_000]],
    [3, [69_120_000, 77_760_000, 86_400_000, 103_680_000]],
  ])('W05 follows the schedule after %i attempts, up to 20 % earlier or later', (attempts, expected) => {
    for (const [index, delay] of delays(attempts).entries()) expect(delay).toBeCloseTo(expected[index] ?? 0, -3)
  })

  it.each([0, -1, 4, 5])('W09 does not exist after %i attempts of a schedule of 3', (attempts) => {
    expect(nextAttemptAt(SCHEDULE, attempts, DAY, 0)).toBeNull()
  })

  it.each([
    ['shorter than the schedule, which changes nothing', 1, 0, [4_000, 4_500, 5_000, 6_000]],
    ['between its bounds, as the minimum', 1, 4_800, [4_800, 4_800, 5_000, 6_000]],
    ['longer than the schedule, unchanged', 1, 60_000, [60_000, 60_000, 60_000, 60_000]],
    ['longer than a day, as a day', 2, 99_999_999 * SECOND, [DAY, DAY, DAY, DAY]],
  ])('W07 with a Retry-After that is %s', (_name, attempts, retryAfter, expected) => {
    for (const [index, delay] of delays(attempts, retryAfter).entries())
      expect(Math.abs(delay - (expected[index] ?? 0))).toBeLessThanOrEqual(1)
  })
})

describe('W07 Retry-After', () => {
  const NOW = Date.UTC(2026, 10, 24, 12, 0, 0)

  const NEITHER = ['', ' ', '-1', 'abc', '1.5', '0x10', '1e3', 'Infinity', '12, 13', '9'.repeat(16), 'tomorrow']
  const NO_DATES = ['2026-11-24T12:01:30Z', 'Tue, 24 Nov 2026', 'Xyz, 99 Nov 2026 12:00:00 GMT']
  const CASES: [header: string | null, wait: number | null][] = [
    ['0', 0],
    ['120', 120_000],
    ['99999999', 99_999_999_000],
    ['Tue, 24 Nov 2026 12:01:30 GMT', 90_000],
    ['Tue, 24 Nov 2026 11:00:00 GMT', 0],
    ['Fri, 31 Dec 9999 23:59:59 GMT', Date.UTC(9999, 11, 31, 23, 59, 59) - NOW],
    ...[null, ...NEITHER, ...NO_DATES].map((header): [string | null, null] => [header, null]),
  ]

  it.each(CASES)('of %j is %j ms', (header, wait) => {
    expect(readRetryAfter(header, NOW)).toBe(wait)
  })
})

describe('a message for the future', () => {
  it.each([
    [-60_000, 0],
    [0, 0],
    [999, 0],
    [1_000, 1],
    [59_999, 59],
    [10 * DAY, 43_200],
  ])(
    'in %i ms waits %i s: up to a second early, never late, within the limit of a queue',
    async (delay, delaySeconds) => {
      const { sendBatch } = silenceQueue()
      const wakeUps = new WakeUpBatch(env.WEBHOOKS)
      wakeUps.add(null, Date.now() + delay)
      await wakeUps.enqueue()
      expect(sendBatch.mock.calls).toEqual([[[{ body: { account_id: null }, delaySeconds }]]])
    },
  )

  it('is one per account and second, a hundred per call, each sent once', async () => {
    const { sendBatch } = silenceQueue()
    const wakeUps = new WakeUpBatch(env.WEBHOOKS)
    for (let i = 0; i < 201; i += 1) for (const _ of 'ab') wakeUps.add(`acct_${i % 67}`, Date.now() + (i % 3) * SECOND)
    await wakeUps.enqueue()
    await wakeUps.enqueue()
    expect(sendBatch.mock.calls.map(([messages]) => [...messages].length)).toEqual([100, 100, 1])
    const sent = sendBatch.mock.calls.flatMap(([messages]) => [...messages].map((message) => JSON.stringify(message)))
    expect(new Set(sent).size).toBe(201)
  })

  it('F03 that the queue rejects does not fail, and does not prevent others', async () => {
    const { sendBatch } = silenceQueue()
    sendBatch.mockRejectedValueOnce(new Error('Queue is overloaded'))
    const wakeUps = new WakeUpBatch(env.WEBHOOKS)
    for (let i = 0; i < 150; i += 1) wakeUps.add(`acct_${i}`, Date.now())
    await wakeUps.enqueue()
    expect(sendBatch.mock.calls.map(([messages]) => [...messages].length)).toEqual([100, 50])
  })
})

describe('W02 a signature', () => {
  const [ID, BODY] = ['msg_p5jXN8AQM9LWM0D4loKWxJek', '{"test": 2432232314}']

  it('matches the reference vector of Standard Webhooks', () => {
    const headers = signatureHeaders(['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'], ID, 1_614_265_330_999, BODY)
    expect(headers).toEqual({
      'webhook-id': ID,
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    })
  })

  it('can be verified by the library with each of two secrets, and with no other', () => {
    const [old, current] = [newSecret(), newSecret()]
    const headers = signatureHeaders([current, old], ID, Date.now(), BODY)
    for (const secret of [current, old]) expect(new Webhook(secret).verify(BODY, headers)).toEqual(JSON.parse(BODY))
    expect(() => new Webhook(newSecret()).verify(BODY, headers)).toThrow('No matching signature')
    advanceClock(6 * 60 * SECOND)
    expect(() => new Webhook(current).verify(BODY, headers)).toThrow('too old')
  })
})

describe('W08 the reason of a failed connection', () => {
  const [LOST, INTERNAL] = [new Error('Network connection lost.'), new Error('internal error; reference = x')]
  const opening = { ok: () => Promise.resolve({}), rejected: () => Promise.reject(new Error('rejected')) }

  it.each([
    ['the request timed out', new DOMException('', 'TimeoutError'), 'https://a.example', 'rejected', 'timeout', null],
    ['the request was aborted', new DOMException('', 'AbortError'), 'https://a.example', 'rejected', 'timeout', null],
    ['lost, and the port is closed', LOST, 'https://a.example', 'rejected', 'connect', 443],
    ['lost, and the port is open', LOST, 'https://a.example:8443/x', 'ok', 'reset', 8443],
    ['lost, without TLS', LOST, 'http://a.example/x', 'ok', 'reset', 80],
    ['unknown name', INTERNAL, 'https://a.example', 'rejected', 'dns', 443],
    ['invalid certificate', INTERNAL, 'https://a.example', 'ok', 'tls', 443],
    ['unknown name, without TLS', INTERNAL, 'http://a.example', 'ok', 'dns', null],
    ['not an error', 'odd', 'https://a.example', 'rejected', 'dns', 443],
  ] as const)('%s', async (_name, error, url, probe, expected, port) => {
    const socket = connect.mockReset()
    const close = vi.fn(() => Promise.resolve())
    socket.mockImplementation(
      () => ({ opened: opening[probe](), closed: Promise.reject(new Error('x')), close }) as never,
    )
    expect(await classifyFetchError(error, url)).toBe(expected)
    expect(socket.mock.calls).toEqual(port === null ? [] : [[{ hostname: 'a.example', port }]])
    expect(close).toHaveBeenCalledTimes(port === null ? 0 : 1)
  })

  const page = (title: string) => `<!DOCTYPE html>\n<html lang="en-US"><head>\n<title>${title}</title>`
  it.each<[number, string, string | null, Record<string, string>?]>([
    [530, 'error code: 1016', 'dns'],
    [530, 'error code: 1016\n', 'dns'],
    [530, 'error code: 1001', 'dns'],
    [530, '{"error_code": 1016, "error_name": "origin_dns_error"}', 'dns'],
    [530, page('Origin DNS error | hooks.example.com | Cloudflare 1016'), 'dns'],
    [530, '', 'dns', { 'cf-error-type': '1016' }],
    [520, 'error code: 520', 'reset'],
    [521, 'error code: 521', 'connect'],
    [522, page('hooks.example.com | 522: Connection timed out'), 'connect'],
    [523, 'error code: 523', 'connect'],
    [524, 'error code: 524', 'timeout'],
    [525, 'error code: 525', 'tls'],
    [526, '{"title":"Invalid SSL certificate","error_code":526}', 'tls'],
    [526, '', 'tls', { 'cf-error-type': '526' }],
    [521, '', 'connect', { 'cf-error-type': '52x' }],
    [530, 'error code: 1033', null],
    [530, '', null, { 'cf-error-type': '52x' }],
    [530, 'constructor', null, { 'cf-error-type': 'constructor' }],
    [530, 'our own error', null],
    [521, 'our own error', null],
    [521, 'error code: 526', null],
    [521, 'text with error code: 521 in it', null],
    [500, 'error code: 521', null],
    [502, 'error code: 502', null],
    [200, 'error code: 1016', null],
  ])('of Cloudflare in place of the subscriber, %i %j, is %s', (status, text, expected, headers = {}) => {
    expect(classifyEdgeError({ status, headers: new Headers(headers) }, text)).toBe(expected)
  })

  it('is connect when no socket can be created', async () => {
    connect.mockImplementation(() => {
      throw new TypeError('proxy request failed')
    })
    expect(await classifyFetchError(LOST, 'https://a.example')).toBe('connect')
  })
})
