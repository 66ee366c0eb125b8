import { unavailable } from '../core/errors'

const MAX_RETRIES = 2
const SHORTEST_WAIT_MS = 20
const LONGEST_WAIT_MS = 200

/**
 * The result of a call to a Durable Object. Transient errors, such as those of every deployment, are retried up to twice.
 * `call` gets the stub itself, because a stub that has thrown stays broken, and must be safe to run twice: the response may
 * be lost after the call took effect. Throws 503, because what cannot be counted is not admitted.
 */
export async function callDurableObject<T>(call: () => T): Promise<Awaited<T>> {
  for (let retries = 0; ; retries += 1) {
    try {
      return await call()
    } catch (error) {
      if (retries === MAX_RETRIES || !isTransient(error)) throw unavailable(error)
      await scheduler.wait(SHORTEST_WAIT_MS + Math.random() * (LONGEST_WAIT_MS - SHORTEST_WAIT_MS))
    }
  }
}

/** https://developers.cloudflare.com/durable-objects/best-practices/error-handling/: more calls make overload worse. */
function isTransient(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false
  return Reflect.get(error, 'retryable') === true && Reflect.get(error, 'overloaded') !== true
}
