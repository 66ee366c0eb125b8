import { z } from 'zod'
import { type Api, openApi } from '../../test/helpers/node/api.ts'
import type { Writers } from './random-writes.ts'

/** Each key may send 300 requests a minute. */
const KEYS = 32

const Login = z.object({ token: z.string() })
const NewKey = z.object({ data: z.object({ key: z.string() }) })
const NewWebhook = z.object({ data: z.object({ secret: z.string() }) })

const LOGIN = { email: 'ada@globex.example', password: 'your_password' }

interface Prepared {
  api: Api
  writers: Writers
  keys: string[]
  secret: string
}

export async function createFixture(origin: string, url: string): Promise<Prepared> {
  const { token } = Login.parse(await openApi(origin, ['']).post('/auth/login', LOGIN))
  const user = openApi(origin, [token])
  const keys: string[] = []
  while (keys.length < KEYS) {
    const created = await user.post('/api-keys', { name: `Writer ${keys.length}`, role: 'admin' })
    keys.push(NewKey.parse(created).data.key)
  }
  const webhook = NewWebhook.parse(await user.post('/webhooks', { url, events: ['*'], include_internal: true }))
  const writers = { keys: keys.map((key) => openApi(origin, [key])), user, url }
  return { api: openApi(origin, keys), writers, keys, secret: webhook.data.secret }
}
