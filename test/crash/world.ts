import { z } from 'zod'
import { type Api, openApi } from '../node/helpers/api.ts'

/** Each key may send 300 requests a minute. */
const KEYS = 32

const Login = z.object({ token: z.string() })
const NewKey = z.object({ data: z.object({ key: z.string() }) })
const NewWebhook = z.object({ data: z.object({ secret: z.string() }) })

const LOGIN = { email: 'ada@globex.example', password: 'your_password' }

/** Makes keys of the premium demo account and a webhook for all events; gives the API with the keys, and the secret. */
export async function prepare(origin: string, url: string): Promise<{ api: Api; secret: string }> {
  const { token } = Login.parse(await openApi(origin, ['']).post('/auth/login', LOGIN))
  const admin = openApi(origin, [token])
  const keys: string[] = []
  while (keys.length < KEYS) {
    const made = await admin.post('/api-keys', { name: `Writer ${keys.length}` })
    keys.push(NewKey.parse(made).data.key)
  }
  const webhook = NewWebhook.parse(await admin.post('/webhooks', { url, events: ['*'], include_internal: true }))
  return { api: openApi(origin, keys), secret: webhook.data.secret }
}
