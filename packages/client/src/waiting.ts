import { ConnectionError } from './errors.ts'

/** Rejects with the signal's reason when it is aborted. */
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
 * `run` gets a signal that is aborted with the caller's, or by a timeout, which throws a `ConnectionError`. With
 * `goesOn`, the caller's signal stays connected after the end, for a body that is still to be read.
 */
export async function withDeadline<T>(
  milliseconds: number,
  signal: AbortSignal | undefined,
  keepsSignal: boolean,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted()
  const controller = new AbortController()
  const forwardAbort = () => controller.abort(signal?.reason)
  const aborted = new Promise<never>((_, reject) => {
    controller.signal.addEventListener('abort', () => reject(controller.signal.reason), { once: true })
  })
  const timer = setTimeout(
    () => controller.abort(new ConnectionError(`No response within ${milliseconds} ms`)),
    milliseconds,
  )
  signal?.addEventListener('abort', forwardAbort, { once: true })
  try {
    return await Promise.race([run(controller.signal), aborted])
  } finally {
    clearTimeout(timer)
    if (!keepsSignal) signal?.removeEventListener('abort', forwardAbort)
  }
}
