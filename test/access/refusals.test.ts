import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { RateLimiter } from '../../src/access/durable-objects/rate-limiter'
import { freshAddress } from '../helpers/addresses'
import { type Account, type Answer, call, createTestAccount, createTestMember, type Member } from '../helpers/api'
import { createTestKey, objectOf, stopClock, tokenClaim } from '../helpers/credentials'
import { countRoundTrips } from '../helpers/d1'
import { API_OPERATIONS, type ApiOperation, byName } from '../helpers/operations'
import { ask } from '../helpers/tickets'
import { silenceQueue } from '../helpers/webhooks'

/** Every operation that needs a credential, as the document lists them. */
const requests = API_OPERATIONS.filter(({ isPublic }) => !isPublic)

// What objects know grows old after a while and is then read again in the background: here, never.
beforeEach(() => {
  stopClock()
  silenceQueue()
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

/** Uses up the requests of a member's minute. */
async function exhaust(account: Account, member: Member): Promise<void> {
  await runInDurableObject(objectOf(account, member), async (limiter: RateLimiter) => {
    for (let i = 0; i < 100; i += 1) await limiter.verifyAndCount(tokenClaim(account, member), false)
  })
}

async function changeRole(account: Account, member: Member, role: string): Promise<void> {
  expect((await ask(account.admin, 'PATCH', `users/${member.id}`, { role })).status).toBe(200)
}

/** For each kind of refusal, its status and a credential of an admin that is refused for it. */
const REFUSALS: Record<string, [status: number, mint: (account: Account) => Promise<string>]> = {
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
      expect((await ask(account.admin, 'DELETE', `users/${id}`)).status).toBe(204)
      return token
    },
  ],
  'with a revoked API key': [
    401,
    async (account) => {
      const { id, key } = await createTestKey(account, { role: 'admin' })
      expect((await ask(account.admin, 'DELETE', `api-keys/${id}`)).status).toBe(204)
      return key
    },
  ],
}

function send({ method, path, hasBody }: ApiOperation, token: string): Promise<Answer> {
  const filled = path.slice(1).replace(/\{\w+\}/g, 'unknown')
  const isUpload = path.endsWith('/attachments') && method === 'POST'
  return call(method, isUpload ? `${filled}?filename=a.txt` : filled, {
    token,
    address: freshAddress(),
    ...(hasBody && { body: isUpload ? 'text' : {} }),
  })
}

/** The status of a request, its round trips to D1, and those of the Durable Objects that were asked about its credential. */
async function refusalOf(request: () => Promise<Answer>) {
  const { answer, logged, aboutCredentials } = await countRoundTrips(request)
  return { status: answer.status, roundTrips: [logged, aboutCredentials] }
}

/** Sends a request twice, a read also as HEAD. All must be refused, all but the first without a query to D1. */
async function expectSecondIsFree(operation: ApiOperation, token: string, status: number): Promise<void> {
  expect((await send(operation, token)).status).toBe(status)
  for (const method of operation.method === 'GET' ? ['GET', 'HEAD'] : [operation.method]) {
    const again = await refusalOf(() => send({ ...operation, method }, token))
    expect(again, method).toEqual({ status, roundTrips: [0, 0] })
  }
}

describe.each(Object.entries(REFUSALS))('a repeated request %s', (_kind, [status, mint]) => {
  it.each(byName(requests))('%s makes no round trip to D1', async (_name, operation) => {
    await expectSecondIsFree(operation, await mint(await createTestAccount('standard')), status)
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

  it('is refused by most routes', async () => {
    const account = await createTestAccount('premium')
    const statuses = await Promise.all(requests.map((operation) => send(operation, account.customer.token)))
    expect(statuses.filter(({ status }) => status === 403).length).toBeGreaterThan(requests.length / 2)
  })
})

describe('a read that the role does not allow', () => {
  it('makes no round trip to D1 for what is read, even the first time', async () => {
    const { customer } = await createTestAccount('premium')
    const forbidden: string[] = []
    for (const operation of requests.filter(({ method }) => method === 'GET')) {
      const { answer, logged } = await countRoundTrips(() => send(operation, customer.token))
      if (answer.status !== 403) continue
      forbidden.push(operation.name)
      expect(logged, operation.name).toBe(0)
    }
    expect(forbidden.length).toBeGreaterThan(5)
  })
})

describe('a repeated request without a valid credential', () => {
  it('makes no round trip to D1 once its IP address is over the limit, on any route', async () => {
    const address = freshAddress()
    const limiter = env.RATE_LIMITER.getByName(`address:${address}`)
    await Promise.all(Array.from({ length: 100 }, () => limiter.count()))
    for (const { method, path, name, hasBody } of API_OPERATIONS) {
      const options = { address, ...(hasBody && { body: {} }) }
      const refused = await refusalOf(() => call(method, path.slice(1), options))
      expect(refused, name).toEqual({ status: 429, roundTrips: [0, 0] })
    }
  })

  it.each([
    ['no credential', ''],
    ['a forged token', 'a.b.c'],
    ['a malformed API key', 'tk_live_none'],
  ])('(%s) makes no round trip to D1, on any route', async (_kind, token) => {
    for (const operation of requests) {
      const refused = await refusalOf(() => send(operation, token))
      expect(refused, operation.name).toEqual({ status: 401, roundTrips: [0, 0] })
    }
  })
})
