import { exports } from 'cloudflare:workers'
import { freshAddress } from './addresses'
import { type Answer, API, answerOf, ORIGIN } from './api'
import type { SampleRequest } from './sample-requests'

export const FILLERS = ['a', ' ', '@'] as const

/** Sends a request, not by `call`, which remembers what is secret of each request: here that would be megabytes. */
export async function sendLarge(sample: SampleRequest, headers: Record<string, string> = {}): Promise<Answer> {
  const { caller, method, path, body } = sample
  const url = path.startsWith('http') ? path : `${ORIGIN}${path.startsWith('/') ? path : `${API}/${path}`}`
  const isJson = body !== undefined && typeof body !== 'string'
  const request = new Request(url, {
    method,
    headers: {
      'CF-Connecting-IP': freshAddress(),
      ...(caller && { Authorization: `Bearer ${caller.token}` }),
      ...(isJson && { 'Content-Type': 'application/json' }),
      ...sample.headers,
      ...headers,
    },
    ...(body !== undefined && { body: isJson ? JSON.stringify(body) : String(body) }),
  })
  return answerOf(method, url, await exports.default.fetch(request))
}
