import { logFailure } from '../core/log'
import { SECOND } from '../lib/time'

/**
 * The queue's message: there is work. It names the account whose events are to be fanned out, or none where only
 * deliveries are due. It carries nothing else, so losing it loses nothing.
 */
export interface WakeMessage {
  account_id: string | null
}

/** For each account, when (ms) its newest ring sounds: it may lie ahead. */
const ringsAt = new Map<string, number>()
const MAX_REMEMBERED = 10_000

/**
 * Rings for an account: at once, or a second after the last ring where there was one; further rings until then say
 * nothing new. One that the queue refuses is not missed, for the sweep looks for what was not fanned out.
 */
export async function wakeSender(queue: Queue<WakeMessage>, accountId: string): Promise<void> {
  const now = Date.now()
  const last = ringsAt.get(accountId) ?? 0
  if (last > now) return
  const delaySeconds = now - last < SECOND ? 1 : 0
  if (ringsAt.size >= MAX_REMEMBERED) ringsAt.clear()
  ringsAt.set(accountId, now + delaySeconds * SECOND)
  await queue
    .send({ account_id: accountId }, { delaySeconds })
    .catch((error) => logFailure('wake', error, { account_id: accountId }))
}

/** What a message can wait, by the limits of Cloudflare Queues. */
const LONGEST_DELAY_SECONDS = 43_200
const MESSAGES_A_CALL = 100

/** Rings to come: collected while work goes on, one for each second and account, and sent together. */
export class Bell {
  private readonly rings = new Map<string, { body: WakeMessage; delaySeconds: number }>()

  constructor(private readonly queue: Queue<WakeMessage>) {}

  /** Wants a ring at a time (ms), for an account's events or (null) for what is due. It may come up to a second early. */
  add(accountId: string | null, at: number): void {
    const seconds = Math.floor((at - Date.now()) / SECOND)
    const delaySeconds = Math.min(LONGEST_DELAY_SECONDS, Math.max(0, seconds))
    this.rings.set(`${accountId} ${delaySeconds}`, { body: { account_id: accountId }, delaySeconds })
  }

  /** Sends what was collected. A queue that refuses is no failure: the sweep finds what the rings would have told. */
  async ring(): Promise<void> {
    const messages = [...this.rings.values()]
    this.rings.clear()
    for (let start = 0; start < messages.length; start += MESSAGES_A_CALL)
      await this.queue
        .sendBatch(messages.slice(start, start + MESSAGES_A_CALL))
        .catch((error) => logFailure('bell', error))
  }
}
