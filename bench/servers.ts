import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Bundle } from './build.ts'

export interface Server {
  origin: string
  /** The process of `workerd`; null on systems other than Linux. */
  runtime: number | null
  /** The log line of a request. Throws if there is none. */
  lineOf(requestId: string): Promise<string>
  /** Deletes the server's data, too. */
  stop(): Promise<void>
}

const START_TIMEOUT_MS = 60_000
const LINE_TIMEOUT_MS = 5_000
const STOP_TIMEOUT_MS = 10_000

const running = new Set<ChildProcess>()

/**
 * Serves a bundle in a separate process (`server.ts`), so that its log and its start take no time from the measuring
 * process. Throws if the server does not start.
 */
export async function startServer({ config, file }: Bundle, folder: string): Promise<Server> {
  const child = fork(join(import.meta.dirname, 'server.ts'), [config, file, folder], {
    // A process group of its own: Ctrl-C only reaches this process, which stops the servers in order.
    detached: true,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: { ...process.env, CLOUDFLARE_CF_FETCH_ENABLED: 'false', WRANGLER_SEND_METRICS: 'false' },
  })
  running.add(child)
  const message = await Promise.race([
    once(child, 'message', { signal: AbortSignal.timeout(START_TIMEOUT_MS) }).then(([received]) => received),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`The server of ${config} ended with ${code}`))),
  ])
  if (!isAddress(message)) throw new TypeError('the first message of a server was not its URL')
  return { ...message, lineOf: (requestId) => lineOf(child, requestId), stop: () => stop(child) }
}

function isAddress(message: unknown): message is Pick<Server, 'origin' | 'runtime'> {
  if (typeof message !== 'object' || message === null || !('origin' in message) || !('runtime' in message)) return false
  return typeof message.origin === 'string' && (message.runtime === null || typeof message.runtime === 'number')
}

/** A line is logged shortly after the response. */
async function lineOf(child: ChildProcess, requestId: string): Promise<string> {
  const deadline = Date.now() + LINE_TIMEOUT_MS
  while (Date.now() < deadline) {
    const received = once(child, 'message', { signal: AbortSignal.timeout(LINE_TIMEOUT_MS) })
    child.send(requestId)
    const [message] = await received
    if (message.line !== null) return message.line
    await sleep(5)
  }
  throw new Error('a request has no line in the log')
}

export async function stopServers(): Promise<void> {
  await Promise.all([...running].map(stop))
}

async function stop(child: ChildProcess): Promise<void> {
  running.delete(child)
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  if (child.connected) child.disconnect()
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
  await ended
  clearTimeout(timer)
}
