import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { throttleFor } from '../../src/access/throttle'
import { freshIpAddress } from '../helpers/addresses'
import { call } from '../helpers/api'
import { breakObject, ERRORS } from '../helpers/failing-object'
import { failLogins, PASSWORD, useLoginFixture, WRONG_PASSWORD, withoutHashing } from '../helpers/login-throttle'
import { logIn } from '../helpers/users'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

const logins = useLoginFixture()

async function objectsOf(work: () => Promise<unknown>): Promise<string[]> {
  const original = env.LOGIN_THROTTLE.getByName.bind(env.LOGIN_THROTTLE)
  const names = new Set<string>()
  const spy = vi.spyOn(env.LOGIN_THROTTLE, 'getByName').mockImplementation((name) => {
    names.add(name)
    return original(name)
  })
  await work()
  spy.mockRestore()
  return [...names]
}

const stored = (name: string) =>
  runInDurableObject(env.LOGIN_THROTTLE.getByName(name), (_instance, state) => ({
    counters: state.storage.sql.exec<{ bucket: string }>('SELECT * FROM counters').toArray(),
    known: state.storage.sql.exec<{ address: string }>('SELECT * FROM known').toArray(),
    attempts: state.storage.sql.exec<{ id: string }>('SELECT * FROM attempts').toArray(),
    text: JSON.stringify(
      state.storage.sql
        .exec<{ name: string }>(
          "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\'",
        )
        .toArray()
        .map(({ name: table }) => state.storage.sql.exec(`SELECT * FROM "${table}"`).toArray()),
    ),
  }))

describe('the Durable Objects of the login throttle', () => {
  it('keep all trusted IP addresses of two users in the same object', async () => {
    const object = env.LOGIN_THROTTLE.getByName('an object of two users')
    await object.trustAddress('ann', 'office')
    await object.trustAddress('jane', 'home')
    const { known } = await stored('an object of two users')
    expect(known.map(({ address }) => address)).toEqual(['office', 'home'])
  })

  it('are at most 64 for any emails and IP addresses, and most of them are used', async () => {
    const names: string[] = []
    const candidate = { user: null, isTrusted: false, loginBucket: 'x', mismatchBucket: null }
    const stub = {
      reserve: () => ({ allowed: true }),
      reserveLogin: () => ({ allowed: true, candidates: [candidate] }),
      settle: () => 0,
      trustAddress: () => 0,
    }
    vi.spyOn(env.LOGIN_THROTTLE, 'getByName').mockImplementation(((name: string) => {
      names.push(name)
      return stub
    }) as never)
    for (let i = 0; i < 2_000; i += 1) {
      const throttle = throttleFor(env, `203.0.${i >> 8}.${i & 255}`)
      const emailNormalized = i % 2 ? `guess${i}@example.com` : `${'x'.repeat(i % 250)}${i}'"\n`
      const user = { accountId: 'acct', id: `user${i}` }
      await throttle.guardPasswordCheck(emailNormalized, [user], async () => user)
      await throttle.trustAddress(emailNormalized, user)
      await throttle.countRegistration()
      await throttle.guardKeyLookup(async () => false)
    }
    for (const name of names) expect(name).toMatch(/^shard:([0-9]|[1-5][0-9]|6[0-3])$/)
    expect(names).toHaveLength(14_000)
    expect(new Set(names).size).toBe(64)
  })

  it('store no email in plain text, and no password', async () => {
    const address = freshIpAddress()
    const names = await objectsOf(async () => {
      await logIn(logins.jane.email, PASSWORD, { address })
      await logIn(logins.jane.email.toUpperCase(), WRONG_PASSWORD, { address })
      await logIn(logins.jane.email, WRONG_PASSWORD)
    })
    expect(names.length).toBeGreaterThan(0)
    const all = await Promise.all(names.map(stored))
    expect(all.flatMap(({ known }) => known.filter((each) => each.address === address))).toHaveLength(1)
    expect(all.flatMap(({ counters }) => counters).length).toBeGreaterThanOrEqual(3)
    const text = all.map((one) => one.text).join()
    expect(text).toContain(address)
    expect(text).not.toMatch(/@|example\.com|horse/i)
    expect(text.toLowerCase()).not.toContain(logins.jane.email.split('@')[0] ?? '')
  })

  it('keep their counts and the trusted IP addresses through an eviction', async () => {
    const home = freshIpAddress()
    const names = await objectsOf(async () => {
      await logIn(logins.jane.email, PASSWORD, { address: home })
      await failLogins(10, logins.jane)
    })
    for (const name of names) await evictDurableObject(env.LOGIN_THROTTLE.getByName(name))
    expect((await logIn(logins.jane.email, PASSWORD)).status).toBe(429)
    expect((await logIn(logins.jane.email, PASSWORD, { address: home })).status).toBe(200)
  })

  it('delete expired windows by alarm, and IP addresses after 30 days', async () => {
    const email = logins.jane.email
    const names = await objectsOf(() => logIn(email, PASSWORD))
    await failLogins(3, logins.jane)
    const left = async () => {
      for (const name of names) expect(await runDurableObjectAlarm(env.LOGIN_THROTTLE.getByName(name))).toBe(true)
      const all = await Promise.all(names.map(stored))
      return [all.flatMap(({ counters }) => counters).length > 0, all.flatMap(({ known }) => known).length > 0]
    }
    expect(await left()).toEqual([true, true])
    vi.setSystemTime(Date.now() + 16 * MINUTE)
    expect(await left()).toEqual([false, true])
    vi.setSystemTime(Date.now() + 31 * DAY)
    expect(await left()).toEqual([false, false])
  })
})

