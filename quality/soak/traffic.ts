import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { WriteLog } from '../crash/operations.ts'
import { type KnownResources, randomWrite, type Writers } from '../crash/random-writes.ts'
import { addToKnown } from '../crash/writers.ts'

/** Percent of the requests. */
const WRITE_PERCENT = 30
/** The most concurrent requests of a caller. */
const MAX_PENDING = 8
const TIMEOUT_MS = 15_000
const RETRY_MS = 500

const Created = z.object({ data: z.object({ id: z.string() }) })

export interface Tally {
  /** Requests that the schedule planned while the server ran, and those that were started. */
  planned: number
  started: number
  /** All requests, with retries. */
  sent: number
  /** Requests that overlapped a time without a server; they may fail. */
  inGaps: number
  /** Unexpected outcomes of the other requests, with their number. */
  errors: Map<string, number>
  /** Retries of writes with their idempotency key. */
  retried: number
}

export interface Traffic {
  tally(): Tally
  /** Requests may fail until `resume`. */
  pause(): void
  resume(): void
  /** Resolves when all pending requests have a response. */
  stop(): Promise<void>
}

interface Plan {
  origin: string
  /** Each is a caller with its own rate limit. */
  keys: string[]
  /** Milliseconds between two requests of a caller. */
  everyMs: number
  writeLog: WriteLog
  writers: Writers
}

/** Mixed traffic at a constant rate until `stop`. Writes are recorded before they are sent. */
export function startTraffic({ origin, keys, everyMs, writeLog, writers }: Plan): Traffic {
  const tally = { started: 0, sent: 0, inGaps: 0, errors: new Map<string, number>(), retried: 0 }
  const known: KnownResources = { ticketIds: [], children: [] }
  const running = new Set<Promise<void>>()
  const timers: NodeJS.Timeout[] = []
  /** Increases with each start and each kill of the server. */
  let period = 0
  let isGap = false
  /** Milliseconds with a server before `upSince`, which is null while there is none. */
  let earlierUptimeMs = 0
  let upSince: number | null = Date.now()
  let writeCount = 0

  /** Null for a failure, which is only counted if the server ran. */
  async function send(key: string, method: string, path: string, body?: unknown, idempotencyKey?: string) {
    const startPeriod = period
    const startedInGap = isGap
    tally.sent += 1
    const isRaw = body instanceof Uint8Array
    const response = await fetch(`${origin}/api/v1${path}`, {
      method,
      headers: {
        Authorization: `Bearer ${key}`,
        'Content-Type': isRaw ? 'application/octet-stream' : 'application/json',
        ...(idempotencyKey !== undefined && { 'Idempotency-Key': idempotencyKey }),
      },
      ...(body !== undefined && { body: isRaw ? body : JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
      .then(async (response) => ({ status: response.status, text: await response.text() }))
      .catch((error: unknown) => ({ status: 0, text: String(error) }))
    const isExcused = startedInGap || startPeriod !== period
    if (isExcused) tally.inGaps += 1
    if (response.status >= 200 && response.status < 300) return response
    if (!isExcused) count(`${method} ${path.replace(/[^/?]*[0-9][^/?]*/g, '…')}: ${response.status} ${response.text}`)
    return null
  }

  function count(error: string): void {
    const message = error.slice(0, 160)
    tally.errors.set(message, (tally.errors.get(message) ?? 0) + 1)
  }

  async function sendRead(key: string): Promise<void> {
    const ticket = known.ticketIds.at(randomInt(Math.max(1, known.ticketIds.length)))
    const generalPaths = [
      '/tickets',
      '/tickets?status=open&sort=updated_at',
      '/tickets/stats',
      '/tickets?q=drucker',
      '/users',
    ]
    const ticketPaths = ticket
      ? [`/tickets/${ticket}`, `/tickets/${ticket}/comments`, `/tickets/${ticket}/history`]
      : []
    const paths = [...generalPaths, '/events?per_page=20', ...ticketPaths, ...ticketPaths]
    await send(key, 'GET', paths[randomInt(paths.length)] ?? '/tickets')
  }

  async function sendWrite(key: string): Promise<void> {
    writeCount += 1
    const request = createWrite(`r1w1n${writeCount}`)
    const { write, method, path, body } = request
    writeLog.set(write.marker, write)
    let response = await send(key, method, path, body, write.marker)
    // A write is retried with the same key until it gets a response.
    for (let attempt = 0; response === null && attempt < 120; attempt += 1) {
      await sleep(RETRY_MS)
      if (isGap) continue
      tally.retried += 1
      response = await send(key, method, path, body, write.marker)
    }
    if (response === null) return
    write.acknowledged = true
    if (response.text !== '') write.id = Created.parse(JSON.parse(response.text)).data.id
    addToKnown(write, known)
  }

  /** An account may only have a limited number of API keys and webhooks. */
  function createWrite(marker: string) {
    for (;;) {
      const request = randomWrite(marker, 1, known, writers)
      if (request.write.sent.kind !== 'key' && request.write.sent.kind !== 'webhook') return request
    }
  }

  for (const key of keys) {
    // Requests that a kill interrupted do not count as pending in the next period.
    let pending = { period, count: 0 }
    const startRequest = () => {
      if (pending.period !== period) pending = { period, count: 0 }
      const current = pending
      if (current.count >= MAX_PENDING) return
      if (!isGap) tally.started += 1
      current.count += 1
      const request = (randomInt(100) < WRITE_PERCENT ? sendWrite(key) : sendRead(key)).finally(() => {
        current.count -= 1
        running.delete(request)
      })
      running.add(request)
    }
    timers.push(setInterval(startRequest, everyMs))
  }

  function uptimeMs(): number {
    return earlierUptimeMs + (upSince === null ? 0 : Date.now() - upSince)
  }

  function stopUptime(): void {
    earlierUptimeMs = uptimeMs()
    upSince = null
  }

  return {
    tally: () => ({ ...tally, planned: Math.floor((keys.length * uptimeMs()) / everyMs) }),
    pause: () => {
      isGap = true
      period += 1
      stopUptime()
    },
    resume: () => {
      isGap = false
      period += 1
      upSince = Date.now()
    },
    stop: async () => {
      for (const timer of timers) clearInterval(timer)
      stopUptime()
      await Promise.all(running)
    },
  }
}
