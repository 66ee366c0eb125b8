import { DecryptError, decrypt, encrypt } from '../lib/envelope-encryption.ts'

interface EncryptedSecrets {
  account_id: string
  id: string
  secret: string
  previous_secret: string | null
  previous_until: number | null
}

/** The ciphertext can be decrypted only with the same account and webhook. */
export function encryptSecret(key: Buffer, accountId: string, webhookId: string, secret: string): Promise<string> {
  return encrypt(key, secret, encryptionContext(accountId, webhookId))
}

/**
 * The secrets that sign at a time (ms): the current one and, until it expires after a rotation, the previous one if it can
 * be decrypted. Null if the current one cannot.
 */
export async function decryptSecrets(
  keys: readonly Buffer[],
  row: EncryptedSecrets,
  now: number,
): Promise<string[] | null> {
  const context = encryptionContext(row.account_id, row.id)
  const decryptSecret = (text: string) => decrypt(keys, text, context).catch(nullIfUndecryptable)
  const current = await decryptSecret(row.secret)
  if (current === null) return null
  const isPreviousValid = row.previous_until !== null && now < row.previous_until
  const previous = isPreviousValid && row.previous_secret !== null ? await decryptSecret(row.previous_secret) : null
  return previous === null ? [current] : [current, previous]
}

function nullIfUndecryptable(error: unknown): null {
  if (error instanceof DecryptError) return null
  throw error
}

export function encryptionContext(accountId: string, webhookId: string): string {
  return `webhook ${accountId}/${webhookId}`
}
