import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { addressLimiterName } from '../../src/access/client-address'
import { tickets } from '../../src/db/schema/tickets'
import { sql } from '../../src/db/sql'
import { select } from '../../src/db/statement'
import { freshIpAddress } from '../helpers/addresses'
import { type Account, call, createTestAccount, createTicket, type Member, type TestResponse } from '../helpers/api'
import { tokenClaim } from '../helpers/credentials'
import { rows } from '../helpers/database'
import { errorLinks } from '../helpers/errors'

// Half-way through a minute, so that no minute ends within a test.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
  vi.setSystemTime(Math.floor(Date.now() / 60_000) * 60_000 + 30_000)
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const limiterOf = (account: Account, member: Member) => env.RATE_LIMITER.getByName(`member:${account.id}/${member.id}`)
const remaining = (result: TestResponse) => Number(result.headers.get('X-RateLimit-Remaining'))
const send = (member: Member) => call('GET', 'tickets?per_page=1', { token: member.token })

function expectRateHeaders({ headers, status }: TestResponse, limit = 100, policy = 'standard'): void {
  for (const name of ['X-RateLimit-Limit', 'X-RateLimit-Remaining', 'X-RateLimit-Reset'])
    expect(headers.get(name), `${name} on ${status}`).toMatch(/^\d+$/)
  const left = Number(headers.get('X-RateLimit-Remaining'))
  const reset = Number(headers.get('X-RateLimit-Reset'))
  expect(Number(headers.get('X-RateLimit-Limit'))).toBe(limit)
  expect(reset % 60).toBe(0)
  expect(reset).toBe(Math.floor(Date.now() / 60_000) * 60 + 60)
  expect(headers.get('RateLimit-Policy')).toBe(`"${policy}";q=${limit};w=60`)
  expect(headers.get('RateLimit')).toBe(`"${policy}";r=${left};t=30`)
}

describe('C05 the rate limit headers', () => {
  it('C05 are integers on every status of the API, and Remaining decreases by exactly one', async () => {
    const account = await createTestAccount('standard')
    const { token } = account.agent
    const { id } = await createTicket(account.agent)
    const cases: [string, string, object, number][] = [
      ['GET', 'tickets', {}, 200],
      ['HEAD', 'tickets', {}, 200],
      ['POST', 'tickets', { body: { title: 'T', description: 'D' } }, 201],
      ['POST', 'tickets', { body: '{' }, 400],
      ['GET', 'tickets?page=x', {}, 400],
      ['GET', 'tickets/none', {}, 404],
      ['GET', 'nothing', {}, 404],
      ['GET', '/api/v9/tickets', {}, 404],
      ['PUT', 'tickets', {}, 405],
      ['POST', 'tickets', { body: 'x'.repeat(10_485_761) }, 413],
      ['POST', 'tickets', { body: '{}', headers: { 'Content-Type': 'text/plain' } }, 415],
      ['POST', 'tickets', { body: { title: 'T', description: 'D', assigned_to: 'nobody' } }, 422],
      ['PATCH', `tickets/${id}`, { body: { status: 'closed' } }, 200],
      ['DELETE', `tickets/${id}`, {}, 204],
    ]
    let before = 99
    for (const [method, path, options, status] of cases) {
      const member = method === 'DELETE' ? account.admin : account.agent
      const result = await call(method, path, { token: member.token, ...options })
      expect(result.status, `${method} ${path}`).toBe(status)
      expectRateHeaders(result)
      if (member === account.admin) continue
      expect(remaining(result), `${method} ${path}`).toBe(before - 1)
      before -= 1
    }
    const rejected = await call('GET', 'users', { token: account.customer.token })
    expect([rejected.status, remaining(rejected)]).toEqual([403, 99])
    expectRateHeaders(rejected)
    expect(token).toBe(account.agent.token)
  })

  it('C05 are on 401 and on public routes, per IP address', async () => {
    const address = freshIpAddress()
    const responses = [
      await call('GET', 'tickets', { address }),
      await call('GET', 'tickets', { address, token: 'a.b.c' }),
      await call('POST', 'auth/login', { address, body: {} }),
      await call('GET', 'nothing', { address }),
      await call('PUT', 'tickets', { address }),
      await call('GET', '/files/attach_x/x.png', { address }),
    ]
    expect(responses.map((result) => result.status)).toEqual([401, 401, 400, 404, 405, 403])
    for (const result of responses) expectRateHeaders(result)
    expect(responses.map(remaining)).toEqual([99, 98, 97, 96, 95, 94])
  })

  it('C05 are those of the premium plan on a premium account', async () => {
    const account = await createTestAccount('premium')
    const result = await send(account.agent)
    expectRateHeaders(result, 300, 'premium')
    expect(remaining(result)).toBe(299)
  })
})

