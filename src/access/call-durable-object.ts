import { unavailable } from '../core/errors'
import { DbError } from '../db/errors'
import { withDeadline } from '../lib/deadline'
import { retryTransient } from '../lib/retry'

/** The result of a method that needed D1 while it was unavailable. Errors lose their stack over RPC. */
export interface DatabaseUnavailable {
  failure: 'database_unavailable'
  isOverloaded: boolean
  stack: string
}

/**
 * Runs the work of a method of a Durable Object. A failure of D1 is a result, because the runtime reports a rejection as an
 * uncaught exception of the object, even if the caller handles it.
 */
export async function returnDatabaseFailure<T>(work: () => Promise<T>): Promise<T | DatabaseUnavailable> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof DbError)
      return { failure: 'database_unavailable', isOverloaded: error.overloaded, stack: error.stack ?? '' }
    throw error
  }
}

/**
 * Retries transient errors, such as those of every deployment, up to twice. `call` must get the stub itself, because a stub that
 * has thrown stays broken, and must be safe to run twice, because a response may be lost after the call took effect. Throws 503
 * if it fails, does not respond in time or the object could not reach D1: requests that cannot be counted are not admitted.
 */
export async function callDurableObject<T>(call: () => T): Promise<Exclude<Awaited<T>, DatabaseUnavailable>> {
  const result = await retryTransient(() => withDeadline(call())).catch((error) => {
    throw unavailable(error)
  })
  if (isDatabaseUnavailable(result)) throw unavailable(causeOf(result))
  return result as Exclude<Awaited<T>, DatabaseUnavailable>
}

function isDatabaseUnavailable(result: unknown): result is DatabaseUnavailable {
  return typeof result === 'object' && result !== null && Reflect.get(result, 'failure') === 'database_unavailable'
}

function causeOf({ isOverloaded, stack }: DatabaseUnavailable): DbError {
  return Object.assign(new DbError({ kind: isOverloaded ? 'overloaded' : 'unavailable' }), { stack })
}
