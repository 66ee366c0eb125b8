import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { checkSignature } from '../../scripts/listen/signature.ts'
import { isErasedForm } from './erased.ts'
import type { Problem } from './operations.ts'
import { type ReceivedEvent, readEvent } from './shapes.ts'

export interface Delivery {
  event: ReceivedEvent
  at: number
  body: Buffer
}

export interface Subscriber {
  url: string
  /** Set it before the first delivery. */
  secret: string
  /** By event ID. */
  deliveries: ReadonlyMap<string, Delivery>
  hasMarker(marker: string): boolean
  requests(): number
  /** Returns and clears the problems. */
  drainProblems(): Problem[]
  close(): void
}

const TICK_MS = 50

const Request = z.object({
  headers: z.record(z.string(), z.union([z.string(), z.array(z.string())])),
  body: z.instanceof(Uint8Array),
  at: z.number(),
})
type Request = z.infer<typeof Request>

export async function startSubscriber(): Promise<Subscriber> {
  const child = fork(join(import.meta.dirname, 'receiver-process.ts'), { serialization: 'advanced' })
  const [url] = await once(child, 'message')
  const deliveries = new Map<string, Delivery>()
  const markers = new Set<string>()
  const problems: Problem[] = []
  let requests = 0

  function receive({ headers, body: bytes, at }: Request): void {
    requests += 1
    const body = Buffer.from(bytes)
    const signature = checkSignature({ headers, body }, subscriber.secret)
    if (!signature.isValid) problems.push(`wrong: delivery of ${headers['webhook-id']}: ${signature.reason}`)
    const event = readEvent(JSON.parse(body.toString()))
    if (headers['webhook-id'] !== event.id)
      problems.push(`wrong: ${event.id} arrived with the webhook-id ${headers['webhook-id']}`)
    const known = deliveries.get(event.id)
    if (known && !known.body.equals(body) && !isErasedForm(known.event.raw, event.raw))
      problems.push(`wrong: ${event.id} arrived again with other bytes`)
    if (known) return
    deliveries.set(event.id, { event, at, body })
    if (event.marker !== null) markers.add(event.marker)
  }

  const subscriber: Subscriber = {
    url: z.string().parse(url),
    secret: '',
    deliveries,
    hasMarker: (marker) => markers.has(marker),
    requests: () => requests,
    drainProblems: () => problems.splice(0),
    close: () => child.disconnect(),
  }
  child.on('message', (message) => {
    try {
      receive(Request.parse(message))
    } catch (error) {
      problems.push(`wrong: a delivery could not be read: ${error}`)
    }
  })
  return subscriber
}

/** Waits until every expected item is there; returns those that are missing at the deadline. */
export async function missingAt(deadline: number, expected: string[], has: (item: string) => boolean) {
  let missing = expected.filter((item) => !has(item))
  while (missing.length > 0 && Date.now() < deadline) {
    await sleep(TICK_MS)
    missing = missing.filter((item) => !has(item))
  }
  return missing
}
