import { Webhook, WebhookVerificationError } from 'standardwebhooks'
import type { Received } from './receiver.ts'

export type SignatureCheck = { isValid: true } | { isValid: false; reason: string }

/** Whether a delivery was signed with the secret, within the last five minutes, and is unchanged. */
export function checkSignature({ headers, body }: Pick<Received, 'headers' | 'body'>, secret: string): SignatureCheck {
  const header = (name: string) => String(headers[name] ?? '')
  const signed = {
    'webhook-id': header('webhook-id'),
    'webhook-timestamp': header('webhook-timestamp'),
    'webhook-signature': header('webhook-signature'),
  }
  try {
    new Webhook(secret).verify(body, signed, { jsonParse: false })
    return { isValid: true }
  } catch (error) {
    if (error instanceof WebhookVerificationError) return { isValid: false, reason: error.message }
    throw error
  }
}
