import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { vi } from 'vitest'
import { createApp } from '../../src/app'
import { API, type Member, ORIGIN } from '../../test/helpers/api'
import { receive, silenceQueue, silenceSweeper } from '../../test/helpers/webhooks'
import type { World } from './fixture'

/** One thing that somebody does with an account, and what can be seen of it. */
export interface Deed {
  /** The operation of the document, or the work behind it. */
  operation: string
  name: string
  writes: boolean
  run(asker: Asker, world: World): Promise<unknown>
}

type By = 'admin' | 'agent' | 'customer' | 'stranger' | 'nobody'
interface Sent {
  body?: unknown
  headers?: Record<string, string>
}
/** Sends a request, waits for all that comes of it, and gives its answer. */
export type Ask = (
  by: By | Member,
  method: string,
  path: string,
  sent?: Sent,
) => Promise<{ status: number; body: string }>

export interface Asker {
  ask: Ask
  /** What else can be seen. */
  see(what: unknown): void
}

/** Callers' objects of one generation know each other's requests and facts: a new one knows nothing. */
let generation = 0
let callsOfGeneration = 0
/** Well below what a member may ask in the minute at which the clock stands. */
const CALLS_A_GENERATION = 60

/** Has the next deed find callers' objects that know nothing, if this one has written or they have counted enough. */
export function deedIsDone({ writes }: Deed): void {
  if (writes || callsOfGeneration > CALLS_A_GENERATION) forgetCallers()
}

/** Lets the next deed find callers' objects that know nothing. */
export function forgetCallers(): void {
  generation += 1
  callsOfGeneration = 0
}

/** The same IDs at every run; what a deed leaves in anybody's memory is not there in the next. */
export function mocks() {
  let drawn = 0
  const bytes = vi.spyOn(crypto, 'getRandomValues').mockImplementation((array) => {
    if (array instanceof Uint8Array)
      for (let index = 0; index < array.length; index += 1) {
        drawn += 1
        array[index] = (drawn * 73 + (drawn >> 3) * 31 + 11) & 255
      }
    return array
  })
  const random = vi.spyOn(Math, 'random').mockReturnValue(0.5)
  const others = [env.RATE_LIMITER, env.LOGIN_THROTTLE].map((namespace) => {
    const original = namespace.getByName.bind(namespace)
    return vi.spyOn(namespace, 'getByName').mockImplementation((name) => original(`${name} ${generation}`) as never)
  })
  const queue = silenceQueue()
  silenceSweeper()
  receive()
  const log = vi.spyOn(console, 'info').mockImplementation(() => undefined)
  return {
    restore: () => {
      for (const mock of [bytes, random, ...others, queue.send, queue.sendBatch, log]) mock.mockRestore()
      vi.mocked(globalThis.fetch).mockRestore()
      vi.mocked(env.SWEEPER.getByName).mockRestore()
    },
  }
}

const SHOWN = ['Location', 'ETag', 'Link', 'X-RateLimit-Limit', 'Content-Disposition', 'Content-Length']

/** Asks the service, and keeps what it answers in `seen`. */
export function askerOf({ account }: World, seen: unknown[]): Ask {
  return async (by, method, path, { body, headers } = {}) => {
    const member = typeof by === 'string' && by !== 'nobody' ? account[by] : by
    const token = member === 'nobody' ? null : member.token
    const isJson = body !== undefined && typeof body !== 'string'
    const sent = isJson ? JSON.stringify(body) : body
    const request = new Request(path.startsWith('/') ? `${ORIGIN}${path}` : `${ORIGIN}${API}/${path}`, {
      method,
      headers: {
        'CF-Connecting-IP': '192.0.2.1',
        ...(token && { Authorization: `Bearer ${token}` }),
        ...(sent !== undefined && {
          'Content-Type': isJson ? 'application/json' : 'text/plain',
          'Content-Length': String(Buffer.byteLength(String(sent))),
        }),
        ...headers,
      },
      ...(sent !== undefined && { body: String(sent) }),
    })
    const ctx = createExecutionContext()
    callsOfGeneration += 1
    const response = await createApp().fetch(request, env, ctx)
    const text = await response.text()
    await waitOnExecutionContext(ctx)
    seen.push([method, path, response.status, ...SHOWN.map((name) => response.headers.get(name)), text])
    return { status: response.status, body: text }
  }
}
