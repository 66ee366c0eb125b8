import { SealError, seal, unseal } from '../lib/sealing.ts'

interface SealedSecrets {
  account_id: string
  id: string
  secret: string
  previous_secret: string | null
  previous_until: number | null
}

/** A webhook's secret as it is stored: it opens in its own row alone. */
export function sealSecret(key: Buffer, accountId: string, webhookId: string, secret: string): Promise<string> {
  return seal(key, secret, placeOf(accountId, webhookId))
}

/** The secrets that sign at a time (ms): the current one, and for a while after a rotation the one before. Null if lost. */
export async function openSecrets(keys: readonly Buffer[], row: SealedSecrets, now: number): Promise<string[] | null> {
  const previous = row.previous_until !== null && now < row.previous_until ? row.previous_secret : null
  const sealed = previous === null ? [row.secret] : [row.secret, previous]
  try {
    return await Promise.all(sealed.map((text) => unseal(keys, text, placeOf(row.account_id, row.id))))
  } catch (error) {
    if (error instanceof SealError) return null
    throw error
  }
}

/** What a ciphertext is bound to. */
export function placeOf(accountId: string, webhookId: string): string {
  return `webhook ${accountId}/${webhookId}`
}