describe('a login attempt', () => {
  const LIMIT = 2
  const begin = (name: string, id: string) =>
    env.LOGIN_THROTTLE.getByName(name).reserve(id, [{ bucket: 'bucket', limit: LIMIT, windowMs: 15 * MINUTE }])
  const release = (name: string, id: string) =>
    env.LOGIN_THROTTLE.getByName(name).settle(id, { counted: [], refunded: ['bucket'] })
  const ALLOWED = { allowed: true }

  it('is counted once and released once, also for repeated calls and through an eviction', async () => {
    const name = 'an object of repeated calls'
    for (const id of ['a', 'a', 'b', 'a', 'b']) expect(await begin(name, id)).toEqual(ALLOWED)
    expect(await begin(name, 'c')).toMatchObject({ allowed: false })
    await evictDurableObject(env.LOGIN_THROTTLE.getByName(name))
    for (const id of ['a', 'b']) expect(await begin(name, id)).toEqual(ALLOWED)
    for (const id of ['a', 'a', 'unknown', 'a']) await release(name, id)
    expect(await begin(name, 'd')).toEqual(ALLOWED)
    expect(await begin(name, 'e')).toMatchObject({ allowed: false })
  })

  it('is not released from a later window', async () => {
    const name = 'an object of two windows'
    await begin(name, 'a')
    vi.setSystemTime(Date.now() + 15 * MINUTE - 1)
    await begin(name, 'b')
    vi.setSystemTime(Date.now() + 1)
    await begin(name, 'c')
    await begin(name, 'd')
    await release(name, 'b')
    expect(await begin(name, 'e')).toMatchObject({ allowed: false })
  })

  it('is awaited for one minute at most if it never ends, stays counted, and is deleted', async () => {
    const name = 'an object of lost attempts'
    const object = env.LOGIN_THROTTLE.getByName(name)
    const attempt = (id: string) =>
      object.reserveLogin({ id, email: 'hash', emailNormalized: 'x', users: [], address: 'a' })
    for (let id = 0; id < 10; id += 1) expect(await attempt(String(id))).toMatchObject({ allowed: true })
    vi.setSystemTime(Date.now() + MINUTE)
    expect(await attempt('one more')).toMatchObject({ allowed: false, retryAfterSeconds: 14 * 60 })
    expect((await stored(name)).attempts).toHaveLength(10)
    await runDurableObjectAlarm(object)
    expect((await stored(name)).attempts).toEqual([])
    vi.setSystemTime(Date.now() + 14 * MINUTE)
    expect(await attempt('another')).toMatchObject({ allowed: true })
  })

  it('is deleted by the next one after a minute if it never ends', async () => {
    const name = 'an object of an attempt that was lost'
    const idsAfter = async (id: string) => {
      await begin(name, id)
      return (await stored(name)).attempts.map((attempt) => attempt.id)
    }
    await begin(name, 'a')
    vi.setSystemTime(Date.now() + MINUTE - 1)
    expect(await idsAfter('b')).toEqual(['a', 'b'])
    await release(name, 'b')
    vi.setSystemTime(Date.now() + 1)
    expect(await idsAfter('c')).toEqual(['c'])
  })
})

describe('an object of the throttle that cannot be reached', () => {
  const unavailable = () => {
    throw new Error('Network connection lost.')
  }
  const failing = () => Promise.reject(new Error('Network connection lost.'))

  it.each([
    ['does not exist', unavailable],
    ['fails at the first count', () => ({ reserve: failing, reserveLogin: failing })],
    ['fails at the count of the email', () => ({ reserve: () => ({ allowed: true }), reserveLogin: failing })],
  ])('F03 and %s: returns 503 without hashing', async (_name, object) => {
    vi.spyOn(env.LOGIN_THROTTLE, 'getByName').mockImplementation(object as never)
    const change = { current_password: PASSWORD, new_password: 'another horse' }
    const responses = await withoutHashing(
      () => logIn(logins.jane.email, PASSWORD),
      () => call('POST', 'auth/password', { token: logins.jane.token, body: change }),
    )
    for (const response of responses) {
      expect([response.status, response.body.error.code]).toEqual([503, 'unavailable'])
      expect(response.headers.get('Retry-After')).toMatch(/^\d+$/)
    }
    vi.restoreAllMocks()
    expect((await logIn(logins.jane.email, PASSWORD)).status).toBe(200)
  })

  it('is not counted for the email if only the IP address cannot be counted', async () => {
    breakObject('LOGIN_THROTTLE.reserve', () => ({ error: ERRORS.overloaded() }))
    for (let attempt = 0; attempt < 12; attempt += 1)
      expect((await logIn(logins.jane.email, PASSWORD)).status).toBe(503)
    vi.restoreAllMocks()
    expect((await logIn(logins.jane.email, PASSWORD)).status).toBe(200)
  })

  it('F03 returns 503 for registrations too', async () => {
    vi.spyOn(env.LOGIN_THROTTLE, 'getByName').mockImplementation(unavailable)
    const body = { account: logins.account.slug, name: 'Jo', email: 'jo@example.com', password: PASSWORD }
    expect((await call('POST', 'auth/register', { body, address: freshIpAddress() })).status).toBe(503)
  })
})
