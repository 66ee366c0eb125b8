import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { verdictOn } from '../../scripts/listen/verdict.ts'
import type { Problem } from './operations.ts'
import { readEvent, type Told } from './shapes.ts'

/** The first delivery of an event. */
export interface Delivery {
  event: Told
  at: number
  body: Buffer
}

export interface Subscriber {
  url: string
  /** To be set before the first delivery. */
  secret: string
  /** By the IDs of the events. */
  deliveries: ReadonlyMap<string, Delivery>
  /** Whether the deed with this marker was told of. */
  knows(marker: string): boolean
  /** How many requests have come. */
  requests(): number
  /** What was wrong with deliveries since the last time it was asked. */
  takeProblems(): Problem[]
  close(): void
}

const TICK_MS = 50

const Request = z.object({
  headers: z.record(z.string(), z.union([z.string(), z.array(z.string())])),
  body: z.instanceof(Uint8Array),
  at: z.number(),
})
type Request = z.infer<typeof Request>

/** Starts a receiver in a process of its own, and keeps book of what it is told. */
export async function startSubscriber(): Promise<Subscriber> {
  const child = fork(join(import.meta.dirname, 'receiver-process.ts'), { serialization: 'advanced' })
  const [url] = await once(child, 'message')
  const deliveries = new Map<string, Delivery>()
  const markers = new Set<string>()
  const problems: Problem[] = []
  let requests = 0

  function take({ headers, body: bytes, at }: Request): void {
    requests += 1
    const body = Buffer.from(bytes)
    const verdict = verdictOn({ headers, body }, subscriber.secret)
    if (!verdict.good) problems.push(`wrong: delivery of ${headers['webhook-id']}: ${verdict.why}`)
    const event = readEvent(JSON.parse(body.toString()))
    if (headers['webhook-id'] !== event.id)
      problems.push(`wrong: ${event.id} came with webhook-id ${headers['webhook-id']}`)
    const known = deliveries.get(event.id)
    if (known && !known.body.equals(body)) problems.push(`wrong: ${event.id} came again with other bytes`)
    if (known) return
    deliveries.set(event.id, { event, at, body })
    if (event.marker !== null) markers.add(event.marker)
  }

  const subscriber: Subscriber = {
    url: z.string().parse(url),
    secret: '',
    deliveries,
    knows: (marker) => markers.has(marker),
    requests: () => requests,
    takeProblems: () => problems.splice(0),
    close: () => child.disconnect(),
  }
  child.on('message', (message) => {
    try {
      take(Request.parse(message))
    } catch (error) {
      problems.push(`wrong: a delivery could not be read: ${error}`)
    }
  })
  return subscriber
}

/** Waits until everything has come; gives what had not by the deadline (ms). */
export async function missingAt(deadline: number, expected: string[], has: (one: string) => boolean) {
  let missing = expected.filter((one) => !has(one))
  while (missing.length > 0 && Date.now() < deadline) {
    await sleep(TICK_MS)
    missing = missing.filter((one) => !has(one))
  }
  return missing
}
