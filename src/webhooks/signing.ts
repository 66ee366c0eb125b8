import { createHmac, randomBytes } from 'node:crypto'
import { SECOND } from '../lib/time'

const SECRET_BYTES = 32
const PREFIX = 'whsec_'

/** In the form of Standard Webhooks: `whsec_` and 32 random bytes in base64. */
export function newSecret(): string {
  return `${PREFIX}${randomBytes(SECRET_BYTES).toString('base64')}`
}

/**
 * The headers of the Standard Webhooks specification (https://github.com/standard-webhooks/standard-webhooks), with one
 * `v1` signature for each secret. `at` is in milliseconds.
 */
export function signatureHeaders(secrets: readonly string[], id: string, at: number, body: string) {
  const timestamp = Math.floor(at / SECOND)
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.slice(PREFIX.length), 'base64')
    return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`
  })
  return { 'webhook-id': id, 'webhook-timestamp': String(timestamp), 'webhook-signature': signatures.join(' ') }
}
