import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { RefusalMemory, refusalMemory } from '../../src/access/refusal-memory'
import type { Credential } from '../../src/core/credential'
import { users } from '../../src/db/schema/accounts'
import { sql } from '../../src/db/sql'
import { omitUndefined, update } from '../../src/db/write'
import { freshIpAddress } from '../helpers/addresses'
import { type Account, call, createTestAccount, createTestMember, createTestToken, type Member } from '../helpers/api'
import { advanceClock, createTestKey, objectOf, stopClock, tokenClaim } from '../helpers/credentials'
import { watchSessions, wire } from '../helpers/d1'
import { execute } from '../helpers/database'
import { callAs } from '../helpers/tickets'

let account: Account

beforeEach(async () => {
  stopClock()
  account = await createTestAccount('standard')
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const status = async (member: Member, path = 'tickets?per_page=1') =>
  (await call('GET', path, { token: member.token, address: freshIpAddress() })).status

/** Whether the request reads D1 before the caller's Durable Object has responded, and its status. */
async function readsInAdvance(member: Member, path?: string): Promise<[inAdvance: boolean, status: number]> {
  // Only requests read through sessions.
  const queries = watchSessions()
  const original = env.RATE_LIMITER.getByName.bind(env.RATE_LIMITER)
  let before = 0
  vi.spyOn(env.RATE_LIMITER, 'getByName').mockImplementation((name) => {
    const object = original(name)
    return Object.assign(Object.create(object), {
      verifyAndCount: async (...args: Parameters<typeof object.verifyAndCount>) => {
        await scheduler.wait(20)
        before = queries.length
        return object.verifyAndCount(...args)
      },
      count: (...args: Parameters<typeof object.count>) => object.count(...args),
    })
  })
  const found = await status(member, path)
  vi.restoreAllMocks()
  return [before > 0, found]
}

async function spend(member: Member, count: number): Promise<void> {
  const claim = tokenClaim(account, member)
  await Promise.all(Array.from({ length: count }, () => objectOf(account, member).verifyAndCount(claim, false)))
}

const set = (member: Member, values: Partial<typeof users.$inferInsert>) =>
  execute(update(users, omitUndefined(values), sql`${users.id} = ${member.id}`))

describe('a read of a valid caller', () => {
  it('begins before verification ends', async () => {
    for (let i = 0; i < 3; i += 1) expect(await readsInAdvance(account.agent)).toEqual([true, 200])
  })

  it('waits once fewer than 10 requests remain, and is admitted up to the limit', async () => {
    await spend(account.agent, 89)
    expect(await readsInAdvance(account.agent)).toEqual([true, 200])
    expect(await readsInAdvance(account.agent)).toEqual([true, 200])
    for (let left = 8; left >= 0; left -= 1) expect(await readsInAdvance(account.agent)).toEqual([false, 200])
    expect(await readsInAdvance(account.agent)).toEqual([false, 429])
  })

  it('begins before verification again in the next minute, regardless of earlier rejections', async () => {
    await spend(account.agent, 100)
    expect(await status(account.agent)).toBe(429)
    expect(await readsInAdvance(account.agent)).toEqual([false, 429])
    advanceClock(29_999)
    expect(await readsInAdvance(account.agent)).toEqual([false, 429])
    advanceClock(1)
    expect(await readsInAdvance(account.agent)).toEqual([true, 200])
  })

  it('waits with every token of a caller above the limit, and does not affect other callers', async () => {
    const other = await createTestToken(account.id, account.agent.id, 'agent')
    await spend(account.agent, 100)
    expect(await status(account.agent)).toBe(429)
    expect(await readsInAdvance({ ...account.agent, token: other })).toEqual([false, 429])
    expect(await readsInAdvance(account.admin)).toEqual([true, 200])
  })

  it('does not wait because another token of the user was revoked', async () => {
    const other = await createTestToken(account.id, account.agent.id, 'agent')
    expect((await callAs({ ...account.agent, token: other }, 'POST', 'auth/logout')).status).toBe(204)
    expect(await status({ ...account.agent, token: other })).toBe(401)
    expect(await readsInAdvance({ ...account.agent, token: other })).toEqual([false, 401])
    expect(await readsInAdvance(account.agent)).toEqual([true, 200])
  })

  it('waits if the role of the token is stale, and reads once', async () => {
    await set(account.agent, { role: 'admin' })
    expect(await status(account.agent, 'account')).toBe(200)
    expect(await readsInAdvance(account.agent)).toEqual([false, 200])
    const queries = vi.spyOn(wire, 'fetch')
    expect(await status(account.agent)).toBe(200)
    expect(queries).toHaveBeenCalledTimes(1)
  })
})

describe('the memory of rejections never rejects', () => {
  it('a user who is active again', async () => {
    await set(account.agent, { status: 'inactive' })
    expect(await status(account.agent)).toBe(401)
    await set(account.agent, { status: 'active' })
    advanceClock(60_000)
    refusalMemory.recordInvalid(credentialOf(account.agent), Date.now())
    expect(await readsInAdvance(account.agent)).toEqual([false, 200])
    expect(await readsInAdvance(account.agent)).toEqual([true, 200])
  })

  it('a user whose count is full only in memory', async () => {
    const full = { admitted: false, limit: 100, remaining: 0, resetAt: Date.now() / 1_000 + 60 }
    refusalMemory.recordValid(credentialOf(account.agent), 'agent', full, Date.now())
    expect(await readsInAdvance(account.agent)).toEqual([false, 200])
  })

  it('a user whose role was raised', async () => {
    const member = await createTestMember(account.id, 'admin')
    expect((await callAs(account.admin, 'PATCH', `users/${member.id}`, { role: 'customer' })).status).toBe(200)
    for (let i = 0; i < 2; i += 1) expect(await status(member, 'webhooks')).toBe(403)
    expect((await callAs(account.admin, 'PATCH', `users/${member.id}`, { role: 'admin' })).status).toBe(200)
    expect(await readsInAdvance(member, 'webhooks')).toEqual([false, 200])
    expect(await readsInAdvance(member, 'webhooks')).toEqual([true, 200])
  })
})

function credentialOf(member: Member): Credential {
  const { jti, iat, exp } = JSON.parse(Buffer.from(member.token.split('.')[1] ?? '', 'base64url').toString())
  const claim = { kind: 'token' as const, accountId: account.id, memberId: member.id, tokenVersion: 1, tokenId: jti }
  return { claim, token: { role: member.role, id: jti, issuedAt: iat, expiresAt: exp } }
}

describe('RefusalMemory', () => {
  const NOW = 1_700_000_000_000
  const rateLimit = (remaining: number, resetAt = NOW / 1_000 + 30) => ({
    admitted: true,
    limit: 100,
    remaining,
    resetAt,
  })

  it('makes a token wait for 60 seconds after a 401', () => {
    const memory = new RefusalMemory()
    const credential = credentialOf(account.agent)
    expect(memory.shouldWait(credential, NOW)).toBe(false)
    memory.recordInvalid(credential, NOW)
    expect(memory.shouldWait(credential, NOW + 59_999)).toBe(true)
    expect(memory.shouldWait(credential, NOW + 60_000)).toBe(false)
  })

  it('makes a caller wait until the minute ends, and no longer than 60 seconds', () => {
    const memory = new RefusalMemory()
    const credential = credentialOf(account.agent)
    memory.recordValid(credential, 'agent', rateLimit(10), NOW)
    expect(memory.shouldWait(credential, NOW)).toBe(false)
    memory.recordValid(credential, 'agent', rateLimit(9), NOW)
    expect([29_999, 30_000].map((time) => memory.shouldWait(credential, NOW + time))).toEqual([true, false])
    memory.recordValid(credential, 'agent', rateLimit(0, NOW / 1_000 + 86_400), NOW)
    expect([59_999, 60_000].map((time) => memory.shouldWait(credential, NOW + time))).toEqual([true, false])
  })

  it('holds at most 10,000 entries', () => {
    const memory = new RefusalMemory()
    for (let i = 0; i < 10_050; i += 1) {
      const id = `user_${i}`
      const { claim, token } = credentialOf({ ...account.agent, id })
      const credential = { claim, token: token && { ...token, id } }
      memory.recordInvalid(credential, NOW)
      memory.recordValid(credential, 'admin', rateLimit(0), NOW)
    }
    expect(memory.size).toBe(10_000)
  })

  it('keeps nothing for API keys, whose reads always wait', async () => {
    const memory = new RefusalMemory()
    const credential: Credential = { claim: { kind: 'key', memberId: 'key_a', hash: 'ab' }, token: null }
    memory.recordInvalid(credential, NOW)
    memory.recordValid(credential, 'agent', rateLimit(0), NOW)
    expect(memory.size).toBe(0)
    const { key } = await createTestKey(account)
    expect(await readsInAdvance({ ...account.agent, token: key })).toEqual([false, 200])
  })
})
