import { logFailure } from '../core/log'
import { SECOND } from '../lib/time'

/**
 * The queue's message: there is work. It names the account whose events are to be fanned out, or none where only
 * deliveries are due. It carries nothing else, so losing it loses nothing.
 */
export interface FanOutMessage {
  account_id: string | null
}

/** For each account, when (ms) its newest ring sounds: it may lie ahead. */
const lastEnqueuedAt = new Map<string, number>()
const MAX_REMEMBERED = 10_000

/**
 * Rings for an account: at once, or a second after the last ring where there was one; further rings until then say
 * nothing new. One that the queue refuses is not missed, for the sweep looks for what was not fanned out.
 */
export async function enqueueFanOut(queue: Queue<FanOutMessage>, accountId: string): Promise<void> {
  const now = Date.now()
  const last = lastEnqueuedAt.get(accountId) ?? 0
  if (last > now) return
  const delaySeconds = now - last < SECOND ? 1 : 0
  if (lastEnqueuedAt.size >= MAX_REMEMBERED) lastEnqueuedAt.clear()
  lastEnqueuedAt.set(accountId, now + delaySeconds * SECOND)
  await queue
    .send({ account_id: accountId }, { delaySeconds })
    .catch((error) => logFailure('wake', error, { account_id: accountId }))
}

/** What a message can wait, by the limits of Cloudflare Queues. */
const LONGEST_DELAY_SECONDS = 43_200
const MESSAGES_A_CALL = 100

/** Rings to come: collected while work goes on, one for each second and account, and sent together. */
export class WakeUpBatch {
  private readonly messages = new Map<string, { body: FanOutMessage; delaySeconds: number }>()

  constructor(private readonly queue: Queue<FanOutMessage>) {}

  /** Wants a ring at a time (ms), for an account's events or (null) for what is due. It may come up to a second early. */
  add(accountId: string | null, at: number): void {
    const seconds = Math.floor((at - Date.now()) / SECOND)
    const delaySeconds = Math.min(LONGEST_DELAY_SECONDS, Math.max(0, seconds))
    this.messages.set(`${accountId} ${delaySeconds}`, { body: { account_id: accountId }, delaySeconds })
  }

  /** Sends what was collected. A queue that refuses is no failure: the sweep finds what the rings would have told. */
  async enqueue(): Promise<void> {
    const messages = [...this.messages.values()]
    this.messages.clear()
    for (let start = 0; start < messages.length; start += MESSAGES_A_CALL)
      await this.queue
        .sendBatch(messages.slice(start, start + MESSAGES_A_CALL))
        .catch((error) => logFailure('bell', error))
  }
}
