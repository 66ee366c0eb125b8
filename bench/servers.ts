import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Bundle } from './build.ts'

export interface Server {
  origin: string
  /** The process of `workerd`, where the system tells. */
  runtime: number | null
  /** The line that the server has logged for a request. Throws when none comes. */
  lineOf(requestId: string): Promise<string>
  /** Ends the server, which takes its data with it. */
  stop(): Promise<void>
}

const PATIENCE_MS = 60_000
const LINE_PATIENCE_MS = 5_000
const FAREWELL_MS = 10_000

const running = new Set<ChildProcess>()

/**
 * Serves a bundle over the data in a folder in a process of its own (`server.ts`), so that neither its log nor its start
 * take time from the process that measures. Throws when it does not come up.
 */
export async function startServer({ config, file }: Bundle, folder: string): Promise<Server> {
  const child = fork(join(import.meta.dirname, 'server.ts'), [config, file, folder], {
    // A group of its own: a Ctrl-C is told to this process alone, which then stops the servers in order.
    detached: true,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: { ...process.env, CLOUDFLARE_CF_FETCH_ENABLED: 'false', WRANGLER_SEND_METRICS: 'false' },
  })
  running.add(child)
  const message = await Promise.race([
    once(child, 'message', { signal: AbortSignal.timeout(PATIENCE_MS) }).then(([told]) => told),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`The server of ${config} ended with ${code}`))),
  ])
  if (!isAddress(message)) throw new TypeError('a server told something else than where it is')
  return { ...message, lineOf: (requestId) => lineOf(child, requestId), stop: () => stop(child) }
}

function isAddress(message: unknown): message is Pick<Server, 'origin' | 'runtime'> {
  if (typeof message !== 'object' || message === null || !('origin' in message) || !('runtime' in message)) return false
  return typeof message.origin === 'string' && (message.runtime === null || typeof message.runtime === 'number')
}

/** A line comes a moment after its answer. */
async function lineOf(child: ChildProcess, requestId: string): Promise<string> {
  const deadline = Date.now() + LINE_PATIENCE_MS
  while (Date.now() < deadline) {
    const told = once(child, 'message', { signal: AbortSignal.timeout(LINE_PATIENCE_MS) })
    child.send(requestId)
    const [message] = await told
    if (message.line !== null) return message.line
    await sleep(5)
  }
  throw new Error('a request left no line in the log')
}

/** Ends every server that is still there. */
export async function stopServers(): Promise<void> {
  await Promise.all([...running].map(stop))
}

async function stop(child: ChildProcess): Promise<void> {
  running.delete(child)
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  if (child.connected) child.disconnect()
  const timer = setTimeout(() => child.kill('SIGKILL'), FAREWELL_MS)
  await ended
  clearTimeout(timer)
}