describe('C05 the limit', () => {
  it('rejects a write above it, without an effect', async () => {
    const account = await createTestAccount('standard')
    // Right before the limit a read already waits for its verification: a write must always wait.
    await runInDurableObject(limiterOf(account, account.agent), async (limiter) => {
      for (let i = 0; i < 100; i += 1) await limiter.verifyAndCount(tokenClaim(account, account.agent), false)
    })
    const body = { title: 'Over the limit', description: 'D' }
    expect((await call('POST', 'tickets', { token: account.agent.token, body })).status).toBe(429)
    expect(
      await rows(select({ id: tickets.id }, sql`FROM ${tickets} WHERE ${tickets.accountId} = ${account.id}`)),
    ).toEqual([])
  })

  it('C05 admits exactly 100 of 400 concurrent requests, separately for each member', async () => {
    const account = await createTestAccount('standard')
    for (const member of [account.agent, account.customer]) {
      vi.setSystemTime(Date.now() + 60_000)
      const responses = await Promise.all(Array.from({ length: 400 }, () => send(member)))
      const passed = responses.filter((result) => result.status === 200)
      const rejected = responses.filter((result) => result.status === 429)
      expect([passed.length, rejected.length]).toEqual([100, 300])
      expect(passed.map(remaining).sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, index) => index))
      for (const result of rejected) expect(remaining(result)).toBe(0)
    }
  })

  it('C05 returns 429 with Retry-After and the name of the limit', async () => {
    const account = await createTestAccount('standard')
    for (let i = 0; i < 100; i += 1)
      await limiterOf(account, account.agent).verifyAndCount(tokenClaim(account, account.agent), false)
    const result = await send(account.agent)
    expect(result.status).toBe(429)
    expect(result.headers.get('Retry-After')).toBe('30')
    expect(result.body.error).toEqual({
      code: 'rate_limited',
      message: 'The limit of 100 requests per minute is reached',
      details: [],
      ...errorLinks('rate_limited', result),
    })
    expectRateHeaders(result)
    vi.setSystemTime(Date.now() + 29_999)
    expect((await send(account.agent)).headers.get('Retry-After')).toBe('1')
    vi.setSystemTime(Date.now() + 1)
    const fresh = await send(account.agent)
    expect([fresh.status, remaining(fresh)]).toEqual([200, 99])
  })

  it('C05 admits exactly 100 of 400 concurrent calls of the object, in each of 20 minutes', async () => {
    const account = await createTestAccount('standard')
    const claim = tokenClaim(account, account.agent)
    for (let minute = 0; minute < 20; minute += 1) {
      vi.setSystemTime(Date.now() + 60_000)
      const left = await runInDurableObject(limiterOf(account, account.agent), async (limiter) => {
        const responses = await Promise.all(Array.from({ length: 400 }, () => limiter.verifyAndCount(claim, false)))
        return responses.flatMap((response) =>
          'rateLimit' in response && response.rateLimit.admitted ? response.rateLimit.remaining : [],
        )
      })
      expect(left.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, index) => index))
    }
  })

  it('C05 survives an eviction of the object within the minute, also after 20 idle seconds', async () => {
    const account = await createTestAccount('standard')
    for (const left of [99, 98, 97]) expect(remaining(await send(account.agent))).toBe(left)
    await evictDurableObject(limiterOf(account, account.agent))
    vi.setSystemTime(Date.now() + 20_000)
    expect(remaining(await send(account.agent))).toBe(96)
    const address = freshIpAddress()
    await call('GET', 'tickets', { address })
    await evictDurableObject(env.RATE_LIMITER.getByName(addressLimiterName(address)))
    expect(remaining(await call('GET', 'tickets', { address }))).toBe(98)
  })

  it('admits 300 requests of a premium account', async () => {
    const account = await createTestAccount('premium')
    const responses = await Promise.all(Array.from({ length: 320 }, () => send(account.agent)))
    expect(responses.filter((result) => result.status === 200)).toHaveLength(300)
  })

  it('rejects only the IP address that sent too many requests without a credential', async () => {
    const [address, other] = [freshIpAddress(), freshIpAddress()]
    const responses = await Promise.all(Array.from({ length: 130 }, () => call('GET', 'tickets', { address })))
    expect(responses.filter((result) => result.status === 401)).toHaveLength(100)
    expect(responses.filter((result) => result.status === 429)).toHaveLength(30)
    expect((await call('GET', 'tickets', { address: other })).status).toBe(401)
  })

  it('counts an IPv6 network as one, and a mapped IP address as its IPv4 address', async () => {
    const from = (address: string) => call('GET', 'tickets', { address })
    expect(remaining(await from('2001:db8:7:7::1'))).toBe(99)
    expect(remaining(await from('2001:db8:7:7:aaaa::2'))).toBe(98)
    expect(remaining(await from('2001:db8:7:8::1'))).toBe(99)
    const address = freshIpAddress()
    expect(remaining(await from(address))).toBe(99)
    expect(remaining(await from(`::ffff:${address}`))).toBe(98)
  })

  it('ignores an IP address that the caller sends', async () => {
    const address = freshIpAddress()
    for (const left of [99, 98]) {
      const headers = {
        'X-Forwarded-For': freshIpAddress(),
        'X-Real-IP': freshIpAddress(),
        Forwarded: 'for=203.0.113.9',
      }
      expect(remaining(await call('GET', 'tickets', { address, headers }))).toBe(left)
    }
  })
})

