import { timingSafeEqual as areBytesEqual, createHash, createHmac, hkdfSync } from 'node:crypto'

/** HKDF-SHA-256 (RFC 5869), 32 bytes. */
export function deriveKey(secret: string, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, 'ticketing-api', purpose, 32))
}

/** HMAC-SHA-256 in base64url (43 characters). */
export function hmac(key: Buffer, text: string): string {
  return createHmac('sha256', key).update(text).digest('base64url')
}

export function timingSafeEqual(left: string, right: string): boolean {
  const a = Buffer.from(left)
  const b = Buffer.from(right)
  return a.length === b.length && areBytesEqual(a, b)
}

/** In base64url (43 characters). */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}

export async function sha256Hex(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return Buffer.from(await crypto.subtle.digest('SHA-256', bytes)).toString('hex')
}
