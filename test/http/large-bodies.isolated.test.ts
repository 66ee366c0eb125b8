import { createExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import worker from '../../src/index'
import { type Account, createTestAccount, createTicket, requestOf, type TestResponse } from '../helpers/api'
import { eventually } from '../helpers/eventually'
import { upload } from '../helpers/files'
import { sendAndWait } from '../helpers/sample-requests'

const MIB = 1024 * 1024

let account: Account

beforeEach(async () => {
  account = await createTestAccount()
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

const ticket = (bytes: number) => ({
  title: 'T',
  description: 'D',
  attachments: [{ filename: 'a.bin', content: Buffer.alloc(bytes).toString('base64'), mime_type: 'text/plain' }],
})
const LARGE = JSON.stringify(ticket(MIB))
const SMALL = JSON.stringify(ticket(1_000))

const post = (body: BodyInit, headers: Record<string, string> = {}): Promise<TestResponse> =>
  sendAndWait({ caller: account.agent, method: 'POST', path: 'tickets', headers, body })

/** Lets no file be stored before `release`. Returns how many wait, so how many requests have a turn. */
function holdFiles() {
  const { promise, resolve } = Promise.withResolvers<void>()
  const put = env.FILES.put.bind(env.FILES) as (...args: unknown[]) => Promise<R2Object>
  let waiting = 0
  vi.spyOn(env.FILES, 'put').mockImplementation((async (...args: unknown[]) => {
    waiting += 1
    await promise
    return put(...args)
  }) as never)
  return { held: () => waiting, release: resolve }
}

const statusesOf = (responses: TestResponse[]) => responses.map(({ status }) => status).toSorted()

/** Takes both turns, and returns what ends them. */
async function takeBothTurns() {
  const files = holdFiles()
  const running = [post(LARGE), post(LARGE)]
  await eventually(() => expect(files.held()).toBe(2))
  return async () => {
    files.release()
    expect(statusesOf(await Promise.all(running))).toEqual([201, 201])
  }
}

async function expectBothTurnsAreFree() {
  const end = await takeBothTurns()
  await end()
}

describe('JSON bodies over 1 MiB', () => {
  it('are handled two at a time, eight wait, and the others get 503', async () => {
    const files = holdFiles()
    const responses: TestResponse[] = []
    const all = Array.from({ length: 12 }, async () => responses.push(await post(LARGE)))
    await eventually(() => expect([files.held(), responses.length]).toEqual([2, 2]))
    for (const { status, headers, body } of responses) {
      expect([status, headers.get('Retry-After'), body.error.code]).toEqual([503, '5', 'unavailable'])
      expect(body.error.message).toContain('raw uploads')
    }
    await scheduler.wait(200)
    expect([files.held(), responses.length]).toEqual([2, 2])
    files.release()
    await Promise.all(all)
    expect(statusesOf(responses)).toEqual([...Array(10).fill(201), 503, 503])
  })

  it('wait also if they are sent without Content-Length', async () => {
    const end = await takeBothTurns()
    let hasEnded = false
    const third = post(new Blob([LARGE]).stream()).then((response) => {
      hasEnded = true
      return response
    })
    await scheduler.wait(200)
    expect(hasEnded).toBe(false)
    await end()
    expect((await third).status).toBe(201)
  })

  it('do not delay smaller bodies and raw uploads', async () => {
    const { id } = await createTicket(account.agent)
    const end = await takeBothTurns()
    vi.mocked(env.FILES.put).mockRestore()
    expect((await post(SMALL)).status).toBe(201)
    expect((await upload(account.agent, id, { bytes: new Uint8Array(2 * MIB) })).status).toBe(201)
    await end()
  })

  it('are not late because they had to wait', async () => {
    const end = await takeBothTurns()
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const third = post(LARGE)
    await scheduler.wait(200)
    vi.advanceTimersByTime(31_000)
    vi.useRealTimers()
    await end()
    expect((await third).status).toBe(201)
  })

  it('get 503 if they have waited for 30 seconds', async () => {
    const end = await takeBothTurns()
    const third = post(LARGE)
    await scheduler.wait(200)
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 31_000 })
    expect((await third).status).toBe(503)
    vi.useRealTimers()
    await end()
  })
})

const broken = (bytes: number, end: (controller: ReadableStreamDefaultController) => void) => {
  let hasBegun = false
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      if (hasBegun) return end(controller)
      hasBegun = true
      controller.enqueue(new Uint8Array(bytes).fill(32))
    },
  })
}

describe('a turn is released after', () => {
  it.each([
    ['a body with an error', 400, () => post(`${' '.repeat(2 * MIB)}{`)],
    ['a body with an invalid field', 400, () => post(LARGE.replace('"T"', '""'))],
    ['a body that is too large', 413, () => post(new Blob([' '.repeat(11 * MIB)]).stream())],
    ['broken UTF-8', 400, () => post(new Blob([' '.repeat(2 * MIB), new Uint8Array([0xff])]).stream())],
    [
      'a failure of the storage',
      503,
      () => {
        vi.spyOn(console, 'error').mockImplementation(() => undefined)
        vi.spyOn(env.FILES, 'put').mockRejectedValueOnce(new Error('R2'))
        return post(LARGE)
      },
    ],
  ])('%s', async (_, status, send) => {
    for (let times = 0; times < 3; times += 1) {
      expect((await send()).status).toBe(status)
      vi.restoreAllMocks()
    }
    await expectBothTurnsAreFree()
  })

  it('a client that disconnects', async () => {
    vi.spyOn(console, 'info').mockImplementation(() => undefined)
    for (let times = 0; times < 3; times += 1) {
      const body = broken(2 * MIB, (controller) => controller.error(new Error('disconnected')))
      const request = requestOf('POST', 'tickets', { token: account.agent.token, body })
      expect((await worker.fetch(request, env, createExecutionContext())).status).toBe(499)
    }
    await expectBothTurnsAreFree()
  })

  it('a body that does not arrive in time', async () => {
    for (let times = 0; times < 3; times += 1) {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
      const response = post(broken(2 * MIB, () => new Promise(() => undefined)))
      await scheduler.wait(100)
      vi.advanceTimersByTime(31_000)
      vi.useRealTimers()
      expect((await response).status).toBe(408)
    }
    await expectBothTurnsAreFree()
  })

  it.each([
    ['before', 121_000, 0],
    ['while', 119_000, 2_000],
  ])('two minutes, which end %s another one waits, if the runtime has canceled the request', async (_, first, then) => {
    const end = await takeBothTurns()
    vi.restoreAllMocks()
    const started = Date.now()
    vi.useFakeTimers({ toFake: ['Date'], now: started + first })
    const third = post(LARGE)
    await scheduler.wait(200)
    vi.setSystemTime(started + first + then)
    expect((await third).status).toBe(201)
    vi.useRealTimers()
    await end()
  })
})
