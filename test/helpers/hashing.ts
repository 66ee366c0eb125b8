import { vi } from 'vitest'
import { DUMMY_HASH } from '../../src/lib/passwords'

/** The scheme and cost parameters of a stored hash. */
export function costOf(hash: string): string[] {
  return hash.split('$').slice(0, 4)
}

/** A stored hash of the cost that new passwords have, with a salt and a key. */
export const FULL_HASH = new RegExp(`^${costOf(DUMMY_HASH).join('\\$')}\\$[\\w-]{22}\\$[\\w-]{43}$`)

/** How often a password was hashed while `work` ran: each hash begins by normalizing it. */
export async function hashesDuring(work: () => Promise<unknown>): Promise<number> {
  const normalized = vi.spyOn(String.prototype, 'normalize')
  try {
    await work()
    return normalized.mock.calls.filter(([form]) => form === 'NFC').length
  } finally {
    normalized.mockRestore()
  }
}
