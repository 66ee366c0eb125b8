import { vi } from 'vitest'
import { DUMMY_HASH } from '../../src/lib/passwords'

export function costOf(hash: string): string[] {
  return hash.split('$').slice(0, 4)
}

export const FULL_HASH = new RegExp(`^${costOf(DUMMY_HASH).join('\\$')}\\$[\\w-]{22}\\$[\\w-]{43}$`)

/** Each hash normalizes the password first, which is what is counted. */
export async function hashesDuring(work: () => Promise<unknown>): Promise<number> {
  const normalized = vi.spyOn(String.prototype, 'normalize')
  try {
    await work()
    return normalized.mock.calls.filter(([form]) => form === 'NFC').length
  } finally {
    normalized.mockRestore()
  }
}
