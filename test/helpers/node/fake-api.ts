import { TicketingClient } from '../../../packages/client/src/index.ts'

/** One answer of the fake: a status with a body and headers, a failure of the network, or none at all. */
export type FakeAnswer = { status: number; body?: unknown; headers?: Record<string, string> } | 'broken' | 'silent'

export interface SentRequest {
  method: string
  address: string
  headers: Headers
  body: string
}

export const FAKE_URL = 'https://api.example.com/api/v1'

/** The fetch of a fake API that gives the answers in turn, the last for all that follow, and what was sent to it. */
export function fakeFetch(answers: [FakeAnswer, ...FakeAnswer[]]) {
  const sent: SentRequest[] = []

  async function fetch(address: string, init: RequestInit): Promise<Response> {
    const { method = 'GET', headers, body, signal } = init
    sent.push({ method, address, headers: new Headers(headers), body: typeof body === 'string' ? body : '' })
    const answer = answers[Math.min(sent.length, answers.length) - 1]
    if (answer === 'broken') throw new TypeError('fetch failed')
    if (answer === 'silent' || answer === undefined)
      return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason), { once: true }))
    const text = answer.body === undefined ? null : JSON.stringify(answer.body)
    return new Response(text, { status: answer.status, headers: answer.headers ?? {} })
  }

  return { sent, fetch }
}

/** A client with an API key, of a fake API. */
export function fakeClient(...answers: [FakeAnswer, ...FakeAnswer[]]) {
  const { sent, fetch } = fakeFetch(answers)
  return { sent, client: new TicketingClient({ url: FAKE_URL, apiKey: 'tk_live_1', fetch }) }
}

/** A failure as the API answers it. */
export function failure(status: number, code: string, headers: Record<string, string> = {}): FakeAnswer {
  return { status, headers, body: { error: { code, message: 'No', details: [] } } }
}
