import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { accounts } from '../../src/db/schema/accounts'
import { attachments } from '../../src/db/schema/tickets'
import { sql } from '../../src/db/sql'
import { deleteFrom, update } from '../../src/db/write'
import { freshIpAddress } from '../helpers/addresses'
import { type Account, call, createTestAccount } from '../helpers/api'
import { advanceClock, stopClock } from '../helpers/credentials'
import { wire } from '../helpers/d1'
import { execute } from '../helpers/database'
import { fetchFile, uploadFile } from '../helpers/files'

/** Ten times the limits of requests. */
const LIMITS = { standard: 1_000, premium: 3_000 }

let account: Account
let url: string

async function fileOf({ agent }: Account): Promise<string> {
  return (await uploadFile(agent, { filename: 'a.txt', content: 'aGVsbG8=', mime_type: 'text/plain' })).url
}

async function spend({ id }: Account, count: number): Promise<void> {
  const object = env.RATE_LIMITER.getByName(`downloads:${id}`)
  await Promise.all(Array.from({ length: count }, () => object.countUpTo(LIMITS.premium)))
}

async function roundTripsDuring(work: () => Promise<unknown>): Promise<number> {
  const queries = vi.spyOn(wire, 'fetch')
  await work()
  return queries.mock.calls.length
}

const status = async (init?: RequestInit) => (await fetchFile(url, init)).status

beforeEach(async () => {
  stopClock()
  account = await createTestAccount('standard')
  url = await fileOf(account)
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

describe('the downloads of an account', () => {
  it.each(['standard', 'premium'] as const)(
    'are limited to ten times the limit of requests, with the plan %s',
    async (plan) => {
      await execute(update(accounts, { plan }, sql`${accounts.id} = ${account.id}`))
      await spend(account, LIMITS[plan] - 1)
      expect(await status()).toBe(200)
      const refused = await fetchFile(url)
      expect(refused.status).toBe(429)
      expect(Number(refused.headers.get('Retry-After'))).toBeGreaterThan(0)
      expect(Number(refused.headers.get('Retry-After'))).toBeLessThanOrEqual(60)
      expect(Buffer.from(refused.bytes).toString()).toContain(
        `The limit of ${LIMITS[plan].toLocaleString('en')} downloads per minute in this account is reached`,
      )
    },
  )

  it('are admitted exactly up to the limit when they are concurrent', async () => {
    await spend(account, LIMITS.standard - 3)
    const statuses = await Promise.all(Array.from({ length: 8 }, () => status()))
    expect(statuses.toSorted()).toEqual([200, 200, 200, 429, 429, 429, 429, 429])
  })

  it('do not count for another account, nor for the caller', async () => {
    const other = await createTestAccount('standard')
    const otherUrl = await fileOf(other)
    const remaining = async () => {
      const { headers } = await call('GET', 'users/me', { token: account.agent.token, address: freshIpAddress() })
      return Number(headers.get('X-RateLimit-Remaining'))
    }
    const before = await remaining()
    await spend(account, LIMITS.standard)
    expect(await status()).toBe(429)
    expect((await fetchFile(otherUrl)).status).toBe(200)
    expect(await remaining()).toBe(before - 1)
  })

  it('include HEAD, ranges, revalidations and deleted files', async () => {
    const { headers } = await fetchFile(url)
    await spend(account, LIMITS.standard - 6)
    expect(await status({ method: 'HEAD' })).toBe(200)
    expect(await status({ headers: { Range: 'bytes=0-1' } })).toBe(206)
    expect(await status({ headers: { 'If-None-Match': headers.get('ETag') ?? '' } })).toBe(304)
    expect(await status({ headers: { Range: 'bytes=99-' } })).toBe(416)
    const [, id] = /files\/(\w+)/.exec(url) ?? []
    await execute(deleteFrom(attachments, sql`${attachments.accountId} = ${account.id} AND ${attachments.id} = ${id}`))
    expect(await status()).toBe(404)
    for (const init of [{}, { method: 'HEAD' }, { headers: { Range: 'bytes=0-1' } }])
      expect(await status(init)).toBe(429)
  })

  it('are admitted again in the next minute', async () => {
    await spend(account, LIMITS.standard)
    expect([await status(), await status()]).toEqual([429, 429])
    advanceClock(60_000)
    expect(await status()).toBe(200)
  })

  it('have no rate limit headers', async () => {
    await spend(account, LIMITS.standard - 1)
    for (const expected of [200, 429]) {
      const response = await fetchFile(url)
      expect([response.status, response.headers.has('X-RateLimit-Limit')]).toEqual([expected, false])
    }
  })

  it('cause no round trip to D1 if the isolate has refused one in this minute', async () => {
    await spend(account, LIMITS.standard)
    expect(await status()).toBe(429)
    expect(await roundTripsDuring(async () => expect(await status()).toBe(429))).toBe(0)
  })

  it('take one round trip to D1 otherwise', async () => {
    expect(await roundTripsDuring(async () => expect(await status()).toBe(200))).toBe(1)
  })

  it('return 503 if they cannot be counted', async () => {
    vi.spyOn(env.RATE_LIMITER, 'getByName').mockImplementation(() => {
      throw new Error('unreachable')
    })
    const response = await fetchFile(url)
    expect([response.status, response.headers.get('Retry-After')]).toEqual([503, '5'])
  })
})
