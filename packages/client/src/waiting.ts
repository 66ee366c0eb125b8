import { ConnectionError } from './errors.ts'

/** Waits; rejects with the signal's reason as soon as it is aborted. */
export function sleep(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const stop = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, milliseconds)
    signal?.addEventListener('abort', stop, { once: true })
  })
}

/**
 * Runs something with a signal that is aborted when the caller's is, or when the time is up: then it throws a
 * `ConnectionError`. With `goesOn` the caller's signal counts beyond the end, for a body that is still to be read.
 */
export async function withDeadline<T>(
  milliseconds: number,
  signal: AbortSignal | undefined,
  goesOn: boolean,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted()
  const controller = new AbortController()
  const passOn = () => controller.abort(signal?.reason)
  const aborted = new Promise<never>((_, reject) => {
    controller.signal.addEventListener('abort', () => reject(controller.signal.reason), { once: true })
  })
  const timer = setTimeout(
    () => controller.abort(new ConnectionError(`No answer within ${milliseconds} ms`)),
    milliseconds,
  )
  signal?.addEventListener('abort', passOn, { once: true })
  try {
    return await Promise.race([run(controller.signal), aborted])
  } finally {
    clearTimeout(timer)
    if (!goesOn) signal?.removeEventListener('abort', passOn)
  }
}
