import { requestTimeout } from '../../core/errors'
import { SECOND } from '../../lib/time'

/** Not for raw uploads. */
const BODY_TIMEOUT = 30 * SECOND

/** The client closed the connection while it was sending the body. */
export class ClientDisconnected extends Error {
  override readonly name = 'ClientDisconnected'
}

/**
 * The chunks of a request's body. Throws 408 if it has not arrived as a whole after 30 seconds, and `ClientDisconnected`.
 */
export async function* bodyChunks(request: Request): AsyncGenerator<Uint8Array> {
  if (!request.body) return
  const reader = request.body.getReader()
  const { promise: timeout, reject } = Promise.withResolvers<never>()
  timeout.catch(() => undefined)
  const timer = setTimeout(() => reject(requestTimeout(BODY_TIMEOUT / SECOND)), BODY_TIMEOUT)
  try {
    for (;;) {
      const { done, value } = await Promise.race([reader.read().catch(disconnected), timeout])
      if (done) return
      yield value
    }
  } finally {
    clearTimeout(timer)
    reader.cancel().catch(() => undefined)
  }
}

/** For the `catch` of a read from a request's body, which fails for no other reason. */
export function disconnected(cause: unknown): never {
  throw new ClientDisconnected('The client has disconnected', { cause })
}
