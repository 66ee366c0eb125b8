import type { WakeMessage } from '../core/config'
import { logFailure } from '../http/middleware/request-log'
import { SECOND } from '../lib/time'

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
