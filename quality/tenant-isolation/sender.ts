import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { vi } from 'vitest'
import { createApp } from '../../src/app'
import { API, type Member, ORIGIN } from '../../test/helpers/api'
import { receive, silenceQueue, silenceSweeper } from '../../test/helpers/webhooks'
import type { Fixture } from './fixture'

export interface Operation {
  /** An operation ID of the OpenAPI document, or a background job. */
  operationId: string
  name: string
  writes: boolean
  run(sender: Sender, fixture: Fixture): Promise<unknown>
}

type Caller = 'admin' | 'agent' | 'customer' | 'stranger' | 'anonymous'
interface Content {
  body?: unknown
  headers?: Record<string, string>
}
/** Sends a request and waits for its background work. */
export type Send = (
  caller: Caller | Member,
  method: string,
  path: string,
  payload?: Content,
) => Promise<{ status: number; body: string }>

export interface Sender {
  send: Send
  /** Records what else the operation makes visible. */
  record(value: unknown): void
}

/** Durable Objects of one generation share rate limits and cached members; a new generation starts empty. */
let generation = 0
let callsOfGeneration = 0
/** Well below the rate limit of a member, since the clock stands still. */
const CALLS_PER_GENERATION = 60

export function startGenerationIfNeeded({ writes }: Operation): void {
  if (writes || callsOfGeneration > CALLS_PER_GENERATION) startGeneration()
}

export function startGeneration(): void {
  generation += 1
  callsOfGeneration = 0
}

/** Makes IDs reproducible, and gives every generation Durable Objects of its own. */
export function mockEnvironment() {
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
  const namespaces = [env.RATE_LIMITER, env.LOGIN_THROTTLE].map((namespace) => {
    const original = namespace.getByName.bind(namespace)
    return vi.spyOn(namespace, 'getByName').mockImplementation((name) => original(`${name} ${generation}`) as never)
  })
  const queue = silenceQueue()
  silenceSweeper()
  receive()
  const log = vi.spyOn(console, 'info').mockImplementation(() => undefined)
  return {
    restore: () => {
      for (const mock of [bytes, random, ...namespaces, queue.send, queue.sendBatch, log]) mock.mockRestore()
      vi.mocked(globalThis.fetch).mockRestore()
      vi.mocked(env.SWEEPER.getByName).mockRestore()
    },
  }
}

const COMPARED_HEADERS = ['Location', 'ETag', 'Link', 'X-RateLimit-Limit', 'Content-Disposition', 'Content-Length']

export function createSend({ account }: Fixture, recorded: unknown[]): Send {
  return async (caller, method, path, { body, headers } = {}) => {
    const member = typeof caller === 'string' && caller !== 'anonymous' ? account[caller] : caller
    const token = member === 'anonymous' ? null : member.token
    const isJson = body !== undefined && typeof body !== 'string'
    const payload = isJson ? JSON.stringify(body) : body
    const request = new Request(path.startsWith('/') ? `${ORIGIN}${path}` : `${ORIGIN}${API}/${path}`, {
      method,
      headers: {
        'CF-Connecting-IP': '192.0.2.1',
        ...(token && { Authorization: `Bearer ${token}` }),
        ...(payload !== undefined && {
          'Content-Type': isJson ? 'application/json' : 'text/plain',
          'Content-Length': String(Buffer.byteLength(String(payload))),
        }),
        ...headers,
      },
      ...(payload !== undefined && { body: String(payload) }),
    })
    const ctx = createExecutionContext()
    callsOfGeneration += 1
    const response = await createApp().fetch(request, env, ctx)
    const text = await response.text()
    await waitOnExecutionContext(ctx)
    recorded.push([method, path, response.status, ...COMPARED_HEADERS.map((name) => response.headers.get(name)), text])
    return { status: response.status, body: text }
  }
}
