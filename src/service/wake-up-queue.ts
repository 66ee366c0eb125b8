import { logFailure } from '../core/log'
import { withDeadline } from '../lib/deadline'
import { retryTransient } from '../lib/retry'
import { SECOND } from '../lib/time'

/**
 * Says that there is work: events of this account to fan out, or (null) due deliveries. It carries no data, so a lost
 * message loses nothing.
 */
export interface FanOutMessage {
  account_id: string | null
}

/** When (ms) the latest message of each account arrives. It may be in the future. */
const lastEnqueuedAt = new Map<string, number>()
const MAX_REMEMBERED = 10_000

/**
 * Enqueues a message for an account, delayed so that there is at most one per second; does nothing if one is still to
 * arrive. Failures are only logged: the sweep finds pending events.
 */
export async function enqueueFanOut(queue: Queue<FanOutMessage>, accountId: string): Promise<void> {
  const now = Date.now()
  const last = lastEnqueuedAt.get(accountId) ?? 0
  if (last > now) return
  const delaySeconds = now - last < SECOND ? 1 : 0
  if (lastEnqueuedAt.size >= MAX_REMEMBERED) lastEnqueuedAt.clear()
  lastEnqueuedAt.set(accountId, now + delaySeconds * SECOND)
  await retryTransient(() => withDeadline(queue.send({ account_id: accountId }, { delaySeconds }))).catch((error) =>
    logFailure('enqueue fan-out', error, { account_id: accountId }),
  )
}

/** Limits of Cloudflare Queues. */
const MAX_DELAY_SECONDS = 43_200
const MESSAGES_PER_CALL = 100

/** Collects messages, at most one per account and second, and sends them together. */
export class WakeUpBatch {
  private readonly messages = new Map<string, { body: FanOutMessage; delaySeconds: number }>()

  constructor(private readonly queue: Queue<FanOutMessage>) {}

  /** For an account's events or (null) due deliveries, at a time (ms). The message may arrive up to a second early. */
  add(accountId: string | null, at: number): void {
    const seconds = Math.floor((at - Date.now()) / SECOND)
    const delaySeconds = Math.min(MAX_DELAY_SECONDS, Math.max(0, seconds))
    this.messages.set(`${accountId} ${delaySeconds}`, { body: { account_id: accountId }, delaySeconds })
  }

  /** Failures are only logged: the sweep finds the work. */
  async enqueue(): Promise<void> {
    const messages = [...this.messages.values()]
    this.messages.clear()
    for (let start = 0; start < messages.length; start += MESSAGES_PER_CALL) {
      const some = messages.slice(start, start + MESSAGES_PER_CALL)
      await retryTransient(() => withDeadline(this.queue.sendBatch(some))).catch((error) =>
        logFailure('enqueue wake-ups', error),
      )
    }
  }
}
