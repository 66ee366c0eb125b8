import type { TicketingEvent } from './event-types.ts'

const TOLERANCE_SECONDS = 300
const PREFIX = 'whsec_'

/** Headers of `fetch`, Hono or Node. */
export type HeadersLike = Headers | Record<string, string | readonly string[] | undefined>

export interface VerifyOptions {
  /** The allowed clock difference; 300 by default. */
  toleranceSeconds?: number
  /** Milliseconds since 1970. */
  now?: number
}

/** A delivery that is not authentic: respond with 400 and ignore it. */
export class WebhookVerificationError extends Error {
  override readonly name = 'WebhookVerificationError'
}

/**
 * Verifies a delivery (https://www.standardwebhooks.com) and returns its event: signed with one of the secrets within
 * the last five minutes. `body` is the unparsed body. Throws a `WebhookVerificationError`, or a `TypeError` for an
 * invalid secret.
 */
export async function verifyWebhook(
  secret: string | readonly string[],
  headers: HeadersLike,
  body: string | Uint8Array | ArrayBuffer,
  { toleranceSeconds = TOLERANCE_SECONDS, now = Date.now() }: VerifyOptions = {},
): Promise<TicketingEvent> {
  const [id, timestamp, signatures] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) =>
    headerOf(headers, name),
  )
  if (!id || !timestamp || !signatures) throw new WebhookVerificationError('A header of Standard Webhooks is missing')
  const age = /^\d{1,12}$/.test(timestamp) ? Math.abs(now / 1_000 - Number(timestamp)) : Number.POSITIVE_INFINITY
  if (age > toleranceSeconds) throw new WebhookVerificationError('The timestamp is too far from now')
  const bytes = bytesOf(body)
  const signed = concatenated(new TextEncoder().encode(`${id}.${timestamp}.`), bytes)
  const secrets = typeof secret === 'string' ? [secret] : secret
  const keys = await Promise.all(secrets.map(importKey))
  if (!(await isSigned(keys, signatures, signed))) throw new WebhookVerificationError('No signature is good')
  return parse(bytes)
}

/** The runtime compares in constant time. */
async function isSigned(keys: CryptoKey[], header: string, signed: Uint8Array<ArrayBuffer>): Promise<boolean> {
  const signatures = header.split(' ').flatMap((one) => (one.startsWith('v1,') ? [decodeBase64(one.slice(3))] : []))
  for (const key of keys)
    for (const signature of signatures)
      if (signature && (await crypto.subtle.verify('HMAC', key, signature, signed))) return true
  return false
}

function importKey(secret: string): Promise<CryptoKey> {
  const bytes = secret.startsWith(PREFIX) ? decodeBase64(secret.slice(PREFIX.length)) : null
  if (!bytes || bytes.length === 0) throw new TypeError('The secret must be whsec_ and base64 after it')
  return crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['verify'])
}

function headerOf(headers: HeadersLike, name: string): string | undefined {
  if (headers instanceof Headers) return headers.get(name) ?? undefined
  const value = Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1]
  return typeof value === 'object' ? value[0] : value
}

function decodeBase64(text: string): Uint8Array<ArrayBuffer> | null {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
  } catch {
    return null
  }
}

function bytesOf(body: string | Uint8Array | ArrayBuffer): Uint8Array {
  if (typeof body === 'string') return new TextEncoder().encode(body)
  return body instanceof Uint8Array ? body : new Uint8Array(body)
}

function concatenated(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const complete = new Uint8Array(first.length + second.length)
  complete.set(first)
  complete.set(second, first.length)
  return complete
}

/** The signature guarantees the type. */
function parse(bytes: Uint8Array): TicketingEvent {
  try {
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    throw new WebhookVerificationError('The body is no JSON')
  }
}
