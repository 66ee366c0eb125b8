import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { Ledger } from '../crash/operations.ts'
import { type InHand, randomWrite, type Writers } from '../crash/random-writes.ts'
import { take } from '../crash/writers.ts'

/** Of a hundred requests so many write. */
const WRITES = 30
/** A caller whose requests are not answered sends no more than these. */
const UNDER_WAY = 8
const PATIENCE_MS = 15_000
const AGAIN_MS = 500

const Created = z.object({ data: z.object({ id: z.string() }) })

export interface Tally {
  /** Requests to be begun while there was a server, by the clock, and those that were: a server that is slow is spared some. */
  planned: number
  begun: number
  /** All that were sent, those that were sent again among them. */
  sent: number
  /** Requests that overlapped a time without a server; they say nothing of it. */
  inGaps: number
  /** Of the others, those that were not answered as they should be, by what came instead. */
  errors: Map<string, number>
  /** Writes that were sent again with their idempotency key, for no answer had come. */
  sentAgain: number
}

export interface Traffic {
  /** What it has come to so far. */
  tally(): Tally
  /** The server is about to go; until `resume`, requests may fail. */
  pause(): void
  resume(): void
  /** Sends nothing new; resolves once all that was under way is answered. */
  stop(): Promise<void>
}

interface Plan {
  origin: string
  /** API keys, each a caller with a limit of its own. */
  keys: string[]
  /** Milliseconds between two requests of a caller. */
  everyMs: number
  ledger: Ledger
  writers: Writers
}

/** Mixed traffic at an even pace until it is stopped. What is written is in the ledger before it is sent. */
export function startTraffic({ origin, keys, everyMs, ledger, writers }: Plan): Traffic {
  const tally = { begun: 0, sent: 0, inGaps: 0, errors: new Map<string, number>(), sentAgain: 0 }
  const inHand: InHand = { ticketIds: [], parts: [] }
  const running = new Set<Promise<void>>()
  const timers: NodeJS.Timeout[] = []
  /** Counts times with a server and without. */
  let period = 0
  let isGap = false
  /** Milliseconds with a server before `liveSince`, which is null while there is none. */
  let lived = 0
  let liveSince: number | null = Date.now()
  let written = 0

  /** The status, or what went wrong; null where that is the gap's doing. */
  async function ask(key: string, method: string, path: string, body?: unknown, idempotencyKey?: string) {
    const begunIn = period
    const wasGap = isGap
    tally.sent += 1
    const isRaw = body instanceof Uint8Array
    const answer = await fetch(`${origin}/api/v1${path}`, {
      method,
      headers: {
        Authorization: `Bearer ${key}`,
        'Content-Type': isRaw ? 'application/octet-stream' : 'application/json',
        ...(idempotencyKey !== undefined && { 'Idempotency-Key': idempotencyKey }),
      },
      ...(body !== undefined && { body: isRaw ? body : JSON.stringify(body) }),
      signal: AbortSignal.timeout(PATIENCE_MS),
    })
      .then(async (response) => ({ status: response.status, text: await response.text() }))
      .catch((error: unknown) => ({ status: 0, text: String(error) }))
    const isExcused = wasGap || begunIn !== period
    if (isExcused) tally.inGaps += 1
    if (answer.status >= 200 && answer.status < 300) return answer
    if (!isExcused) count(`${method} ${path.replace(/[^/?]*[0-9][^/?]*/g, '…')}: ${answer.status} ${answer.text}`)
    return null
  }

  function count(error: string): void {
    const told = error.slice(0, 160)
    tally.errors.set(told, (tally.errors.get(told) ?? 0) + 1)
  }

  async function read(key: string): Promise<void> {
    const ticket = inHand.ticketIds.at(randomInt(Math.max(1, inHand.ticketIds.length)))
    const some = ['/tickets', '/tickets?status=open&sort=updated_at', '/tickets/stats', '/tickets?q=drucker', '/users']
    const ofTicket = ticket ? [`/tickets/${ticket}`, `/tickets/${ticket}/comments`, `/tickets/${ticket}/history`] : []
    const paths = [...some, '/events?per_page=20', ...ofTicket, ...ofTicket]
    await ask(key, 'GET', paths[randomInt(paths.length)] ?? '/tickets')
  }

  async function write(key: string): Promise<void> {
    written += 1
    const request = freshWrite(`r1w1n${written}`)
    const { deed, method, path, body } = request
    ledger.set(deed.marker, deed)
    let answer = await ask(key, method, path, body, deed.marker)
    // Whoever got no answer asks again, with the same key, until one comes.
    for (let tries = 0; answer === null && tries < 120; tries += 1) {
      await sleep(AGAIN_MS)
      if (isGap) continue
      tally.sentAgain += 1
      answer = await ask(key, method, path, body, deed.marker)
    }
    if (answer === null) return
    deed.acknowledged = true
    if (answer.text !== '') deed.id = Created.parse(JSON.parse(answer.text)).data.id
    take(deed, inHand)
  }

  /** API keys and webhooks are few to an account. */
  function freshWrite(marker: string) {
    for (;;) {
      const request = randomWrite(marker, 1, inHand, writers)
      if (request.deed.sent.kind !== 'key' && request.deed.sent.kind !== 'webhook') return request
    }
  }

  for (const key of keys) {
    // What a kill has left without an answer holds up nothing that is begun after it.
    let underWay = { period, count: 0 }
    const fire = () => {
      if (underWay.period !== period) underWay = { period, count: 0 }
      const own = underWay
      if (own.count >= UNDER_WAY) return
      if (!isGap) tally.begun += 1
      own.count += 1
      const one = (randomInt(100) < WRITES ? write(key) : read(key)).finally(() => {
        own.count -= 1
        running.delete(one)
      })
      running.add(one)
    }
    timers.push(setInterval(fire, everyMs))
  }

  function livedUntilNow(): number {
    return lived + (liveSince === null ? 0 : Date.now() - liveSince)
  }

  function endLife(): void {
    lived = livedUntilNow()
    liveSince = null
  }

  return {
    tally: () => ({ ...tally, planned: Math.floor((keys.length * livedUntilNow()) / everyMs) }),
    pause: () => {
      isGap = true
      period += 1
      endLife()
    },
    resume: () => {
      isGap = false
      period += 1
      liveSince = Date.now()
    },
    stop: async () => {
      for (const timer of timers) clearInterval(timer)
      endLife()
      await Promise.all(running)
    },
  }
}
