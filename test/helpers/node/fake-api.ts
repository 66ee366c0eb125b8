import { TicketingClient } from '../../../packages/client/src/index.ts'

/** A status with a body and headers, a network error, or no response at all. */
export type FakeResponse = { status: number; body?: unknown; headers?: Record<string, string> } | 'broken' | 'silent'

export interface SentRequest {
  method: string
  address: string
  headers: Headers
  body: string
}

export const FAKE_URL = 'https://api.example.com/api/v1'

/** Returns the responses in order, the last one repeatedly, and records the requests. */
export function fakeFetch(responses: [FakeResponse, ...FakeResponse[]]) {
  const sent: SentRequest[] = []

  async function fetch(address: string, init: RequestInit): Promise<Response> {
    const { method = 'GET', headers, body, signal } = init
    sent.push({ method, address, headers: new Headers(headers), body: typeof body === 'string' ? body : '' })
    const response = responses[Math.min(sent.length, responses.length) - 1]
    if (response === 'broken') throw new TypeError('fetch failed')
    if (response === 'silent' || response === undefined)
      return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason), { once: true }))
    const received = response.body
    const text = received === undefined ? null : typeof received === 'string' ? received : JSON.stringify(received)
    return new Response(text, { status: response.status, headers: response.headers ?? {} })
  }

  return { sent, fetch }
}

export function fakeClient(...responses: [FakeResponse, ...FakeResponse[]]) {
  const { sent, fetch } = fakeFetch(responses)
  return { sent, client: new TicketingClient({ url: FAKE_URL, apiKey: 'tk_live_1', fetch }) }
}

export function failure(status: number, code: string, headers: Record<string, string> = {}): FakeResponse {
  return { status, headers, body: { error: { code, message: 'No', details: [] } } }
}
