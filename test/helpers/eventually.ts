import { vi } from 'vitest'

/** Polls until the check passes, so that a busy machine does not fail a test. */
export function eventually<T>(check: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(check, { timeout: 60_000, interval: 20 })
}

/** Times on the wire have whole seconds: waits until a later one differs from now. */
export async function nextSecond(): Promise<void> {
  const second = () => Math.floor(Date.now() / 1_000)
  const now = second()
  while (second() === now) await new Promise((resolve) => setTimeout(resolve, 20))
}
