import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { sweepTokens } from '../../src/auth/service'
import { revokedTokens } from '../../src/db/schema/accounts'
import { sql } from '../../src/db/sql'
import { insertSelect } from '../../src/db/write'
import { freshIpAddress } from '../helpers/addresses'
import { type Account, call, createTestAccount, createTestMember, type Member } from '../helpers/api'
import { admit, advanceClock } from '../helpers/credentials'
import { realBatch, sessions } from '../helpers/d1'
import { execute, rows } from '../helpers/database'
import { callAs, detailsOf } from '../helpers/tickets'
import { cheapHash, logIn, readStatuses } from '../helpers/users'

const PASSWORD = 'correct horse'
const DAY = 24 * 60 * 60 * 1_000

let account: Account
let jane: Member
let first: string
let second: string

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  account = await createTestAccount()
  jane = await createTestMember(account.id, 'customer', { passwordHash: cheapHash(PASSWORD) })
  first = (await logIn(jane.email, PASSWORD)).body.token
  second = (await logIn(jane.email, PASSWORD)).body.token
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const logout = (token: string) => call('POST', 'auth/logout', { token, address: freshIpAddress() })
const limiter = () => env.RATE_LIMITER.getByName(`member:${account.id}/${jane.id}`)
const revoked = () => rows(sql`SELECT * FROM ${revokedTokens} WHERE ${revokedTokens.userId} = ${jane.id}`)

function idOf(token: string): string {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).jti
}

describe('POST /auth/logout', () => {
  it('S05 is 204, and that token is dead on the next request, on every route; the other one lives', async () => {
    expect(await readStatuses(first, second)).toEqual([200, 200])
    const response = await logout(first)
    expect([response.status, response.text]).toEqual([204, ''])
    expect(await readStatuses(first, second)).toEqual([401, 200])
    for (const [method, path] of [
      ['GET', 'tickets'],
      ['POST', 'tickets'],
      ['PATCH', 'users/me'],
      ['POST', 'auth/password'],
    ] as const)
      expect((await call(method, path, { token: first, address: freshIpAddress() })).body.error.code).toBe(
        'unauthorized',
      )
    expect((await call('GET', 'tickets', { token: second })).status).toBe(200)
  })

  it('is 401 the second time', async () => {
    expect((await logout(first)).status).toBe(204)
    expect((await logout(first)).status).toBe(401)
    expect((await logout(second)).status).toBe(204)
    expect(await readStatuses(first, second)).toEqual([401, 401])
  })

  it('is nothing to a later login', async () => {
    await logout(first)
    await logout(second)
    expect(await readStatuses((await logIn(jane.email, PASSWORD)).body.token)).toEqual([200])
  })

  it('ends no token of anybody else', async () => {
    await logout(first)
    expect(await readStatuses(account.customer.token, account.admin.token)).toEqual([200, 200])
  })

  it('is 403 for an API key, which lives on', async () => {
    const { key } = (await callAs(account.admin, 'POST', 'api-keys', { name: 'A key', role: 'admin' })).body.data
    expect(detailsOf(await logout(key), 403, 'forbidden')).toEqual([])
    expect((await call('GET', 'tickets', { token: key })).status).toBe(200)
  })

  it('is 401 without a token', async () => {
    expect((await call('POST', 'auth/logout', { address: freshIpAddress() })).status).toBe(401)
  })
})

describe('what was logged out', () => {
  beforeEach(async () => {
    expect((await logout(first)).status).toBe(204)
  })

  it('stays dead through an eviction of the object', async () => {
    await evictDurableObject(limiter())
    expect(await readStatuses(first, second)).toEqual([401, 200])
  })

  it('stays dead when what the object knows is old', async () => {
    for (let minutes = 0; minutes < 5; minutes += 1) {
      advanceClock(61_000)
      expect(await readStatuses(first, second)).toEqual([401, 200])
    }
  })

  it('stays dead when the object has forgotten all after a day of idleness', async () => {
    advanceClock(DAY + 61_000)
    expect(await runDurableObjectAlarm(limiter())).toBe(true)
    expect(await readStatuses(first, second)).toEqual([401, 200])
    advanceClock(DAY + 61_000)
    await runDurableObjectAlarm(limiter())
    await evictDurableObject(limiter())
    expect(await readStatuses(second, first)).toEqual([200, 401])
  })

  it('is forgotten by the object too, once it has expired', async () => {
    const claim = { kind: 'token' as const, accountId: account.id, memberId: jane.id, tokenVersion: 1 }
    const admits = async () => (await admit(limiter(), { ...claim, tokenId: idOf(first) }, false)).valid
    const noted = () =>
      runInDurableObject(limiter(), (_instance, { storage }) =>
        storage.sql.exec('SELECT token_id FROM revoked').toArray(),
      )
    expect([await admits(), await noted()]).toEqual([false, [{ token_id: idOf(first) }]])
    advanceClock(31 * DAY)
    // A token that no request can have any more.
    expect([await admits(), await noted()]).toEqual([true, []])
  })

  it('is noted until it would have expired, and then swept', async () => {
    advanceClock(29 * DAY)
    await sweepTokens(env, Date.now())
    expect(await revoked()).toHaveLength(1)
    expect(await readStatuses(first)).toEqual([401])
    advanceClock(2 * DAY)
    await sweepTokens(env, Date.now())
    expect(await revoked()).toEqual([])
    expect(await readStatuses(first, second)).toEqual([401, 401])
  })
})

describe('a logout that fails', () => {
  it('S05 ends the token within a minute where its object heard nothing, by a clock that was two minutes behind', async () => {
    expect(await readStatuses(first, second)).toEqual([200, 200])
    const behind = Date.now() - 119_000
    await execute(
      insertSelect(revokedTokens, {
        accountId: account.id,
        userId: jane.id,
        tokenId: idOf(first),
        revokedAt: behind,
        expiresAt: behind + DAY,
      }),
    )
    advanceClock(61_000)
    expect(await readStatuses(first, second)).toEqual([401, 200])
  })

  it('F03 is 503 when D1 fails; the token lives, and the next logout works', async () => {
    expect(await readStatuses(first)).toEqual([200])
    const original = realBatch()
    const broken = vi.spyOn(sessions, 'batch').mockRejectedValue(new Error('D1_ERROR: overloaded'))
    expect((await logout(first)).status).toBe(503)
    broken.mockImplementation(original)
    expect(await readStatuses(first)).toEqual([200])
    expect((await logout(first)).status).toBe(204)
    expect(await readStatuses(first)).toEqual([401])
  })

  it('S19 is done all the same when only the object could not be told of its end', async () => {
    expect(await readStatuses(first)).toEqual([200])
    const original = realBatch()
    let calls = 0
    vi.spyOn(sessions, 'batch').mockImplementation(((statements: D1PreparedStatement[]) => {
      calls += 1
      return calls === 2 ? Promise.reject(new Error('D1_ERROR: overloaded')) : original(statements)
    }) as typeof env.DB.batch)
    expect((await logout(first)).status).toBe(204)
    expect(calls).toBe(2)
    expect(await readStatuses(first, second)).toEqual([401, 200])
  })
})
