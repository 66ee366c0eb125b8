import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { loginUnlocks } from '../../src/db/schema/accounts'
import { sql } from '../../src/db/sql'
import { deleteFrom, insertSelect } from '../../src/db/write'
import { freshIpAddress } from '../helpers/addresses'
import { call, createTestMember, type TestResponse } from '../helpers/api'
import { advanceClock } from '../helpers/credentials'
import { sessions } from '../helpers/d1'
import { prepare } from '../helpers/database'
import { errorLinks } from '../helpers/errors'
import { hashesDuring } from '../helpers/hashing'
import { failLogins, PASSWORD, useLoginFixture, WRONG_PASSWORD, withoutHashing } from '../helpers/login-throttle'
import { cheapHash, logIn } from '../helpers/users'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const SAYS = 'The limit of 10 failed logins for one email in 15 minutes is reached'

const logins = useLoginFixture()

describe('failed logins with an email', () => {
  it('are limited to ten, then 429 before any hashing, for any password, with the limit and Retry-After', async () => {
    await failLogins(10, logins.jane)
    const responses = await withoutHashing(
      () => logIn(logins.jane.email, WRONG_PASSWORD),
      () => logIn(logins.jane.email, PASSWORD),
      () => logIn(logins.jane.email.toUpperCase(), PASSWORD),
      () => logIn(logins.jane.email, PASSWORD, { account: logins.account.slug }),
    )
    for (const response of responses) {
      expect(response.status).toBe(429)
      expect(response.body.error).toEqual({
        ...{ code: 'rate_limited', message: SAYS, details: [] },
        ...errorLinks('rate_limited', response),
      })
      expect(response.headers.get('Retry-After')).toBe('900')
    }
  })

  it('are counted in the same way for an unknown email: the same statuses, the same bytes', async () => {
    const tried = await Promise.all(
      Array.from({ length: 12 }, () => logIn('nobody.at.all@example.com', WRONG_PASSWORD)),
    )
    expect(tried.map((response) => response.status).sort()).toEqual([...Array(10).fill(401), 429, 429])
    await failLogins(10, logins.jane)
    const [known, unknown] = await withoutHashing(
      () => logIn(logins.jane.email, WRONG_PASSWORD),
      () => logIn('nobody.at.all@example.com', WRONG_PASSWORD),
    )
    expect([unknown?.status, unknown?.text]).toEqual([429, known?.text])
    expect(unknown?.headers.get('Retry-After')).toBe(known?.headers.get('Retry-After'))
  })

  it('revoke no token', async () => {
    await failLogins(10, logins.jane)
    expect((await call('GET', 'users/me', { token: logins.jane.token })).status).toBe(200)
  })

  it('lock no other user out', async () => {
    const ann = await createTestMember(logins.account.id, 'customer', { passwordHash: cheapHash(PASSWORD) })
    await failLogins(10, logins.jane)
    expect((await logIn(ann.email, PASSWORD)).status).toBe(200)
  })

  it('are deleted when the window ends, exactly 15 minutes after the first one', async () => {
    await failLogins(1, logins.jane)
    advanceClock(10 * MINUTE)
    await failLogins(9, logins.jane)
    const early = await logIn(logins.jane.email, PASSWORD)
    expect([early.status, early.headers.get('Retry-After')]).toEqual([429, '300'])
    advanceClock(5 * MINUTE - 1)
    const last = await logIn(logins.jane.email, PASSWORD)
    expect([last.status, last.headers.get('Retry-After')]).toEqual([429, '1'])
    advanceClock(1)
    expect((await logIn(logins.jane.email, PASSWORD)).status).toBe(200)
    await failLogins(10, logins.jane)
    expect((await logIn(logins.jane.email, WRONG_PASSWORD)).status).toBe(429)
  })

  it('do not extend the wait when they are rejected', async () => {
    await failLogins(10, logins.jane)
    for (let minute = 0; minute < 14; minute += 1) {
      advanceClock(MINUTE)
      expect((await logIn(logins.jane.email, WRONG_PASSWORD)).status).toBe(429)
    }
    advanceClock(MINUTE)
    expect((await logIn(logins.jane.email, PASSWORD)).status).toBe(200)
  })

  it('reach hashing exactly ten times, with two operations each, if thirty are concurrent', async () => {
    const responses: TestResponse[] = []
    const hashes = await hashesDuring(async () => {
      responses.push(...(await Promise.all(Array.from({ length: 30 }, () => logIn(logins.jane.email, WRONG_PASSWORD)))))
    })
    expect(hashes).toBe(20)
    expect(responses.filter((response) => response.status === 401)).toHaveLength(10)
    expect(responses.filter((response) => response.status === 429)).toHaveLength(20)
  })

  it('do not include invalid requests', async () => {
    for (let attempt = 0; attempt < 12; attempt += 1)
      expect((await logIn(logins.jane.email, 'x'.repeat(5_000))).status).toBe(400)
    expect((await logIn(logins.jane.email, PASSWORD)).status).toBe(200)
  })
})

