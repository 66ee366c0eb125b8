import type { WakeMessage } from '../core/config'
import { logFailure } from '../http/middleware/request-log'
import { SECOND } from '../lib/time'

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
