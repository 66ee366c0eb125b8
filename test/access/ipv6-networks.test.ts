import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { addressLimiterName, ipAddressKey, ipNetworkKey, shardOf } from '../../src/access/client-address'
import { throttleFor } from '../../src/access/throttle'
import { call, type TestResponse } from '../helpers/api'
import { advanceClock, stopClock, watchObjects } from '../helpers/credentials'
import { failLogins, PASSWORD, useLoginFixture } from '../helpers/login-throttle'
import { logIn } from '../helpers/users'

const MINUTE = 60_000
const DAY = 1_440 * MINUTE

const logins = useLoginFixture()
let networks = 0
let network: string

beforeEach(() => {
  stopClock()
  networks += 1
  network = `2001:db8:${networks.toString(16)}`
})

/** An address in the nth /64 of a /48. */
const addressIn = (prefix: string, nth: number) => `${prefix}:${nth.toString(16)}::1`
const throttleOf = (address: string) => throttleFor(env, ipAddressKey(address))
const limiterOf = (address: string) => env.RATE_LIMITER.getByName(addressLimiterName(ipAddressKey(address)))
const addressesIn = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, nth) => addressIn(prefix, nth + 2))

/** Counts a request from each address, which are of one network, without a request each. */
async function spendRequests(...addresses: string[]): Promise<void> {
  await runInDurableObject(limiterOf(addresses[0] ?? ''), (limiter) => {
    for (const key of addresses.map(ipAddressKey)) limiter.count(key, ipNetworkKey(key))
  })
}

/** Counts a failed login, registration or key lookup from each address, as the throttle does. */
async function spendAttempts(name: string, limit: number, ...addresses: string[]): Promise<void> {
  const shard = shardOf(ipNetworkKey(ipAddressKey(addresses[0])) ?? '', 64)
  await runInDurableObject(env.LOGIN_THROTTLE.getByName(`shard:${shard}`), (throttle) => {
    for (const key of addresses.map(ipAddressKey)) {
      const windowMs = 15 * MINUTE
      const limits = [
        { bucket: `${name}:${key}`, limit, windowMs },
        { bucket: `${name}:${ipNetworkKey(key)}`, limit: 10 * limit, windowMs },
      ]
      throttle.reserve(crypto.randomUUID(), limits)
    }
  })
}
const failUnknownLogins = (...addresses: string[]) => spendAttempts('address', 100, ...addresses)

interface Limit {
  name: string
  /** Of a /64. */
  limit: number
  says: string
  spend: (...addresses: string[]) => Promise<unknown>
  send: (address: string) => Promise<TestResponse>
  allowed: number
}

const LIMITS: Limit[] = [
  {
    name: 'requests',
    limit: 100,
    says: '1000 requests per minute from one IPv6 /48 network',
    spend: spendRequests,
    send: (address) => call('GET', 'tickets', { address }),
    allowed: 401,
  },
  {
    name: 'failed logins',
    limit: 100,
    says: '1000 failed logins from one IPv6 /48 network in 15 minutes',
    spend: failUnknownLogins,
    send: (address) => logIn(logins.jane.email, PASSWORD, { address }),
    allowed: 200,
  },
  {
    name: 'registrations',
    limit: 5,
    says: '50 registrations per hour from one IPv6 /48 network',
    spend: (...addresses) => spendAttempts('register', 5, ...addresses),
    send: (address) => {
      const body = { account: logins.account.slug, name: 'Jo', email: 'jo@example.com', password: PASSWORD }
      return call('POST', 'auth/register', { body, address })
    },
    allowed: 403,
  },
]

describe.each(LIMITS)('SEC-16 $name', ({ limit, says, spend, send, allowed }) => {
  it('are limited to ten times the limit of a /64 for a /48, and not for another one', async () => {
    await spend(...addressesIn(network, 10 * limit - 1))
    expect((await send(addressIn(network, 0xfffe))).status).toBe(allowed)
    await spend(addressIn(network, 0xfffd))
    const refused = await send(addressIn(network, 0xffff))
    expect([refused.status, refused.body.error.message]).toEqual([429, `The limit of ${says} is reached`])
    expect(Number(refused.headers.get('Retry-After'))).toBeGreaterThan(0)
    expect((await send(`2001:db9:${networks}::1`)).status).toBe(allowed)
  })

  it('are limited for each /64 too, without using up the limit of the network', async () => {
    await spend(...Array(limit).fill(addressIn(network, 1)))
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const refused = await send(addressIn(network, 1))
      expect([refused.status, refused.body.error.message]).toEqual([429, expect.not.stringContaining('/48')])
    }
    expect((await send(addressIn(network, 2))).status).toBe(allowed)
  })
})

