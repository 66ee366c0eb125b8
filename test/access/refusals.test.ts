import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { addressLimiterName } from '../../src/access/client-address'
import type { RateLimiter } from '../../src/access/durable-objects/rate-limiter'
import { freshIpAddress } from '../helpers/addresses'
import { type Account, call, createTestAccount, createTestMember, type Member, type TestResponse } from '../helpers/api'
import { createTestKey, objectOf, stopClock, tokenClaim } from '../helpers/credentials'
import { countRoundTrips } from '../helpers/d1'
import { API_OPERATIONS, type ApiOperation, byName } from '../helpers/operations'
import { callAs } from '../helpers/tickets'
import { silenceQueue } from '../helpers/webhooks'

const requests = API_OPERATIONS.filter(({ isPublic }) => !isPublic)

// A stopped clock prevents that Durable Objects refresh cached members in the background.
beforeEach(() => {
  stopClock()
  silenceQueue()
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

async function exhaust(account: Account, member: Member): Promise<void> {
  await runInDurableObject(objectOf(account, member), async (limiter: RateLimiter) => {
    for (let i = 0; i < 100; i += 1) await limiter.verifyAndCount(tokenClaim(account, member), false)
  })
}

async function changeRole(account: Account, member: Member, role: string): Promise<void> {
  expect((await callAs(account.admin, 'PATCH', `users/${member.id}`, { role })).status).toBe(200)
}

const REJECTED_CREDENTIALS: Record<string, [status: number, create: (account: Account) => Promise<string>]> = {
  'over the rate limit': [
    429,
    async (account) => {
      const member = await createTestMember(account.id, 'admin')
      await exhaust(account, member)
      return member.token
    },
  ],
  'with a revoked token': [
    401,
    async (account) => {
      const { token } = await createTestMember(account.id, 'admin')
      expect((await call('POST', 'auth/logout', { token })).status).toBe(204)
      return token
    },
  ],
  'of a deactivated user': [
    401,
    async (account) => {
      const { id, token } = await createTestMember(account.id, 'admin')
      expect((await callAs(account.admin, 'DELETE', `users/${id}`)).status).toBe(204)
      return token
    },
  ],
  'with a revoked API key': [
    401,
    async (account) => {
      const { id, key } = await createTestKey(account, { role: 'admin' })
      expect((await callAs(account.admin, 'DELETE', `api-keys/${id}`)).status).toBe(204)
      return key
    },
  ],
}

function send({ method, path, hasBody }: ApiOperation, token: string): Promise<TestResponse> {
  const filled = path.slice(1).replace(/\{\w+\}/g, 'unknown')
  const isUpload = path.endsWith('/attachments') && method === 'POST'
  return call(method, isUpload ? `${filled}?filename=a.txt` : filled, {
    token,
    address: freshIpAddress(),
    ...(hasBody && { body: isUpload ? 'text' : {} }),
  })
}

/** The status, the round trips to D1, and those of the Durable Objects that verified the credential. */
async function costOfRejection(request: () => Promise<TestResponse>) {
  const { response, logged, aboutCredentials } = await countRoundTrips(request)
  return { status: response.status, roundTrips: [logged, aboutCredentials] }
}

/** A read is also sent as HEAD. Only the first request may query D1. */
async function expectSecondIsFree(operation: ApiOperation, token: string, status: number): Promise<void> {
  expect((await send(operation, token)).status).toBe(status)
  for (const method of operation.method === 'GET' ? ['GET', 'HEAD'] : [operation.method]) {
    const again = await costOfRejection(() => send({ ...operation, method }, token))
    expect(again, method).toEqual({ status, roundTrips: [0, 0] })
  }
}

describe.each(Object.entries(REJECTED_CREDENTIALS))('a repeated request %s', (_kind, [status, createCredential]) => {
  it.each(byName(requests))('%s makes no round trip to D1', async (_name, operation) => {
    await expectSecondIsFree(operation, await createCredential(await createTestAccount('standard')), status)
  })
})

describe('a repeated request of a user whose role was lowered', () => {
  it.each(byName(requests))('%s makes no round trip to D1 if the role does not allow it', async (_name, operation) => {
    const account = await createTestAccount('standard')
    const isForbidden = (await send(operation, account.customer.token)).status === 403
    const member = await createTestMember(account.id, 'admin')
    await changeRole(account, member, 'customer')
    if (isForbidden) await expectSecondIsFree(operation, member.token, 403)
    else expect((await send(operation, member.token)).status).not.toBe(403)
  })

  it('is rejected by most routes', async () => {
    const account = await createTestAccount('premium')
    const statuses = await Promise.all(requests.map((operation) => send(operation, account.customer.token)))
    expect(statuses.filter(({ status }) => status === 403).length).toBeGreaterThan(requests.length / 2)
  })
})

describe('a read that the role does not allow', () => {
  it('makes no round trip to D1 for its data, even the first time', async () => {
    const { customer } = await createTestAccount('premium')
    const forbidden: string[] = []
    for (const operation of requests.filter(({ method }) => method === 'GET')) {
      const { response, logged } = await countRoundTrips(() => send(operation, customer.token))
      if (response.status !== 403) continue
      forbidden.push(operation.name)
      expect(logged, operation.name).toBe(0)
    }
    expect(forbidden.length).toBeGreaterThan(5)
  })
})

describe('a repeated request without a valid credential', () => {
  it('makes no round trip to D1 once its IP address is over the limit, on any route', async () => {
    const address = freshIpAddress()
    const limiter = env.RATE_LIMITER.getByName(addressLimiterName(address))
    await Promise.all(Array.from({ length: 100 }, () => limiter.count(address, null)))
    for (const { method, path, name, hasBody } of API_OPERATIONS) {
      const options = { address, ...(hasBody && { body: {} }) }
      const rejected = await costOfRejection(() => call(method, path.slice(1), options))
      expect(rejected, name).toEqual({ status: 429, roundTrips: [0, 0] })
    }
  })

  it.each([
    ['no credential', ''],
    ['a forged token', 'a.b.c'],
    ['a malformed API key', 'tk_live_none'],
  ])('(%s) makes no round trip to D1, on any route', async (_kind, token) => {
    for (const operation of requests) {
      const rejected = await costOfRejection(() => send(operation, token))
      expect(rejected, operation.name).toEqual({ status: 401, roundTrips: [0, 0] })
    }
  })
})
