import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { changeUser, WAYS, WAYS_OF_KEYS } from '../helpers/access-endings'
import { type Account, type Member, mintAccount, mintMember, mintToken, rows } from '../helpers/api'
import { mintKey, stopClock } from '../helpers/credentials'
import { DEEDS, type Deed, PASSWORD, prepare, takesKey } from '../helpers/deeds'
import { dump } from '../helpers/dump'
import { eventually } from '../helpers/eventually'
import { type Held, hold } from '../helpers/held-request'
import { operations } from '../helpers/operations'
import { cheapHash } from '../helpers/people'
import { ask } from '../helpers/tickets'
import { silenceQueue, silenceSweeper } from '../helpers/webhooks'

const WRITES = DEEDS.filter(
  (name) => !name.startsWith('GET ') && !/POST \/(accounts|auth\/(login|register))$/.test(name),
)
/** Operations on the caller's own user, which `prepare` makes with a password. */
const OF_CALLER = new Set(['POST /auth/logout', 'POST /auth/password', 'PATCH /users/me'])
const USERS_ONLY = /\/auth\/|\/users\/me|\/api-keys/
const HOUR = 3_600_000

let account: Account

beforeEach(async () => {
  stopClock()
  silenceQueue()
  silenceSweeper()
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
  account = await mintAccount()
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

/** An admin with a password who may do everything, and the request that they make. */
async function prepared(name: string): Promise<{ deed: Deed; caller: Member }> {
  const deed = await prepare(name, account)
  if (!OF_CALLER.has(name)) {
    return { deed, caller: await mintMember(account.id, 'admin', { passwordHash: cheapHash(PASSWORD) }) }
  }
  if (!deed.by) throw new Error(`${name} has no caller`)
  await env.DB.prepare("UPDATE users SET role = 'admin' WHERE account_id = ? AND id = ?")
    .bind(account.id, deed.by.id)
    .run()
  return { deed, caller: { ...deed.by, role: 'admin', token: await mintToken(account.id, deed.by.id, 'admin') } }
}

const intents = () => rows('SELECT id FROM object_intents WHERE account_id = ?', account.id)

/** All that is stored of the account; of API keys not when they were last used, which is written after the response. */
async function stored(): Promise<string> {
  const { tables, objects } = await dump(account)
  const keys = tables.api_keys?.map((key) => ({ ...key, last_used_at: null }))
  return JSON.stringify([{ ...tables, all: [], object_intents: [], api_keys: keys }, objects])
}

async function expectRefused(held: Held, status: number, what: string): Promise<void> {
  const before = await stored()
  const response = await held.finish()
  expect([response.status, response.body.error?.code], what).toEqual([
    status,
    status === 401 ? 'unauthorized' : 'forbidden',
  ])
  expect(response.headers.get('WWW-Authenticate') !== null, what).toBe(status === 401)
  await eventually(async () => expect(await intents(), what).toEqual([]))
  expect(await stored(), what).toBe(before)
}

describe('a request that began before the access of its caller ended', () => {
  it('covers every operation that writes for a caller', async () => {
    const known = (await operations()).filter(({ method, isPublic }) => method !== 'GET' && !isPublic)
    expect(WRITES.toSorted()).toEqual(known.map(({ name }) => name).toSorted())
  })

  it.each(WRITES)('is executed where nothing has changed: %s', async (name) => {
    const { deed, caller } = await prepared(name)
    const response = await (await hold(deed, caller.token)).finish()
    expect(response.status, JSON.stringify(response.body)).toBeLessThan(300)
  })

  it.each(WRITES)('is refused, and writes nothing: %s', async (name) => {
    for (const [way, [status, end]] of Object.entries(WAYS)) {
      const { deed, caller } = await prepared(name)
      const held = await hold(deed, caller.token)
      await end(account, caller)
      await expectRefused(held, status, `a user who ${way}`)
      account = await mintAccount()
    }
  })

  it.each(WRITES.filter((name) => !USERS_ONLY.test(name)))('is refused for API keys too: %s', async (name) => {
    for (const [way, end] of Object.entries(WAYS_OF_KEYS)) {
      const { deed } = await prepared(name)
      const key = await mintKey(account, { role: 'admin', expires_at: new Date(Date.now() + HOUR).toISOString() })
      const held = await hold(deed, key.key)
      await end(account, key)
      await expectRefused(held, 401, `a key that ${way}`)
      account = await mintAccount()
    }
  })

  it.each(WRITES.filter(takesKey))('is not replayed: %s', async (name) => {
    for (const way of ['is deactivated', 'is demoted to customer']) {
      const { deed, caller } = await prepared(name)
      const first = await (await hold(deed, caller.token, 'a key')).finish()
      expect(first.status, JSON.stringify(first.body)).toBeLessThan(300)
      const replayed = await (await hold(deed, caller.token, 'a key')).finish()
      expect([replayed.status, replayed.headers.get('Idempotent-Replayed')]).toEqual([first.status, 'true'])
      const held = await hold(deed, caller.token, 'a key')
      const [status, end] = WAYS[way] ?? []
      await end?.(account, caller)
      await expectRefused(held, status ?? 0, `a user who ${way}`)
      account = await mintAccount()
    }
  })

  it('is executed with the earlier secret of an API key within its grace period', async () => {
    const { deed } = await prepared('POST /tickets')
    const key = await mintKey(account, { role: 'admin' })
    const held = await hold(deed, key.key)
    await ask(account.admin, 'POST', `api-keys/${key.id}/rotate`, { grace_seconds: 60 })
    expect((await held.finish()).status).toBe(201)
  })

  it('is executed where the role was raised, or the same token has changed the password', async () => {
    const agent = await mintMember(account.id, 'agent', { passwordHash: cheapHash(PASSWORD) })
    for (const end of [
      () => changeUser(account, agent, { role: 'admin' }),
      () => ask(agent, 'POST', 'auth/password', { current_password: PASSWORD, new_password: 'the next password' }),
    ]) {
      const { deed } = await prepared('POST /tickets')
      const held = await hold(deed, agent.token)
      await end()
      expect((await held.finish()).status).toBe(201)
    }
  })
})
