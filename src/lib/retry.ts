const MAX_RETRIES = 2
const MIN_WAIT_MS = 20
const MAX_WAIT_MS = 200

/**
 * Retries transient errors of the platform up to twice. `call` must be safe to run twice, because a response may be lost after
 * the call took effect.
 */
export async function retryTransient<T>(call: () => T, isRetryable = isTransient): Promise<Awaited<T>> {
  for (let retries = 0; ; retries += 1) {
    try {
      return await call()
    } catch (error) {
      if (retries === MAX_RETRIES || !isRetryable(error)) throw error
      await scheduler.wait(MIN_WAIT_MS + Math.random() * (MAX_WAIT_MS - MIN_WAIT_MS))
    }
  }
}

/**
 * The runtime sets these properties on the errors of every binding except D1, whose errors get them in `db/errors.ts`. More calls
 * make an overload worse: https://developers.cloudflare.com/durable-objects/best-practices/error-handling/
 */
export function isTransient(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false
  return Reflect.get(error, 'retryable') === true && !isOverloaded(error)
}

export function isOverloaded(error: object): boolean {
  return Reflect.get(error, 'overloaded') === true
}
