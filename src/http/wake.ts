import type { WakeMessage } from '../env'
import { SECOND } from '../lib/time'

const rungAt = new Map<string, number>()
const MAX_REMEMBERED = 10_000

/**
 * Rings for an account at most once a second and isolate: one message stands for all the events of a burst. A message
 * that the queue refuses is not missed, for the sweep looks for what was not fanned out.
 */
export async function wakeSender(queue: Queue<WakeMessage>, accountId: string): Promise<void> {
  const now = Date.now()
  if (now - (rungAt.get(accountId) ?? 0) < SECOND) return
  if (rungAt.size >= MAX_REMEMBERED) rungAt.clear()
  rungAt.set(accountId, now)
  await queue.send({ account_id: accountId }, { delaySeconds: 1 }).catch(() => undefined)
}
