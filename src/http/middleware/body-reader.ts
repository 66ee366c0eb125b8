import { requestTimeout } from '../../core/errors'
import { SECOND } from '../../lib/time'

/** Not for raw uploads. */
const BODY_TIMEOUT = 30 * SECOND

/** The client closed the connection while it was sending the body. */
export class ClientDisconnected extends Error {
  override readonly name = 'ClientDisconnected'
}

/** How long a body may take to arrive. */
export class BodyTimer {
  private readonly timeout = Promise.withResolvers<never>()
  private timer: ReturnType<typeof setTimeout> | undefined
  private remaining = BODY_TIMEOUT
  private startedAt = 0

  constructor() {
    this.timeout.promise.catch(() => undefined)
  }

  /** Rejects with 408. */
  get expired(): Promise<never> {
    return this.timeout.promise
  }

  start(): void {
    this.startedAt = Date.now()
    this.timer = setTimeout(() => this.timeout.reject(requestTimeout(BODY_TIMEOUT / SECOND)), this.remaining)
  }

  stop(): void {
    clearTimeout(this.timer)
    this.remaining = Math.max(0, this.remaining - (Date.now() - this.startedAt))
  }

  /** Does not count the time of this work, during which the body is not read. */
  async exclude<T>(work: () => Promise<T>): Promise<T> {
    this.stop()
    try {
      return await work()
    } finally {
      this.start()
    }
  }
}

/**
 * The chunks of a request's body. Throws 408 if it has not arrived as a whole after 30 seconds, and `ClientDisconnected`.
 */
export async function* bodyChunks(request: Request, timer = new BodyTimer()): AsyncGenerator<Uint8Array> {
  if (!request.body) return
  const reader = request.body.getReader()
  timer.start()
  try {
    for (;;) {
      const { done, value } = await Promise.race([reader.read().catch(disconnected), timer.expired])
      if (done) return
      yield value
    }
  } finally {
    timer.stop()
    reader.cancel().catch(() => undefined)
  }
}

/** For the `catch` of a read from a request's body, which fails for no other reason. */
export function disconnected(cause: unknown): never {
  throw new ClientDisconnected('The client has disconnected', { cause })
}