describe('SEC-16 lookups of unknown API keys', () => {
  it('are limited to ten times the limit of a /64 for a /48', async () => {
    for (const address of addressesIn(network, 100)) await throttleOf(address).guardKeyLookup(async () => false)
    const lookUp = vi.fn(async () => true)
    await expect(throttleOf(addressIn(network, 0xffff)).guardKeyLookup(lookUp)).rejects.toMatchObject({
      code: 'rate_limited',
      message: 'The limit of 100 unknown API keys per minute from one IPv6 /48 network is reached',
    })
    expect(lookUp).not.toHaveBeenCalled()
  })

  it('release the network if the key is found', async () => {
    for (const address of addressesIn(network, 99)) await throttleOf(address).guardKeyLookup(async () => false)
    for (const nth of [0xfff0, 0xfff1, 0xfff2])
      expect(await throttleOf(addressIn(network, nth)).guardKeyLookup(async () => true)).toBe(true)
  })
})

describe('SEC-16 the objects that count IP addresses', () => {
  it('are called once for a request, by whatever address', async () => {
    const touched = watchObjects()
    for (const address of [addressIn(network, 1), addressIn(network, 2), '203.0.113.7'])
      expect((await call('GET', 'tickets', { address })).status).toBe(401)
    expect(touched).toHaveLength(3)
    expect(new Set(touched).size).toBe(2)
  })

  it('admit exactly the limit of the network, also when the last request of a /64 is the one too many', async () => {
    const last = addressIn(network, 1)
    await spendRequests(...Array(99).fill(last), ...addressesIn(network, 901))
    const refused = await call('GET', 'tickets', { address: last })
    expect([refused.status, refused.headers.get('X-RateLimit-Remaining')]).toEqual([429, '0'])
  })

  it('count a refused request neither for the /64 nor for the network', async () => {
    const counts = (address: string) =>
      runInDurableObject(limiterOf(address), (_instance, { storage }) =>
        Object.fromEntries(
          storage.sql
            .exec<{ key: string; count: number }>('SELECT key, count FROM addresses')
            .toArray()
            .map(({ key, count }) => [key, count]),
        ),
      )
    const full = addressIn(network, 1)
    await spendRequests(...Array(103).fill(full))
    expect(await counts(full)).toMatchObject({ [`${network}:1::/64`]: 100, [`${network}::/48`]: 100 })
    await spendRequests(...addressesIn(network, 900), addressIn(network, 0xff00))
    const after = await counts(full)
    expect([after[`${network}::/48`], after[`${network}:ff00::/64`]]).toEqual([1_000, undefined])
  })

  it('keep their counts through an eviction', async () => {
    const address = addressIn(network, 1)
    await spendRequests(...Array(100).fill(address))
    await evictDurableObject(limiterOf(address))
    expect((await call('GET', 'tickets', { address })).status).toBe(429)
    advanceClock(MINUTE)
    expect((await call('GET', 'tickets', { address })).status).toBe(401)
  })

  it('keep counters for two minutes, and delete everything after a day without a request', async () => {
    const address = addressIn(network, 1)
    const keys = () =>
      runInDurableObject(limiterOf(address), (_instance, { storage }) => {
        if (storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'addresses'").toArray().length === 0) return null
        return storage.sql
          .exec<{ key: string }>('SELECT key FROM addresses')
          .toArray()
          .map(({ key }) => key)
      })
    await spendRequests(address)
    advanceClock(2 * MINUTE)
    await spendRequests(addressIn(network, 2))
    expect(await keys()).toEqual([`${network}:2::/64`, `${network}::/48`])
    await runDurableObjectAlarm(limiterOf(address))
    expect(await keys()).toHaveLength(2)
    advanceClock(DAY + MINUTE)
    await runDurableObjectAlarm(limiterOf(address))
    expect(await keys()).toBeNull()
    await spendRequests(address)
    expect(await keys()).toHaveLength(2)
    expect(await runDurableObjectAlarm(limiterOf(address)), 'scheduled again').toBe(true)
  })
})

describe('SEC-16 a user that is known at one /64', () => {
  it('has attempts of its own although the /48 is over its limit', async () => {
    const home = addressIn(network, 1)
    expect((await logIn(logins.jane.email, PASSWORD, { address: home })).status).toBe(200)
    await failUnknownLogins(...addressesIn(network, 1_000))
    expect((await logIn(logins.jane.email, PASSWORD, { address: home })).status).toBe(200)
    await failLogins(10, logins.jane, home)
    expect((await logIn(logins.jane.email, PASSWORD, { address: home })).status).toBe(429)
  })
})
