import { exports } from 'cloudflare:workers'
import { freshIpAddress } from './addresses'
import { API, ORIGIN, type TestResponse, toTestResponse } from './api'
import type { SampleRequest } from './sample-requests'

export const FILLERS = ['a', ' ', '@'] as const

/** Does not use `call`, which would remember megabytes as secrets of the request. */
export async function sendLarge(sample: SampleRequest, headers: Record<string, string> = {}): Promise<TestResponse> {
  const { caller, method, path, body } = sample
  const url = path.startsWith('http') ? path : `${ORIGIN}${path.startsWith('/') ? path : `${API}/${path}`}`
  const isJson = body !== undefined && typeof body !== 'string'
  const request = new Request(url, {
    method,
    headers: {
      'CF-Connecting-IP': freshIpAddress(),
      ...(caller && { Authorization: `Bearer ${caller.token}` }),
      ...(isJson && { 'Content-Type': 'application/json' }),
      ...sample.headers,
      ...headers,
    },
    ...(body !== undefined && { body: isJson ? JSON.stringify(body) : String(body) }),
  })
  return toTestResponse(method, url, await exports.default.fetch(request))
}
