import { DecryptError, decrypt, encrypt } from '../lib/envelope-encryption.ts'

interface EncryptedSecrets {
  account_id: string
  id: string
  secret: string
  previous_secret: string | null
  previous_until: number | null
}

/** A webhook's secret as it is stored: it opens in its own row alone. */
export function encryptSecret(key: Buffer, accountId: string, webhookId: string, secret: string): Promise<string> {
  return encrypt(key, secret, encryptionContext(accountId, webhookId))
}

/**
 * The secrets that sign at a time (ms): the current one, and for a while after a rotation the one before, where it can
 * still be read. Null if the current one is lost.
 */
export async function decryptSecrets(
  keys: readonly Buffer[],
  row: EncryptedSecrets,
  now: number,
): Promise<string[] | null> {
  const open = (text: string) => decrypt(keys, text, encryptionContext(row.account_id, row.id)).catch(nullIfLost)
  const current = await open(row.secret)
  if (current === null) return null
  const isPreviousGood = row.previous_until !== null && now < row.previous_until
  const previous = isPreviousGood && row.previous_secret !== null ? await open(row.previous_secret) : null
  return previous === null ? [current] : [current, previous]
}

function nullIfLost(error: unknown): null {
  if (error instanceof DecryptError) return null
  throw error
}

/** What a ciphertext is bound to. */
export function encryptionContext(accountId: string, webhookId: string): string {
  return `webhook ${accountId}/${webhookId}`
}
