import { setTimeout as sleep } from 'node:timers/promises'

export interface Answer {
  status: number
  /** Null where there is none. */
  body: unknown
  /** The body as it came. */
  text: string
  headers: Headers
}

export interface Api {
  /**
   * Throws where no whole answer came. Bytes are sent as they are, all else as JSON; with an idempotency key, if one is
   * given.
   */
  send(method: string, path: string, body?: unknown, idempotencyKey?: string): Promise<Answer>
  /** Reads; throws unless the answer is good. */
  get(path: string): Promise<unknown>
  /** Writes; throws unless the answer is good. */
  post(path: string, body: unknown): Promise<unknown>
}

const PATIENCE_MS = 30_000

/** The API with several credentials, which it uses in turns: each may send only so many requests a minute. */
export function openApi(origin: string, credentials: string[]): Api {
  let turn = 0

  async function send(method: string, path: string, body?: unknown, idempotencyKey?: string): Promise<Answer> {
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
      signal: AbortSignal.timeout(PATIENCE_MS),
    })
    const text = await response.text()
    if (response.status === 429) {
      await sleep(1_000)
      return send(method, path, body, idempotencyKey)
    }
    const { status, headers } = response
    return { status, body: text === '' ? null : JSON.parse(text), text, headers }
  }

  async function sendWell(method: string, path: string, sent?: unknown): Promise<unknown> {
    const { status, body } = await send(method, path, sent)
    if (status >= 300) throw new Error(`${method} ${path} answered ${status}: ${JSON.stringify(body)}`)
    return body
  }

  return { send, get: (path) => sendWell('GET', path), post: (path, body) => sendWell('POST', path, body) }
}
