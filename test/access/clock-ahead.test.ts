import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { apiKeys, loginUnlocks, revokedTokens } from '../../src/db/schema/accounts'
import { sql } from '../../src/db/sql'
import { select } from '../../src/db/statement'
import { insertSelect } from '../../src/db/write'
import { freshIpAddress } from '../helpers/addresses'
import { call } from '../helpers/api'
import { advanceClock, createTestKey, objectOf } from '../helpers/credentials'
import { countCredentialQueries } from '../helpers/d1'
import { execute, row } from '../helpers/database'
import { eventually } from '../helpers/eventually'
import { failLogins, PASSWORD, useLoginFixture } from '../helpers/login-throttle'
import { logIn, readStatuses } from '../helpers/users'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const DAY = 1_440 * MINUTE

const logins = useLoginFixture()

beforeEach(() => {
  vi.setSystemTime(Math.floor(Date.now() / MINUTE) * MINUTE + 30 * SECOND)
})
afterEach(() => {
  vi.restoreAllMocks()
})

async function aDayAhead(work: () => Promise<unknown>): Promise<void> {
  advanceClock(DAY)
  await work()
  advanceClock(-DAY)
}

describe('SEC-20 after a clock ran a day ahead', () => {
  it('requests of a caller and of an IP address are counted in the present minute', async () => {
    const address = freshIpAddress()
    const send = async (token?: string) => (await call('GET', 'users/me', { token, address })).headers
    await aDayAhead(async () => {
      await send(logins.jane.token)
      await send()
    })
    for (const headers of [await send(logins.jane.token), await send()])
      expect(Number(headers.get('X-RateLimit-Reset')) * SECOND - Date.now()).toBe(30 * SECOND)
  })

  it('failed logins do not lock the user out, and are counted from zero', async () => {
    await aDayAhead(() => failLogins(10, logins.jane))
    await failLogins(10, logins.jane)
    const locked = await logIn(logins.jane.email, PASSWORD)
    expect([locked.status, locked.headers.get('Retry-After')]).toEqual([429, '900'])
  })

  it('the unlock of the operator takes effect within a minute', async () => {
    await aDayAhead(async () => {
      await failLogins(10, logins.jane)
      expect((await logIn(logins.jane.email, PASSWORD)).status).toBe(429)
    })
    await failLogins(10, logins.jane)
    advanceClock(MINUTE)
    await execute(insertSelect(loginUnlocks, { emailNormalized: logins.jane.email, unlockedAt: Date.now() }))
    expect((await logIn(logins.jane.email, PASSWORD)).status).toBe(200)
  })

  it('a token is revoked although the object has cached a state of the future', async () => {
    const { token } = (await logIn(logins.jane.email, PASSWORD)).body
    await aDayAhead(() => readStatuses(token))
    const object = objectOf(logins.account, logins.jane)
    await object.beginInvalidation('change')
    await execute(
      insertSelect(revokedTokens, {
        accountId: logins.account.id,
        userId: logins.jane.id,
        tokenId: JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString()).jti,
        revokedAt: Date.now() - 5 * MINUTE,
        expiresAt: Date.now() + DAY,
      }),
    )
    await object.endInvalidation('change', {
      kind: 'token',
      accountId: logins.account.id,
      memberId: logins.jane.id,
    })
    expect(await readStatuses(token)).toEqual([401])
  })

  it('the use of an API key is recorded at the present time', async () => {
    const { id, key } = await createTestKey(logins.account)
    const use = () => call('GET', 'tickets?per_page=1', { token: key })
    const lastUse = async () =>
      (await row(select({ at: apiKeys.lastUsedAt }, sql`FROM ${apiKeys} WHERE ${apiKeys.id} = ${id}`)))?.at
    const now = Date.now()
    await aDayAhead(use)
    await eventually(async () => expect(await lastUse()).toBe(now + DAY))
    vi.setSystemTime(now)
    await use()
    await eventually(async () => expect(await lastUse()).toBe(now))
  })

  it('a change that never ended bypasses the cache for a minute only', async () => {
    await readStatuses(logins.jane.token)
    await aDayAhead(() => Promise.resolve(objectOf(logins.account, logins.jane).beginInvalidation('lost')))
    const request = () => readStatuses(logins.jane.token)
    expect(await countCredentialQueries(request)).toBe(1)
    advanceClock(MINUTE + SECOND)
    await request()
    expect(await countCredentialQueries(request)).toBe(0)
  })
})