describe('C06 separate counts', () => {
  it('C06 are kept for each member of each account', async () => {
    const [account, other] = [await createTestAccount('standard'), await createTestAccount('standard')]
    for (const left of [99, 98]) expect(remaining(await send(account.agent))).toBe(left)
    expect(remaining(await send(account.customer))).toBe(99)
    expect(remaining(await send(other.agent))).toBe(99)
    expect(remaining(await send(account.agent))).toBe(97)
  })

  it('C06 are not changed by a forged token', async () => {
    const account = await createTestAccount('standard')
    expect(remaining(await send(account.agent))).toBe(99)
    const touched: string[] = []
    const original = env.RATE_LIMITER.getByName.bind(env.RATE_LIMITER)
    vi.spyOn(env.RATE_LIMITER, 'getByName').mockImplementation((name) => {
      touched.push(name)
      return original(name)
    })
    const address = freshIpAddress()
    const [header, payload, signature] = account.agent.token.split('.')
    const forged = [
      `${header}.${payload}.${signature?.split('').reverse().join('')}`,
      `${header}.${payload}.`,
      `${header}.${Buffer.from(JSON.stringify({ sub: account.agent.id, acc: account.id })).toString('base64url')}.x`,
    ]
    for (const token of forged) {
      expect((await call('GET', 'tickets', { token, address })).status).toBe(401)
      expect((await call('GET', 'nothing', { token, address })).status).toBe(404)
    }
    expect(touched).toEqual(Array.from({ length: 6 }, () => addressLimiterName(address)))
    vi.restoreAllMocks()
    expect(remaining(await send(account.agent))).toBe(98)
  })
})

describe('a request that is not counted', () => {
  it('has no rate limit headers, and does not change the count', async () => {
    const address = freshIpAddress()
    const account = await createTestAccount('standard')
    for (const [method, path] of [
      ['GET', '/health'],
      ['GET', '/openapi.json'],
      ['OPTIONS', 'tickets'],
      ['GET', '/nothing'],
    ] as const) {
      const response = await call(method, method === 'OPTIONS' ? '/health' : path, {
        address,
        token: account.agent.token,
      })
      expect([...response.headers.keys()].filter((name) => name.includes('ratelimit'))).toEqual([])
    }
    expect(remaining(await send(account.agent))).toBe(99)
    expect(remaining(await call('GET', 'tickets', { address }))).toBe(99)
  })
})
