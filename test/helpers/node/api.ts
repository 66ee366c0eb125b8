import { setTimeout as sleep } from 'node:timers/promises'

export interface ApiResponse {
  status: number
  /** Null if it is empty. */
  body: unknown
  text: string
  headers: Headers
}

export interface Api {
  /** Throws if the response is incomplete. Bytes are sent unchanged, everything else as JSON. */
  send(method: string, path: string, body?: unknown, idempotencyKey?: string): Promise<ApiResponse>
  /** Throws unless the request succeeds. */
  get(path: string): Promise<unknown>
  /** Throws unless the request succeeds. */
  post(path: string, body: unknown): Promise<unknown>
}

const TIMEOUT_MS = 30_000

/** Uses the credentials in turns, because each has its own rate limit. */
export function openApi(origin: string, credentials: string[]): Api {
  let turn = 0

  async function send(method: string, path: string, body?: unknown, idempotencyKey?: string): Promise<ApiResponse> {
    const credential = credentials[turn++ % credentials.length]
    const isRaw = body instanceof Uint8Array
    const type = isRaw ? 'application/octet-stream' : 'application/json'
    const response = await fetch(`${origin}/api/v1${path}`, {
      method,
      headers: {
        Authorization: `Bearer ${credential}`,
        'Content-Type': type,
        ...(idempotencyKey !== undefined && { 'Idempotency-Key': idempotencyKey }),
      },
      ...(body !== undefined && { body: isRaw ? body : JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    const text = await response.text()
    if (response.status === 429) {
      await sleep(1_000)
      return send(method, path, body, idempotencyKey)
    }
    const { status, headers } = response
    return { status, body: text === '' ? null : JSON.parse(text), text, headers }
  }

  async function sendOrThrow(method: string, path: string, content?: unknown): Promise<unknown> {
    const { status, body } = await send(method, path, content)
    if (status >= 300) throw new Error(`${method} ${path} answered ${status}: ${JSON.stringify(body)}`)
    return body
  }

  return { send, get: (path) => sendOrThrow('GET', path), post: (path, body) => sendOrThrow('POST', path, body) }
}
