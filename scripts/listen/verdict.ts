import { Webhook, WebhookVerificationError } from 'standardwebhooks'
import type { Received } from './receiver.ts'

export type Verdict = { good: true } | { good: false; why: string }

/** Whether a delivery was signed with the secret, within the last five minutes, and not altered since. */
export function verdictOn({ headers, body }: Pick<Received, 'headers' | 'body'>, secret: string): Verdict {
  const header = (name: string) => String(headers[name] ?? '')
  const signed = {
    'webhook-id': header('webhook-id'),
    'webhook-timestamp': header('webhook-timestamp'),
    'webhook-signature': header('webhook-signature'),
  }
  try {
    new Webhook(secret).verify(body, signed, { jsonParse: false })
    return { good: true }
  } catch (error) {
    if (error instanceof WebhookVerificationError) return { good: false, why: error.message }
    throw error
  }
}
