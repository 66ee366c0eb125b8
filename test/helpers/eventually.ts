import { vi } from 'vitest'

/** Waits until a check passes. It takes as long as a busy machine needs, and ends as soon as it passes. */
export function eventually<T>(check: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(check, { timeout: 60_000, interval: 20 })
}
