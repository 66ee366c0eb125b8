import { SECOND } from '../lib/time'

/** Longer than a client pauses between two packets, also on a slow network or a busy machine. */
const MAX_PAUSE = SECOND
const MAX_WAIT = 15 * SECOND

/**
 * Reads the unread rest of a body while it keeps arriving, then cancels it. Closing the connection while the client is sending
 * may lose the response; waiting for the end withholds the response from a client that holds the body back. Never throws.
 */
export async function finishBody({ body }: Request): Promise<void> {
  if (body === null || body.locked) return
  const reader = body.getReader()
  const deadline = Date.now() + MAX_WAIT
  while (Date.now() < deadline && (await arrivesInTime(reader)));
  reader.cancel().catch(() => undefined)
}

async function arrivesInTime(reader: ReadableStreamDefaultReader): Promise<boolean> {
  const { promise: paused, resolve } = Promise.withResolvers<false>()
  const timer = setTimeout(() => resolve(false), MAX_PAUSE)
  const chunk = reader.read().then(
    ({ done }) => !done,
    () => false,
  )
  return Promise.race([chunk, paused]).finally(() => clearTimeout(timer))
}
