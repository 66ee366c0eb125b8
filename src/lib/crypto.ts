import { timingSafeEqual as areBytesEqual, createHash, createHmac, hkdfSync } from 'node:crypto'

/** A key of 32 bytes for one purpose, derived from a secret with HKDF-SHA-256 (RFC 5869). */
export function deriveKey(secret: string, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, 'ticketing-api', purpose, 32))
}

/** HMAC-SHA-256 of a text, as 43 characters of base64url. */
export function hmac(key: Buffer, text: string): string {
  return createHmac('sha256', key).update(text).digest('base64url')
}

/** Whether two texts are the same, in a time that does not depend on where they differ. */
export function timingSafeEqual(left: string, right: string): boolean {
  const a = Buffer.from(left)
  const b = Buffer.from(right)
  return a.length === b.length && areBytesEqual(a, b)
}

/** SHA-256 of a text, as 43 characters of base64url. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}

/** SHA-256 of bytes as 64 hexadecimal digits. */
export async function sha256Hex(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return Buffer.from(await crypto.subtle.digest('SHA-256', bytes)).toString('hex')
}
