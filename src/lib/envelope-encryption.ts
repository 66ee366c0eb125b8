import { hmac } from './crypto.ts'

const NAME_CHARACTERS = 12
const IV_BYTES = 12

/** Thrown for a ciphertext that none of the keys opens. */
export class DecryptError extends Error {
  override readonly name = 'SealError'
}

/** A public name of a key, which does not give it away. */
export function keyName(key: Buffer): string {
  return hmac(key, 'name').slice(0, NAME_CHARACTERS)
}

/**
 * Encrypts a text with AES-256-GCM, bound to its place (`context`), so that it opens nowhere else. Gives
 * `<name of the key>.<IV and ciphertext in base64url>`.
 */
export async function encrypt(key: Buffer, text: string, context: string): Promise<string> {
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES))
  const sealed = await crypto.subtle.encrypt(algorithm(iv, context), await imported(key), Buffer.from(text))
  return `${keyName(key)}.${Buffer.concat([iv, new Uint8Array(sealed)]).toString('base64url')}`
}

/** The text of a ciphertext, by whichever of the keys it names. Throws `SealError`. */
export async function decrypt(keys: readonly Buffer[], sealed: string, context: string): Promise<string> {
  const [name = '', content = ''] = sealed.split('.')
  const key = keys.find((candidate) => keyName(candidate) === name)
  if (!key) throw new DecryptError('The key of this ciphertext is not known')
  const bytes = new Uint8Array(Buffer.from(content, 'base64url'))
  try {
    const iv = bytes.slice(0, IV_BYTES)
    const text = await crypto.subtle.decrypt(algorithm(iv, context), await imported(key), bytes.slice(IV_BYTES))
    return Buffer.from(text).toString()
  } catch {
    throw new DecryptError('This ciphertext was altered, or belongs elsewhere')
  }
}

function algorithm(iv: Uint8Array<ArrayBuffer>, context: string) {
  return { name: 'AES-GCM', iv, additionalData: Buffer.from(context) }
}

function imported(key: Buffer): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', new Uint8Array(key), 'AES-GCM', false, ['encrypt', 'decrypt'])
}
