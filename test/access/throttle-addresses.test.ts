import { beforeEach, describe, expect, it } from 'vitest'
import { freshIpAddress } from '../helpers/addresses'
import { call, createTestMember, type Member } from '../helpers/api'
import { advanceClock } from '../helpers/credentials'
import { failLogins, PASSWORD, useLoginFixture, WRONG_PASSWORD, withoutHashing } from '../helpers/login-throttle'
import { cheapHash, logIn } from '../helpers/users'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

const logins = useLoginFixture()

const status = async (member: Member, password: string, address: string) =>
  (await logIn(member.email, password, { address })).status

describe('an IP address from which the email has logged in', () => {
  let home: string

  beforeEach(async () => {
    home = freshIpAddress()
    expect(await status(logins.jane, PASSWORD, home)).toBe(200)
  })

  it('is not locked out by failures from other IP addresses, which are locked out', async () => {
    await failLogins(10, logins.jane)
    expect(await status(logins.jane, PASSWORD, freshIpAddress())).toBe(429)
    expect(await status(logins.jane, PASSWORD, home)).toBe(200)
  })

  it('has ten attempts of its own, which lock out no other IP address', async () => {
    await failLogins(10, logins.jane, home)
    expect(await status(logins.jane, PASSWORD, home)).toBe(429)
    const elsewhere = freshIpAddress()
    expect(await status(logins.jane, PASSWORD, elsewhere)).toBe(200)
    await failLogins(10, logins.jane, elsewhere)
    expect(await status(logins.jane, PASSWORD, elsewhere)).toBe(429)
    advanceClock(15 * MINUTE)
    expect(await status(logins.jane, PASSWORD, home)).toBe(200)
  })

  it('is not trusted for another email', async () => {
    const ann = await createTestMember(logins.account.id, 'customer', { passwordHash: cheapHash(PASSWORD) })
    await failLogins(10, ann)
    expect(await status(ann, PASSWORD, home)).toBe(429)
  })

  it('is not trusted after failures only', async () => {
    const cafe = freshIpAddress()
    await failLogins(1, logins.jane, cafe)
    await failLogins(9, logins.jane)
    expect(await status(logins.jane, PASSWORD, cafe)).toBe(429)
  })

  it('is trusted for 30 days', async () => {
    advanceClock(30 * DAY - MINUTE)
    await failLogins(10, logins.jane)
    expect(await status(logins.jane, PASSWORD, home)).toBe(200)
    advanceClock(30 * DAY + MINUTE)
    await failLogins(10, logins.jane)
    expect(await status(logins.jane, PASSWORD, home)).toBe(429)
  })

  it('is trusted together with the nineteen others that the email used last', async () => {
    const office = freshIpAddress()
    advanceClock(1_000)
    expect(await status(logins.jane, PASSWORD, office)).toBe(200)
    for (let others = 0; others < 19; others += 1) {
      advanceClock(1_000)
      expect(await status(logins.jane, PASSWORD, freshIpAddress())).toBe(200)
    }
    await failLogins(10, logins.jane)
    expect([await status(logins.jane, PASSWORD, home), await status(logins.jane, PASSWORD, office)]).toEqual([429, 200])
  })

  it('S19 does not lock out two users at home who fail at one shared IP address', async () => {
    const ann = await createTestMember(logins.account.id, 'agent', { passwordHash: cheapHash(PASSWORD) })
    const [office, annsHome] = [freshIpAddress(), freshIpAddress()]
    expect(await status(ann, PASSWORD, annsHome)).toBe(200)
    await failLogins(10, logins.jane, office)
    await failLogins(10, ann, office)
    expect([await status(logins.jane, PASSWORD, office), await status(ann, PASSWORD, office)]).toEqual([429, 429])
    expect([await status(logins.jane, PASSWORD, home), await status(ann, PASSWORD, annsHome)]).toEqual([200, 200])
  })

  it('S19 counts the failures of two users at one IP address separately', async () => {
    const ann = await createTestMember(logins.account.id, 'agent', { passwordHash: cheapHash(PASSWORD) })
    expect(await status(ann, PASSWORD, home)).toBe(200)
    await failLogins(10, logins.jane, home)
    expect([await status(logins.jane, PASSWORD, home), await status(ann, PASSWORD, home)]).toEqual([429, 200])
  })
})

describe('failed logins from an IP address', () => {
  async function createCustomers(): Promise<{ others: Member[]; ann: Member; bob: Member }> {
    const passwordHash = cheapHash(PASSWORD)
    const others: Member[] = []
    for (let i = 0; i < 10; i += 1) others.push(await createTestMember(logins.account.id, 'customer', { passwordHash }))
    const create = () => createTestMember(logins.account.id, 'customer', { passwordHash })
    return { others, ann: await create(), bob: await create() }
  }

  /** Ten failures per email within two minutes, because an IP address may send 100 requests per minute. */
  async function failHundred(others: Member[], address: string): Promise<void> {
    for (const half of [others.slice(0, 5), others.slice(5)]) {
      advanceClock(MINUTE)
      const responses = await Promise.all(
        half.flatMap(({ email }) => Array.from({ length: 10 }, () => logIn(email, WRONG_PASSWORD, { address }))),
      )
      expect(responses.map((response) => response.status)).toEqual(Array(50).fill(401))
    }
    advanceClock(MINUTE)
  }

  it('are limited to 100, then it gets 429 before any hashing, and no other IP address does', async () => {
    const { others, ann, bob } = await createCustomers()
    const [address, other] = [freshIpAddress(), freshIpAddress()]
    for (let attempt = 0; attempt < 20; attempt += 1) expect(await status(ann, PASSWORD, address)).toBe(200)
    await failHundred(others, address)
    const responses = await withoutHashing(
      () => logIn(bob.email, PASSWORD, { address }),
      () => logIn('new.to.all@example.com', WRONG_PASSWORD, { address }),
    )
    for (const response of responses) {
      expect([response.status, response.body.error.code]).toEqual([429, 'rate_limited'])
      expect(response.body.error.message).toBe(
        'The limit of 100 failed logins from one IP address in 15 minutes is reached',
      )
      // The window began with the first failure, a minute after the successful logins.
      expect(response.headers.get('Retry-After')).toBe(String((15 - 2) * 60))
    }
    expect(await status(ann, PASSWORD, address), 'who has logged in from there').toBe(200)
    expect(await status(bob, PASSWORD, other)).toBe(200)
    expect((await call('GET', 'users/me', { token: bob.token, address })).status).toBe(200)
    advanceClock(15 * MINUTE)
    expect(await status(bob, PASSWORD, address)).toBe(200)
  })

  it('include changes of a password, which are rejected with them', async () => {
    const { others, ann } = await createCustomers()
    const address = freshIpAddress()
    await failHundred(others, address)
    const change = (password: string, from: string) =>
      call('POST', 'auth/password', {
        token: ann.token,
        address: from,
        body: { current_password: password, new_password: 'another horse' },
      })
    expect((await change(PASSWORD, address)).status).toBe(429)
    expect((await change(WRONG_PASSWORD, freshIpAddress())).status).toBe(401)
    expect((await change(PASSWORD, freshIpAddress())).status).toBe(204)
  })
})