describe('successful logins', () => {
  it('release their attempts: twenty in a row succeed, from one IP address and from many', async () => {
    const home = freshIpAddress()
    for (let attempt = 0; attempt < 20; attempt += 1)
      expect((await logIn(logins.jane.email, PASSWORD, { address: home })).status).toBe(200)
    for (let attempt = 0; attempt < 20; attempt += 1)
      expect((await logIn(logins.jane.email, PASSWORD)).status).toBe(200)
  })

  it('release only their own attempt', async () => {
    await failLogins(9, logins.jane)
    expect((await logIn(logins.jane.email, PASSWORD)).status).toBe(200)
    await failLogins(1, logins.jane)
    expect((await logIn(logins.jane.email, PASSWORD)).status).toBe(429)
  })
})

describe('an attempt that does not count as a failure', () => {
  it('is one of twenty concurrent logins with the right password, which all succeed', async () => {
    const responses = await Promise.all(Array.from({ length: 20 }, () => logIn(logins.jane.email, PASSWORD)))
    expect(responses.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200))
  })

  it('is one while the database is unavailable', async () => {
    const broken = vi.spyOn(sessions, 'batch').mockRejectedValue(new Error('D1_ERROR: overloaded'))
    for (let attempt = 0; attempt < 12; attempt += 1)
      expect((await logIn(logins.jane.email, PASSWORD)).status).toBe(503)
    broken.mockRestore()
    expect((await logIn(logins.jane.email, PASSWORD)).status).toBe(200)
  })
})

describe('the operator’s unlock', () => {
  const unlock = (email: string, at = Date.now()) =>
    env.DB.batch([
      prepare(deleteFrom(loginUnlocks, sql`${loginUnlocks.emailNormalized} = ${email}`)),
      prepare(insertSelect(loginUnlocks, { emailNormalized: email, unlockedAt: at })),
    ])

  beforeEach(async () => {
    await failLogins(10, logins.jane)
    expect((await logIn(logins.jane.email, PASSWORD)).status).toBe(429)
    advanceClock(SECOND)
  })

  it('takes effect within 60 seconds during continuous attempts, and allows ten new ones', async () => {
    await unlock(logins.jane.email)
    const statuses: number[] = []
    for (let seconds = 0; seconds < 60 && !statuses.includes(401); seconds += 5) {
      advanceClock(5 * SECOND)
      statuses.push((await logIn(logins.jane.email, WRONG_PASSWORD)).status)
    }
    expect(statuses.at(-1)).toBe(401)
    await failLogins(9, logins.jane)
    expect((await logIn(logins.jane.email, PASSWORD)).status).toBe(429)
    advanceClock(MINUTE)
    expect((await logIn(logins.jane.email, PASSWORD)).status).toBe(429)
  })

  it('has no effect on another email, and must be newer than the window', async () => {
    await unlock('somebody.else@example.com')
    await unlock(logins.jane.email, Date.now() - 20 * MINUTE)
    advanceClock(MINUTE)
    expect((await logIn(logins.jane.email, PASSWORD)).status).toBe(429)
  })

  it('leaves the lock if it cannot be read', async () => {
    await unlock(logins.jane.email)
    const broken = vi.spyOn(sessions, 'batch').mockRejectedValue(new Error('D1_ERROR: overloaded'))
    advanceClock(MINUTE)
    expect((await logIn(logins.jane.email, PASSWORD)).status).toBe(503)
    broken.mockRestore()
    advanceClock(MINUTE)
    expect((await logIn(logins.jane.email, PASSWORD)).status).toBe(200)
  })
})
