import { SECOND } from '../lib/time'

/** Longer than a client on the same machine pauses between two packets. */
const LONGEST_PAUSE_MS = 200
const LONGEST_WAIT = 5 * SECOND

/**
 * Reads what no handler has read of a body for as long as it keeps arriving, then cancels it. A connection that closes while
 * the client is still sending may lose the response; a response that waits for all of the body never reaches a client that
 * holds it back. Never throws.
 */
export async function finishBody({ body }: Request): Promise<void> {
  if (body === null || body.locked) return
  const reader = body.getReader()
  const deadline = Date.now() + LONGEST_WAIT
  while (Date.now() < deadline && (await arrivesInTime(reader)));
  reader.cancel().catch(() => undefined)
}

/** Whether there is more of the body within the longest pause. */
async function arrivesInTime(reader: ReadableStreamDefaultReader): Promise<boolean> {
  const { promise: paused, resolve } = Promise.withResolvers<false>()
  const timer = setTimeout(() => resolve(false), LONGEST_PAUSE_MS)
  const chunk = reader.read().then(
    ({ done }) => !done,
    () => false,
  )
  return Promise.race([chunk, paused]).finally(() => clearTimeout(timer))
}
