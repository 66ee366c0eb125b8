import { once } from 'node:events'
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import { buffer } from 'node:stream/consumers'

/** One request as it came. */
export interface Received {
  method: string
  path: string
  headers: IncomingHttpHeaders
  body: Buffer
  /** When the whole of it was there (ms). */
  at: number
  /** 1 for the first with this `webhook-id`, 2 for the second … */
  attempt: number
}

/** What is answered: a status, perhaps with headers and a body, or whatever a function does with the response. */
export type Answer = Plain | ((response: ServerResponse) => void)

interface Plain {
  status: number
  headers?: Record<string, string>
  body?: string
}

export interface Receiver {
  url: string
  /** Everything that came, in the order it came. */
  received: readonly Received[]
  /** The first request, past or to come, that the predicate accepts. Throws when none did in time. */
  waitFor(predicate: (request: Received) => boolean, timeoutMs: number): Promise<Received>
  /** Ends it, and every connection with it. */
  close(): Promise<void>
}

/** Starts a receiver of webhooks on a port of this machine (0: any that is free); `respond` decides what it answers. */
export async function startReceiver(port: number, respond: (request: Received) => Answer): Promise<Receiver> {
  const received: Received[] = []
  const attempts = new Map<string, number>()
  const watchers = new Set<(request: Received) => void>()

  async function receive(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(message).catch(() => null)
    // A sender that died in the middle has sent nothing that could be recorded.
    if (body === null) return
    const id = String(message.headers['webhook-id'] ?? '')
    const attempt = (attempts.get(id) ?? 0) + 1
    attempts.set(id, attempt)
    const { method = '', url: path = '', headers } = message
    const request = { method, path, headers, body, at: Date.now(), attempt }
    received.push(request)
    send(response, respond(request))
    for (const watcher of watchers) watcher(request)
  }

  const server = createServer((message, response) => void receive(message, response))
  server.listen(port)
  await once(server, 'listening')

  return {
    url: `http://localhost:${portOf(server)}/`,
    received,
    waitFor: (predicate, timeoutMs) => {
      const known = received.find(predicate)
      if (known) return Promise.resolve(known)
      return new Promise((resolve, reject) => {
        const watcher = (request: Received) => {
          if (predicate(request)) settle(() => resolve(request))
        }
        const settle = (how: () => void) => {
          clearTimeout(timer)
          watchers.delete(watcher)
          how()
        }
        const told = () => new Error(`none of ${received.length} requests was it within ${timeoutMs} ms`)
        const timer = setTimeout(() => settle(() => reject(told())), timeoutMs)
        watchers.add(watcher)
      })
    },
    close: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

function send(response: ServerResponse, answer: Answer): void {
  if (typeof answer === 'function') answer(response)
  else response.writeHead(answer.status, answer.headers).end(answer.body)
}

function portOf(server: Server): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
