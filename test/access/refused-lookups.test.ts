import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { generateKey, hashKey } from '../../src/access/api-key-format'
import type { Claim } from '../../src/core/credential'
import { apiKeys, users } from '../../src/db/schema/accounts'
import { sql } from '../../src/db/sql'
import { update } from '../../src/db/write'
import { deriveKey } from '../../src/lib/crypto'
import { newId } from '../../src/lib/ids'
import { freshIpAddress } from '../helpers/addresses'
import { type Account, createTestAccount, createTestMember, createTestToken } from '../helpers/api'
import {
  advanceClock,
  createTestKey,
  objectOf,
  objectOfKey,
  statusOf,
  stopClock,
  tokenClaim,
} from '../helpers/credentials'
import { countCredentialQueries } from '../helpers/d1'
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

describe('an unknown API key of a MAC secret that was rotated away', () => {
  const old = deriveKey('a secret of long ago, of 32 bytes or more', 'api-keys')
  const invented = () => generateKey(newId('key', Date.now()), old)
  const rejected =
    (key: string, address = freshIpAddress()) =>
    async () =>
      expect(await statusOf(key, address)).toBe(401)

  it('is looked up once in 60 seconds, from any IP address and on any route', async () => {
    const key = invented()
    expect(await countCredentialQueries(rejected(key))).toBe(1)
    const throttle = vi.spyOn(env.LOGIN_THROTTLE, 'getByName')
    for (let i = 0; i < 12; i += 1) expect(await countCredentialQueries(rejected(key))).toBe(0)
    expect(await countCredentialQueries(() => statusOf(key, freshIpAddress(), 'nothing/here'))).toBe(0)
    expect(throttle).not.toHaveBeenCalled()
    advanceClock(59_999)
    expect(await countCredentialQueries(rejected(key))).toBe(0)
    advanceClock(1)
    expect(await countCredentialQueries(rejected(key))).toBe(1)
  })

  it('does not stand for another key, even of the same ID', async () => {
    const id = newId('key', Date.now())
    for (let i = 0; i < 3; i += 1) expect(await countCredentialQueries(rejected(generateKey(id, old)))).toBe(1)
    const { id: realId } = await createTestKey(account)
    expect(await countCredentialQueries(rejected(generateKey(realId, old)))).toBe(1)
    const real = generateKey(realId, old)
    await execute(update(apiKeys, { hash: hashKey(real) }, sql`${apiKeys.id} = ${realId}`))
    expect(await statusOf(real, freshIpAddress())).toBe(200)
  })
})

describe('a Durable Object that refuses a credential again', () => {
  const user = () => account.agent
  const ofKey = (memberId: string, hash = '0'.repeat(64)): Claim => ({ kind: 'key', memberId, hash })
  const unknown = { id: 'user_unknown' }

  /** Claims that the Durable Object rejects. */
  const CLAIMS: Record<string, () => Promise<[object: ReturnType<typeof objectOf>, claim: Claim]>> = {
    'an unknown user': async () => [objectOf(account, unknown), tokenClaim(account, unknown)],
    'a deactivated user': async () => {
      const { id } = await createTestMember(account.id, 'agent', { status: 'inactive' })
      return [objectOf(account, { id }), tokenClaim(account, { id })]
    },
    'an earlier generation': async () => {
      await execute(update(users, { tokenVersion: 5 }, sql`${users.id} = ${user().id}`))
      return [objectOf(account, user()), tokenClaim(account, user(), 4)]
    },
    'a later generation': async () => [objectOf(account, user()), tokenClaim(account, user(), 9)],
    'another account': async () => [objectOf({ id: 'acct_other' }, user()), tokenClaim({ id: 'acct_other' }, user())],
    'an unknown API key': async () => [objectOfKey('key_unknown'), ofKey('key_unknown')],
    'another secret of an API key': async () => {
      const { id } = await createTestKey(account)
      return [objectOfKey(id), ofKey(id)]
    },
    'a revoked API key': async () => {
      const { id, key } = await createTestKey(account)
      expect((await callAs(account.admin, 'DELETE', `api-keys/${id}`)).status).toBe(204)
      return [objectOfKey(id), ofKey(id, hashKey(key))]
    },
    'an expired API key': async () => {
      const { id, key } = await createTestKey(account, { expires_at: new Date(Date.now() + 10_000).toISOString() })
      advanceClock(10_000)
      return [objectOfKey(id), ofKey(id, hashKey(key))]
    },
  }

  it.each(Object.entries(CLAIMS))('(%s) does not query D1', async (_name, prepare) => {
    const [object, claim] = await prepare()
    expect(await object.verifyAndCount(claim, false)).toEqual({ valid: false })
    for (let i = 0; i < 5; i += 1)
      expect(
        await countCredentialQueries(async () =>
          expect(await object.verifyAndCount(claim, i > 2)).toEqual({ valid: false }),
        ),
      ).toBe(0)
  })

  it('(a revoked token) does not query D1', async () => {
    const token = await createTestToken(account.id, user().id, 'agent')
    expect((await callAs({ ...user(), token }, 'POST', 'auth/logout')).status).toBe(204)
    const path = 'auth/logout'
    expect((await callAs({ ...user(), token }, 'POST', path)).status).toBe(401)
    expect(await countCredentialQueries(() => callAs({ ...user(), token }, 'POST', path))).toBe(0)
  })

  it('admits another token of a later generation immediately, although one was refused', async () => {
    const object = objectOf(account, user())
    const invented = tokenClaim(account, user(), 9)
    expect(await object.verifyAndCount(invented, false)).toEqual({ valid: false })
    await execute(update(users, { tokenVersion: 2 }, sql`${users.id} = ${user().id}`))
    const issued: Claim = { ...tokenClaim(account, user(), 2), ...{ tokenId: 'another' } }
    expect(await object.verifyAndCount(issued, false)).toMatchObject({ valid: true })
    expect(await object.verifyAndCount(invented, false)).toEqual({ valid: false })
  })

  it('admits a refused token of a later generation a minute after the operator has made it valid', async () => {
    const object = objectOf(account, user())
    const claim = tokenClaim(account, user(), 2)
    expect(await object.verifyAndCount(claim, false)).toEqual({ valid: false })
    await execute(update(users, { tokenVersion: 2 }, sql`${users.id} = ${user().id}`))
    expect(await object.verifyAndCount(claim, false)).toEqual({ valid: false })
    advanceClock(60_000)
    expect(await object.verifyAndCount(claim, false)).toMatchObject({ valid: true })
  })

  it('keeps a bounded number of refused tokens', async () => {
    const object = objectOf(account, user())
    const claim = (i: number): Claim => ({ ...tokenClaim(account, user(), 9), ...{ tokenId: `token ${i}` } })
    for (let i = 0; i <= 100; i += 1) await object.verifyAndCount(claim(i), false)
    expect(await countCredentialQueries(() => object.verifyAndCount(claim(100), false))).toBe(0)
    expect(await countCredentialQueries(() => object.verifyAndCount(claim(0), false))).toBe(1)
  })
})
