import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest'
import { BEGINNING, sweep } from '../../src/jobs/sweep'
import { type Account, call, createTestAccount, createTicket, type TestResponse } from '../../test/helpers/api'
import { ERRORS } from '../../test/helpers/failing-object'
import { fetchFile, files, upload, uploadFile } from '../../test/helpers/files'
import { sendAndWait } from '../../test/helpers/sample-requests'
import { createTestWebhook } from '../../test/helpers/webhooks'

const FILE = { filename: 'a.txt', content: 'YWJj', mime_type: 'text/plain' }

const TRANSIENT = {
  'a lost connection': ERRORS.restarted,
  'an internal error': () => new Error('get: We encountered an internal error. Please try again. (10001)'),
  'service unavailable': () => new Error('put: Service is temporarily unavailable. (10043)'),
}
const OTHERS = {
  overloaded: ERRORS.overloaded,
  'too many requests': () => new Error('put: Reduce your concurrent request rate for the same object. (10058)'),
  'a wrong checksum': () => new Error('put: The checksum does not match. (10037)'),
}

let account: Account
let logged: Record<string, unknown>[]
let clock = Date.now()

beforeEach(async () => {
  // `/health` caches its checks for ten seconds.
  clock = Math.max(clock, Date.now()) + 11_000
  vi.useFakeTimers({ toFake: ['Date'], now: clock })
  account = await createTestAccount()
  logged = []
  vi.spyOn(console, 'error').mockImplementation((line) => {
    logged.push(JSON.parse(String(line)))
  })
  vi.spyOn(scheduler, 'wait').mockResolvedValue(undefined)
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

interface Case {
  name: string
  /** Prepares a request that makes one call, and returns how to send it. */
  prepare(): Promise<() => Promise<{ status: number }>>
  spy(): MockInstance
  status: number
  /** Of the response if the call fails; by default 503. */
  failedStatus?: number
  /** The `failed` field of the log line of a call that no response waits for. */
  logs?: string
}

const ticket = (body: object = {}): Promise<TestResponse> =>
  sendAndWait({
    caller: account.agent,
    method: 'POST',
    path: 'tickets',
    body: { title: 'T', description: 'D', ...body },
  })

const CASES: Case[] = [
  {
    name: 'R2 put',
    prepare: async () => () => ticket(files('a.txt')),
    spy: () => vi.spyOn(env.FILES, 'put'),
    status: 201,
  },
  {
    name: 'R2 get',
    async prepare() {
      const { url } = await uploadFile(account.agent, FILE)
      return () => fetchFile(url)
    },
    spy: () => vi.spyOn(env.FILES, 'get'),
    status: 200,
  },
  {
    name: 'R2 delete',
    async prepare() {
      const { id } = await createTicket(account.agent, files('a.txt'))
      return () => sendAndWait({ caller: account.agent, method: 'DELETE', path: `tickets/${id}` })
    },
    spy: () => vi.spyOn(env.FILES, 'delete'),
    status: 204,
    failedStatus: 204,
    logs: 'delete objects',
  },
  {
    name: 'R2 head',
    prepare: async () => () => call('GET', '/health'),
    spy: () => vi.spyOn(env.FILES, 'head'),
    status: 200,
  },
  {
    name: 'queue send',
    async prepare() {
      await createTestWebhook(account)
      return () => ticket()
    },
    spy: () => vi.spyOn(env.WEBHOOKS, 'send'),
    status: 201,
    failedStatus: 201,
    logs: 'enqueue fan-out',
  },
  {
    name: 'queue sendBatch',
    async prepare() {
      await createTestWebhook(account)
      await ticket()
      return async () => {
        await sweep(env, BEGINNING, Date.now())
        return { status: 200 }
      }
    },
    spy: () => vi.spyOn(env.WEBHOOKS, 'sendBatch'),
    status: 200,
    failedStatus: 200,
    logs: 'enqueue wake-ups',
  },
]

const failures = () => logged.flatMap(({ failed }) => (failed === undefined ? [] : [failed]))
const errorsOf = (name: string, errors: Record<string, () => Error>) =>
  // The queue has no codes.
  Object.entries(errors).filter(([, error]) => name.startsWith('R2') || !/\(\d+\)$/.test(error().message))

const RETRIED = CASES.flatMap((each) =>
  errorsOf(each.name, TRANSIENT).map(([problem, error]) => ({ ...each, problem, error })),
)
const FAILED = CASES.flatMap((each) =>
  errorsOf(each.name, OTHERS).map(([problem, error]) => ({ ...each, problem, error })),
)

describe('a call to R2 or the queue', () => {
  it.each(RETRIED)('$name succeeds after one failure: $problem', async ({ prepare, spy, status, error }) => {
    const send = await prepare()
    const calls = spy().mockRejectedValueOnce(error())
    expect([(await send()).status, calls.mock.calls.length, failures()]).toEqual([status, 2, []])
  })

  it.each(CASES)('$name fails after three calls', async ({ prepare, spy, failedStatus = 503, logs }) => {
    const send = await prepare()
    const calls = spy().mockRejectedValue(ERRORS.restarted())
    const { status } = await send()
    expect([status, calls.mock.calls.length, failures()]).toEqual([failedStatus, 3, logs ? [logs] : []])
  })

  it.each(FAILED)('$name is not repeated after another failure: $problem', async (each) => {
    const { prepare, spy, failedStatus = 503, logs, error } = each
    const send = await prepare()
    const calls = spy().mockRejectedValue(error())
    const { status } = await send()
    expect([status, calls.mock.calls.length, failures()]).toEqual([failedStatus, 1, logs ? [logs] : []])
  })

  it('R2 put of a streamed body is not repeated, because the body is gone', async () => {
    const { id } = await createTicket(account.agent)
    const put = vi.spyOn(env.FILES, 'put').mockRejectedValue(ERRORS.restarted())
    const response = await upload(account.agent, id)
    expect([response.status, put.mock.calls.length]).toEqual([503, 1])
  })
})
