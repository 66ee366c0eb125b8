import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { findRevokedTokens } from '../../src/access/queries'
import { revokedTokens, users } from '../../src/db/schema/accounts'
import { sql } from '../../src/db/sql'
import { insertSelect, update } from '../../src/db/write'
import { freshIpAddress } from '../helpers/addresses'
import { type Account, call, createTestAccount, createTestMember, createTestToken, type Member } from '../helpers/api'
import { advanceClock, objectOf } from '../helpers/credentials'
import { execute, prepare, rows } from '../helpers/database'
import { callAs } from '../helpers/tickets'
import { cheapHash, logIn, readStatuses, storedUser } from '../helpers/users'

const PASSWORD = 'correct horse'
const MAX_REVOKED_TOKENS = 1_000
const DAY = 24 * 60 * 60 * 1_000

let account: Account
let jane: Member

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  account = await createTestAccount()
  jane = await createTestMember(account.id, 'customer', { passwordHash: cheapHash(PASSWORD) })
})

afterEach(() => {
  vi.useRealTimers()
})

const logout = async (token: string) => (await call('POST', 'auth/logout', { token, address: freshIpAddress() })).status
const revoked = () => rows(sql`SELECT * FROM ${revokedTokens} WHERE ${revokedTokens.userId} = ${jane.id}`)
const newToken = () => createTestToken(account.id, jane.id, 'customer')
const remembered = () =>
  runInDurableObject(objectOf(account, jane), (_instance, { storage }) =>
    storage.sql.exec('SELECT token_id FROM revoked').toArray(),
  )

/** Has the Durable Object of the user read D1. */
async function refresh(): Promise<void> {
  const object = objectOf(account, jane)
  await object.beginInvalidation('change')
  await object.endInvalidation('change', { kind: 'token', accountId: account.id, memberId: jane.id })
}

/** As so many logouts, at a time (ms). */
async function revokeMany(count: number, revokedAt = Date.now()): Promise<void> {
  const numbers = sql`FROM json_each(${JSON.stringify([...Array(count).keys()])})`
  await execute(
    insertSelect(
      revokedTokens,
      {
        accountId: account.id,
        userId: jane.id,
        tokenId: sql<string>`'token-' || ${revokedAt} || '-' || value`,
        revokedAt,
        expiresAt: Date.now() + DAY,
      },
      numbers,
    ),
  )
}

describe('SEC-26 the revoked tokens of a user', () => {
  it('are at most 1,000: the next logout revokes all tokens, and leaves one row', async () => {
    const [last, other] = [await newToken(), await newToken()]
    await revokeMany(MAX_REVOKED_TOKENS)
    expect(await readStatuses(last, other, jane.token)).toEqual([200, 200, 200])
    expect(await logout(last)).toBe(204)
    expect(await readStatuses(last, other, jane.token)).toEqual([401, 401, 401])
    expect(await revoked()).toHaveLength(1)
    await evictDurableObject(objectOf(account, jane))
    expect(await readStatuses(last, other, jane.token)).toEqual([401, 401, 401])
    const { token } = (await logIn(jane.email, PASSWORD)).body
    expect(await readStatuses(token, account.customer.token)).toEqual([200, 200])
    expect([await logout(token), await readStatuses(token)]).toEqual([204, [401]])
    expect(await revoked()).toHaveLength(2)
  })

  it('leave other tokens valid up to the 1,000th logout', async () => {
    await revokeMany(MAX_REVOKED_TOKENS - 1)
    expect(await logout(await newToken())).toBe(204)
    expect(await readStatuses(jane.token)).toEqual([200])
    expect(await revoked()).toHaveLength(MAX_REVOKED_TOKENS)
    expect((await storedUser(jane.id)).credential_generation).toBe(1)
  })

  it('do not count for another user', async () => {
    await revokeMany(MAX_REVOKED_TOKENS)
    expect(await logout(account.agent.token)).toBe(204)
    expect((await storedUser(account.agent.id)).credential_generation).toBe(1)
    expect(await revoked()).toHaveLength(MAX_REVOKED_TOKENS)
  })

  it('also end the token that an earlier change of the password exempted', async () => {
    await callAs(jane, 'POST', 'auth/password', { current_password: PASSWORD, new_password: 'another horse' })
    const later = (await logIn(jane.email, 'another horse')).body.token
    expect(await readStatuses(jane.token, later)).toEqual([200, 200])
    await revokeMany(MAX_REVOKED_TOKENS)
    expect(await logout(later)).toBe(204)
    expect(await readStatuses(jane.token, later)).toEqual([401, 401])
  })

  it('are forgotten by the Durable Object once their version is not valid', async () => {
    await readStatuses(jane.token)
    await revokeMany(MAX_REVOKED_TOKENS)
    await refresh()
    expect(await remembered()).toHaveLength(MAX_REVOKED_TOKENS)
    await logout(await newToken())
    expect(await remembered()).toHaveLength(1)
  })

  it('are still known to the Durable Object if a new version exempts one of them', async () => {
    const second = await newToken()
    expect(await readStatuses(jane.token)).toEqual([200])
    expect(await logout(jane.token)).toBe(204)
    // The object then reads only later revocations from D1.
    advanceClock(5 * 60_000)
    expect(await readStatuses(second)).toEqual([200])
    const exempt = JSON.parse(Buffer.from(jane.token.split('.')[1] ?? '', 'base64url').toString()).jti
    await execute(update(users, { tokenVersion: 2, exemptTokenId: exempt }, sql`${users.id} = ${jane.id}`))
    await refresh()
    expect(await readStatuses(jane.token, second)).toEqual([401, 401])
  })

  it('are read by a refresh only if they were revoked recently', async () => {
    await revokeMany(900, Date.now() - DAY)
    await revokeMany(5)
    const statement = findRevokedTokens(account.id, jane.id, Date.now() - 60_000, Date.now())
    const { meta, results } = await prepare(statement).all()
    expect(results).toHaveLength(5)
    expect(meta.rows_read).toBeLessThanOrEqual(2 * 5 + 2)
  })
})
