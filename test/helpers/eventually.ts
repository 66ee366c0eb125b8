import { vi } from 'vitest'

/** Waits until a check passes. It takes as long as a busy machine needs, and ends as soon as it passes. */
export function eventually<T>(check: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(check, { timeout: 60_000, interval: 20 })
}

/** Times on the wire have whole seconds: waits until a later one differs from now. */
export async function nextSecond(): Promise<void> {
  const second = () => Math.floor(Date.now() / 1_000)
  const now = second()
  while (second() === now) await new Promise((resolve) => setTimeout(resolve, 20))
}
