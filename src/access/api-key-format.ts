import { createHash, createHmac, randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { timingSafeEqual } from '../lib/crypto'
import { matchOf } from '../lib/text'

/**
 * `tk_live_`, the ID (26 characters), a 256-bit secret (64), the name of the MAC secret (4), the MAC of the ID (16) and a
 * CRC-32 (8), all but the ID in hexadecimal. The CRC detects typos and lets scanners of leaked secrets be certain; the MAC
 * rejects an invented ID without a lookup.
 */
const KEY_PATTERN = /^tk_live_([0-9a-z]{26})([0-9a-f]{64})([0-9a-f]{4})([0-9a-f]{16})([0-9a-f]{8})$/

const KEY_LENGTH = 126
const SECRET_BYTES = 32
const MAC_CHARACTERS = 16
const SECRET_NAME_CHARACTERS = 4

interface ParsedKey {
  /** `key_…` */
  id: string
  /** `unknown`: the MAC is under another secret, which may have been rotated away. */
  mac: 'valid' | 'invalid' | 'unknown'
}

/** Show the key once and store only its hash. */
export function generateKey(id: string, macSecret: Buffer): string {
  const ulid = id.slice('key_'.length)
  const body = `tk_live_${ulid}${randomBytes(SECRET_BYTES).toString('hex')}${secretName(macSecret)}${macOf(ulid, macSecret)}`
  return `${body}${crcOf(body)}`
}

/** Null for a text of another form or with a wrong CRC. */
export function parseKey(text: string, macSecrets: Buffer[]): ParsedKey | null {
  const [, ulid, , name, mac, crc] = matchOf(text, KEY_PATTERN, KEY_LENGTH) ?? []
  if (!ulid || !name || !mac || crc !== crcOf(text.slice(0, -8))) return null
  const named = macSecrets.filter((secret) => secretName(secret) === name)
  if (named.length === 0) return { id: `key_${ulid}`, mac: 'unknown' }
  const isValid = named.some((secret) => timingSafeEqual(mac, macOf(ulid, secret)))
  return { id: `key_${ulid}`, mac: isValid ? 'valid' : 'invalid' }
}

/** SHA-256 in hexadecimal: a secret of 256 bits needs no slower hash. */
export function hashKey(key: string): string {
  return createHash('sha256').update(key).digest('hex')
}

/** A short public name of a MAC secret. */
function secretName(macSecret: Buffer): string {
  return createHmac('sha256', macSecret).update('name').digest('hex').slice(0, SECRET_NAME_CHARACTERS)
}

function macOf(ulid: string, macSecret: Buffer): string {
  return createHmac('sha256', macSecret).update(ulid).digest('hex').slice(0, MAC_CHARACTERS)
}

function crcOf(text: string): string {
  return crc32(text).toString(16).padStart(8, '0')
}
