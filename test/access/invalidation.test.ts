import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { users } from '../../src/db/schema/accounts'
import { sql } from '../../src/db/sql'
import { select } from '../../src/db/statement'
import { update } from '../../src/db/write'
import { freshIpAddress } from '../helpers/addresses'
import { type Account, createTestAccount, createTestMember, type Member } from '../helpers/api'
import {
  admit,
  advanceClock,
  createTestKey,
  objectOf,
  objectOfKey,
  statusOf,
  stopClock,
  tokenClaim,
  warmUp,
} from '../helpers/credentials'
import { realBatch, sessions } from '../helpers/d1'
import { execute, row } from '../helpers/database'
import { callAs } from '../helpers/tickets'

let account: Account
let member: Member

beforeEach(async () => {
  stopClock()
  account = await createTestAccount()
  member = await createTestMember(account.id, 'agent')
  expect(await status()).toBe(200)
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const status = () => statusOf(member.token, freshIpAddress())
const object = () => objectOf(account, member)
const name = () => ({ kind: 'token' as const, accountId: account.id, memberId: member.id })
const admits = async () => (await admit(object(), tokenClaim(account, member), false)).valid

async function commit(): Promise<void> {
  await execute(
    update(
      users,
      { status: 'inactive', tokenVersion: sql`${users.tokenVersion} + 1` },
      sql`${users.id} = ${member.id}`,
    ),
  )
}

/** Ends a step of the member's Durable Object like a crash. */
function breakStep(
  step: 'beginInvalidation' | 'endInvalidation',
  crash: (done: () => Promise<void>) => Promise<void>,
): void {
  const original = env.RATE_LIMITER.getByName.bind(env.RATE_LIMITER)
  vi.spyOn(env.RATE_LIMITER, 'getByName').mockImplementation((queries) => {
    const stub = original(queries)
    if (queries !== `member:${account.id}/${member.id}`) return stub
    return new Proxy(stub, {
      get(target, property) {
        const method = Reflect.get(target, property)
        if (property === step) return (...args: unknown[]) => crash(() => Reflect.apply(method, target, args))
        return typeof method === 'function' ? (...args: unknown[]) => Reflect.apply(method, target, args) : method
      },
    })
  })
}

/** The batch that deactivates a member, after the statement that verifies the caller. */
const isCommit = (statements: readonly unknown[]) =>
  statements.length === 3 && /^\s*UPDATE users SET/.test(String(Reflect.get(Object(statements[1]), 'statement')))

const failWithCrash = () => Promise.reject(new Error('killed'))

describe('S19 a crash between the steps of a deactivation', () => {
  it('S19 none: the token is dead, and the object asks D1 no more than before', async () => {
    expect((await callAs(account.admin, 'DELETE', `users/${member.id}`)).status).toBe(204)
    const queries = vi.spyOn(sessions, 'batch')
    for (let i = 0; i < 3; i += 1) expect(await admits()).toBe(false)
    expect(queries).not.toHaveBeenCalled()
  })

  it('S19 before the doubt: 503, and nothing has changed', async () => {
    breakStep('beginInvalidation', failWithCrash)
    expect((await callAs(account.admin, 'DELETE', `users/${member.id}`)).status).toBe(503)
    vi.restoreAllMocks()
    expect(await row(select({ status: users.status }, sql`FROM ${users} WHERE ${users.id} = ${member.id}`))).toEqual({
      status: 'active',
    })
    expect(await status()).toBe(200)
  })

  it('S19 after the doubt: alive while D1 says so, dead with the commit, however late it comes', async () => {
    await object().beginInvalidation('a change')
    expect(await status()).toBe(200)
    advanceClock(59_000)
    await commit()
    expect(await status()).toBe(401)
  })

  it('S19 in the commit: 503, and the token lives as the member does', async () => {
    const original = realBatch()
    vi.spyOn(sessions, 'batch').mockImplementation((statements) =>
      isCommit(statements) ? Promise.reject(new Error('D1_ERROR: killed')) : original(statements),
    )
    expect((await callAs(account.admin, 'DELETE', `users/${member.id}`)).status).toBe(503)
    vi.restoreAllMocks()
    expect(await row(select({ status: users.status }, sql`FROM ${users} WHERE ${users.id} = ${member.id}`))).toEqual({
      status: 'active',
    })
    expect(await status()).toBe(200)
  })

  it('S19 in the commit, once it is written and nobody knows: dead at once, after a restart, when the doubt has lapsed', async () => {
    let goOn: () => void = () => undefined
    const killed = new Promise<void>((resolve) => {
      goOn = resolve
    })
    const original = realBatch()
    let written = false
    vi.spyOn(sessions, 'batch').mockImplementation(async (statements) => {
      const found = await original<never>(statements)
      if (!isCommit(statements)) return found
      written = true
      await killed
      return found
    })
    const deactivation = callAs(account.admin, 'DELETE', `users/${member.id}`)
    while (!written) await new Promise((resolve) => setTimeout(resolve, 5))
    expect(await status()).toBe(401)
    await evictDurableObject(object())
    expect(await status()).toBe(401)
    advanceClock(60_001)
    expect(await status()).toBe(401)
    goOn()
    await deactivation
  })

  it.each<[string, (done: () => Promise<void>) => Promise<void>]>([
    ['before the settling', failWithCrash],
    [
      'in the settling, once it has read but before the doubt is gone',
      async (done) => {
        await done()
        await object().beginInvalidation('still there')
        return failWithCrash()
      },
    ],
    [
      'after the settling, before it was told',
      async (done) => {
        await done()
        return failWithCrash()
      },
    ],
  ])('S19 %s: the token is dead at once, after a restart, and when the doubt has lapsed', async (_step, crash) => {
    breakStep('endInvalidation', crash)
    expect((await callAs(account.admin, 'DELETE', `users/${member.id}`)).status).toBe(204)
    vi.restoreAllMocks()
    await evictDurableObject(object())
    expect(await status()).toBe(401)
    advanceClock(60_000)
    expect(await status()).toBe(401)
    advanceClock(61_000)
    expect(await status()).toBe(401)
  })

  it('S19 before the settling, and nobody asks until the doubt has lapsed: dead all the same', async () => {
    breakStep('endInvalidation', failWithCrash)
    expect((await callAs(account.admin, 'DELETE', `users/${member.id}`)).status).toBe(204)
    vi.restoreAllMocks()
    advanceClock(60_001)
    expect(await status()).toBe(401)
  })

  it('S19 the same holds for a key that is revoked and a token that is given back', async () => {
    const { id, key } = await createTestKey(account)
    expect(await statusOf(key, freshIpAddress())).toBe(200)
    const original = env.RATE_LIMITER.getByName.bind(env.RATE_LIMITER)
    vi.spyOn(env.RATE_LIMITER, 'getByName').mockImplementation((queries) => {
      const stub = original(queries)
      return Object.assign(Object.create(null), {
        beginInvalidation: (change: string) => stub.beginInvalidation(change),
        verifyAndCount: (...args: Parameters<typeof stub.verifyAndCount>) => stub.verifyAndCount(...args),
        endInvalidation: failWithCrash,
      })
    })
    expect((await callAs(account.admin, 'DELETE', `api-keys/${id}`)).status).toBe(204)
    expect((await callAs(member, 'POST', 'auth/logout')).status).toBe(204)
    vi.restoreAllMocks()
    await evictDurableObject(objectOfKey(id))
    expect([await statusOf(key, freshIpAddress()), await status()]).toEqual([401, 401])
    advanceClock(60_001)
    expect([await statusOf(key, freshIpAddress()), await status()]).toEqual([401, 401])
  })
})

describe('doubt', () => {
  it('of one change is not silenced by the settling of another', async () => {
    await object().beginInvalidation('first')
    await object().beginInvalidation('second')
    await object().endInvalidation('second', name())
    await commit()
    expect(await admits()).toBe(false)
  })

  it('survives an eviction', async () => {
    await object().beginInvalidation('a change')
    await evictDurableObject(object())
    await commit()
    expect(await admits()).toBe(false)
  })

  it('is gone once it is settled, and what was read then is kept, also through an eviction', async () => {
    await object().beginInvalidation('a change')
    await object().endInvalidation('a change', name())
    await evictDurableObject(object())
    const queries = vi.spyOn(sessions, 'batch')
    expect(await admits()).toBe(true)
    expect(queries.mock.calls.length).toBe(0)
  })

  it('is not kept once it has lapsed', async () => {
    await object().beginInvalidation('a change that nobody has settled')
    advanceClock(60_001)
    expect(await admits()).toBe(true)
    const pendingChanges = await runInDurableObject(object(), (_instance, { storage }) =>
      storage.sql.exec('SELECT change_id FROM doubts').toArray(),
    )
    expect(pendingChanges).toEqual([])
  })

  it('asks D1 at each request, for 60 seconds and no longer', async () => {
    await object().beginInvalidation('a change')
    const queries = vi.spyOn(sessions, 'batch')
    for (let i = 1; i <= 3; i += 1) {
      expect(await admits()).toBe(true)
      expect(queries).toHaveBeenCalledTimes(i)
    }
    advanceClock(59_999)
    expect(await admits()).toBe(true)
    expect(queries).toHaveBeenCalledTimes(4)
    advanceClock(1)
    for (let i = 0; i < 3; i += 1) expect(await admits()).toBe(true)
    expect(queries).toHaveBeenCalledTimes(4)
  })

  it('stays when the settling can not read, and goes with one that can', async () => {
    await object().beginInvalidation('a change')
    vi.spyOn(sessions, 'batch').mockRejectedValue(new Error('D1_ERROR: away'))
    expect(await object().endInvalidation('a change', name())).toMatchObject({ failure: 'database_unavailable' })
    expect(await status()).toBe(503)
    vi.restoreAllMocks()
    expect(await status()).toBe(200)
    await object().endInvalidation('a change', name())
    const queries = vi.spyOn(sessions, 'batch')
    expect(await admits()).toBe(true)
    expect(queries).not.toHaveBeenCalled()
  })

  it('an earlier read that ends late does not replace what a later one found', async () => {
    await object().beginInvalidation('a change')
    let release: () => void = () => undefined
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    const original = realBatch()
    let isHeld = false
    vi.spyOn(sessions, 'batch').mockImplementationOnce(async (statements) => {
      const found = await original<never>(statements)
      isHeld = true
      await gate
      return found
    })
    const late = admits()
    while (!isHeld) await new Promise((resolve) => setTimeout(resolve, 5))
    await commit()
    await object().endInvalidation('a change', name())
    expect(await admits()).toBe(false)
    release()
    await late
    expect(await admits()).toBe(false)
    expect(await status()).toBe(401)
  })
})

describe('what the object knows', () => {
  it('is asked of D1 once in 30 seconds at most, however many ask at once', async () => {
    const queries = vi.spyOn(sessions, 'batch')
    advanceClock(61_000)
    await Promise.all(Array.from({ length: 20 }, admits))
    expect(queries).toHaveBeenCalledTimes(1)
    advanceClock(29_999)
    await Promise.all(Array.from({ length: 20 }, admits))
    expect(queries).toHaveBeenCalledTimes(1)
    advanceClock(1)
    await Promise.all(Array.from({ length: 20 }, admits))
    expect(queries).toHaveBeenCalledTimes(2)
  })

  it('F03 serves for 60 seconds while D1 is away, then it is 503', async () => {
    const batch = vi.spyOn(sessions, 'batch').mockRejectedValue(new Error('D1_ERROR: away'))
    advanceClock(29_000)
    expect(await admits()).toBe(true)
    advanceClock(30_999)
    expect(await admits()).toBe(true)
    expect(batch).toHaveBeenCalledTimes(1)
    advanceClock(1)
    expect((await warmUp(member)).status).toBe(503)
    batch.mockRestore()
    expect((await warmUp(member)).status).toBe(200)
  })
})
