import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { type Received, type Receiver, startReceiver } from '../../../scripts/listen/receiver.ts'
import { type Api, openApi } from './api.ts'

const Login = z.object({ token: z.string() })
const NewWebhook = z.object({ data: z.object({ id: z.string(), secret: z.string() }) })
const Deliveries = z.object({
  data: z.array(
    z.object({
      id: z.string(),
      event_id: z.string(),
      status: z.string(),
      attempt_count: z.number(),
      last_error: z.string().nullable(),
    }),
  ),
})
export type Delivery = z.infer<typeof Deliveries>['data'][number]

export interface Webhook {
  id: string
  secret: string
}

export async function logInAs(origin: string, email: string): Promise<Api> {
  const login = await openApi(origin, ['']).post('/auth/login', { email, password: 'your_password' })
  return openApi(origin, [Login.parse(login).token])
}

export async function subscribe(admin: Api, url: string, events: string[]): Promise<Webhook> {
  return NewWebhook.parse(await admin.post('/webhooks', { url, events })).data
}

/** A receiver with its webhook. `responses` are by attempt; the last is repeated. */
export async function subscribeReceiver(
  admin: Api,
  events: string[],
  responses: [number, ...number[]] = [204],
): Promise<Webhook & { receiver: Receiver }> {
  const receiver = await startReceiver(0, ({ attempt }) => ({
    status: responses[attempt - 1] ?? responses.at(-1) ?? 204,
  }))
  return { ...(await subscribe(admin, receiver.url, events)), receiver }
}

/** Polls twice a second, to stay within the rate limit. */
export async function waitForDelivery(
  admin: Api,
  webhookId: string,
  matches: (one: Delivery) => boolean,
): Promise<Delivery> {
  for (let attempts = 0; attempts < 60; attempts++) {
    const { data } = Deliveries.parse(await admin.get(`/webhooks/${webhookId}/deliveries`))
    const found = data.find(matches)
    if (found) return found
    await sleep(500)
  }
  throw new Error(`no delivery of ${webhookId} came to be as wanted`)
}

export function read({ headers, body }: Received) {
  const header = (name: string) => String(headers[name])
  return {
    id: header('webhook-id'),
    timestamp: header('webhook-timestamp'),
    signature: header('webhook-signature'),
    json: JSON.parse(body.toString()),
  }
}
