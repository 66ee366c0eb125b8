import { once } from 'node:events'
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import { buffer } from 'node:stream/consumers'

export interface Received {
  method: string
  path: string
  headers: IncomingHttpHeaders
  body: Buffer
  /** When the request was complete (ms). */
  at: number
  /** 1 for the first with this `webhook-id`, 2 for the second … */
  attempt: number
}

/** A status, optionally with headers and a body, or a function that writes the response. */
export type ReceiverResponse = PlainResponse | ((response: ServerResponse) => void)

interface PlainResponse {
  status: number
  headers?: Record<string, string>
  body?: string
}

export interface Receiver {
  url: string
  /** In order. */
  received: readonly Received[]
  /** The first request, past or future, that matches. Throws after the timeout. */
  waitFor(predicate: (request: Received) => boolean, timeoutMs: number): Promise<Received>
  /** Closes all connections, too. */
  close(): Promise<void>
}

/** Starts a receiver on a port of localhost (0 for any free one). */
export async function startReceiver(port: number, respond: (request: Received) => ReceiverResponse): Promise<Receiver> {
  const received: Received[] = []
  const attempts = new Map<string, number>()
  const watchers = new Set<(request: Received) => void>()

  async function receive(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(message).catch(() => null)
    // The sender has aborted the request.
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
        const outcome = () => new Error(`none of ${received.length} requests was it within ${timeoutMs} ms`)
        const timer = setTimeout(() => settle(() => reject(outcome())), timeoutMs)
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

function send(response: ServerResponse, reply: ReceiverResponse): void {
  if (typeof reply === 'function') reply(response)
  else response.writeHead(reply.status, reply.headers).end(reply.body)
}

function portOf(server: Server): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
