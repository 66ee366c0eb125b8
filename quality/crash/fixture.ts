import { z } from 'zod'
import { runAdmin } from '../../test/helpers/node/admin.ts'
import { type Api, openApi } from '../../test/helpers/node/api.ts'
import type { Writers } from './random-writes.ts'

/** Each key may send 300 requests a minute. */
const KEYS = 32

const Login = z.object({ token: z.string() })
const NewKey = z.object({ data: z.object({ key: z.string() }) })
const NewWebhook = z.object({ data: z.object({ secret: z.string() }) })

const EMAIL = 'writer@crash.example'

interface Prepared {
  api: Api
  writers: Writers
  keys: string[]
  secret: string
}

/** In an account of its own, which is empty. */
export async function createFixture(origin: string, url: string, state: string): Promise<Prepared> {
  const login = { email: EMAIL, password: await createAccount(state) }
  const { token } = Login.parse(await openApi(origin, ['']).post('/auth/login', login))
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

/** Returns the password of its admin. */
async function createAccount(state: string): Promise<string> {
  const created = await runAdmin(state, 'create-account', 'Crash', EMAIL)
  const planned = await runAdmin(state, 'set-plan', 'crash', 'premium')
  const password = /Password (\S+)/.exec(created.out)?.[1]
  if (password === undefined || planned.code !== 0) throw new Error(`${created.err}\n${planned.err}`)
  return password
}
