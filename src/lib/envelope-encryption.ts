import { hmac } from './crypto.ts'

const NAME_CHARACTERS = 12
const IV_BYTES = 12

/** Thrown if no key decrypts a ciphertext. */
export class DecryptError extends Error {
  override readonly name = 'DecryptError'
}

/** A public name that does not reveal the key. */
export function keyName(key: Buffer): string {
  return hmac(key, 'name').slice(0, NAME_CHARACTERS)
}

/**
 * Encrypts with AES-256-GCM and returns `<name of the key>.<IV and ciphertext in base64url>`. Only `decrypt` with the same
 * `context` accepts it.
 */
export async function encrypt(key: Buffer, text: string, context: string): Promise<string> {
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES))
  const ciphertext = await crypto.subtle.encrypt(algorithm(iv, context), await importKey(key), Buffer.from(text))
  return `${keyName(key)}.${Buffer.concat([iv, new Uint8Array(ciphertext)]).toString('base64url')}`
}

/** Decrypts with the key that the ciphertext names. Throws `DecryptError`. */
export async function decrypt(keys: readonly Buffer[], encrypted: string, context: string): Promise<string> {
  const [name = '', content = ''] = encrypted.split('.')
  const key = keys.find((candidate) => keyName(candidate) === name)
  if (!key) throw new DecryptError('The key of this ciphertext is not known')
  const bytes = new Uint8Array(Buffer.from(content, 'base64url'))
  try {
    const iv = bytes.slice(0, IV_BYTES)
    const text = await crypto.subtle.decrypt(algorithm(iv, context), await importKey(key), bytes.slice(IV_BYTES))
    return Buffer.from(text).toString()
  } catch {
    throw new DecryptError('This ciphertext was altered, or belongs elsewhere')
  }
}

function algorithm(iv: Uint8Array<ArrayBuffer>, context: string) {
  return { name: 'AES-GCM', iv, additionalData: Buffer.from(context) }
}

function importKey(key: Buffer): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', new Uint8Array(key), 'AES-GCM', false, ['encrypt', 'decrypt'])
}
