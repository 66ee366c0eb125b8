import { withDeadline } from '../lib/deadline'
import { isTransient, retryTransient } from '../lib/retry'

/** Internal error and service unavailable, at the end of the message: https://developers.cloudflare.com/r2/api/error-codes/ */
const TRANSIENT_CODE = /\((10001|10043)\)$/

/** A call to R2 that is safe to run twice. Retries transient errors. Throws `DeadlineExceeded`. */
export function retryFiles<T>(call: () => Promise<T>): Promise<Awaited<T>> {
  return retryTransient(() => withDeadline(call()), isTransientFileError)
}

function isTransientFileError(error: unknown): boolean {
  return isTransient(error) || (error instanceof Error && TRANSIENT_CODE.test(error.message))
}
