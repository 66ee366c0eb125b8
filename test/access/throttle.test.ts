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

describe('failed logins of an e-mail', () => {
  it('are ten, then 429 before any hashing, right password or not, with the limit and when to come back', async () => {
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

  it('are counted alike for an e-mail that does not exist: the same statuses, the same bytes', async () => {
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

  it('end nothing that is logged in', async () => {
    await failLogins(10, logins.jane)
    expect((await call('GET', 'users/me', { token: logins.jane.token })).status).toBe(200)
  })

  it('lock nobody else out', async () => {
    const ann = await createTestMember(logins.account.id, 'customer', { passwordHash: cheapHash(PASSWORD) })
    await failLogins(10, logins.jane)
    expect((await logIn(ann.email, PASSWORD)).status).toBe(200)
  })

  it('are forgotten when the window ends, 15 minutes after its first, and not a second before', async () => {
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

  it('that are refused do not make the wait longer', async () => {
    await failLogins(10, logins.jane)
    for (let minute = 0; minute < 14; minute += 1) {
      advanceClock(MINUTE)
      expect((await logIn(logins.jane.email, WRONG_PASSWORD)).status).toBe(429)
    }
    advanceClock(MINUTE)
    expect((await logIn(logins.jane.email, PASSWORD)).status).toBe(200)
  })

  it('of thirty at once let exactly ten through to hashing', async () => {
    const responses: TestResponse[] = []
    const hashes = await hashesDuring(async () => {
      responses.push(...(await Promise.all(Array.from({ length: 30 }, () => logIn(logins.jane.email, WRONG_PASSWORD)))))
    })
    expect(hashes).toBe(10)
    expect(responses.filter((response) => response.status === 401)).toHaveLength(10)
    expect(responses.filter((response) => response.status === 429)).toHaveLength(20)
  })

  it('are not those that the request itself is wrong in', async () => {
    for (let attempt = 0; attempt < 12; attempt += 1)
      expect((await logIn(logins.jane.email, 'x'.repeat(5_000))).status).toBe(400)
    expect((await logIn(logins.jane.email, PASSWORD)).status).toBe(200)
  })
})

describe('logins that succeed', () => {
  it('take their attempts back: twenty in a row pass, from one address and from many', async () => {
    const home = freshIpAddress()
    for (let attempt = 0; attempt < 20; attempt += 1)
      expect((await logIn(logins.jane.email, PASSWORD, { address: home })).status).toBe(200)
    for (let attempt = 0; attempt < 20; attempt += 1)
      expect((await logIn(logins.jane.email, PASSWORD)).status).toBe(200)
  })

  it('take back no attempt but their own', async () => {
    await failLogins(9, logins.jane)
    expect((await logIn(logins.jane.email, PASSWORD)).status).toBe(200)
    await failLogins(1, logins.jane)
    expect((await logIn(logins.jane.email, PASSWORD)).status).toBe(429)
  })
})

describe('what is no failure', () => {
  it('twenty right passwords at once are let in, all of them', async () => {
    const responses = await Promise.all(Array.from({ length: 20 }, () => logIn(logins.jane.email, PASSWORD)))
    expect(responses.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200))
  })

  it('a database that is away locks nobody out', async () => {
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

  it('holds within 60 seconds, though it is asked for all the time, and gives ten new attempts', async () => {
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

  it('is no other e-mail’s, and not one from before the window', async () => {
    await unlock('somebody.else@example.com')
    await unlock(logins.jane.email, Date.now() - 20 * MINUTE)
    advanceClock(MINUTE)
    expect((await logIn(logins.jane.email, PASSWORD)).status).toBe(429)
  })

  it('that can not be asked for leaves the lock', async () => {
    await unlock(logins.jane.email)
    const broken = vi.spyOn(sessions, 'batch').mockRejectedValue(new Error('D1_ERROR: overloaded'))
    advanceClock(MINUTE)
    expect((await logIn(logins.jane.email, PASSWORD)).status).toBe(503)
    broken.mockRestore()
    advanceClock(MINUTE)
    expect((await logIn(logins.jane.email, PASSWORD)).status).toBe(200)
  })
})
