import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { throttleFor } from '../../src/access/throttle'
import { invalidCredentials } from '../../src/core/errors'
import { freshIpAddress } from '../helpers/addresses'
import { call, createTestAccount, createTestMember, type Member } from '../helpers/api'
import { failLogins, PASSWORD, useLoginFixture, WRONG_PASSWORD } from '../helpers/login-throttle'
import { cheapHash, logIn } from '../helpers/users'

const logins = useLoginFixture()
let home: string
let unknown: string

/** Fails logins of emails that do not exist. */
async function fail(times: number, address: string): Promise<void> {
  const throttle = throttleFor(env, address)
  for (let attempt = 0; attempt < times; attempt += 1) {
    const failed = throttle.guardPasswordCheck(`${crypto.randomUUID()}@example.com`, [], () => {
      throw invalidCredentials()
    })
    await expect(failed).rejects.toMatchObject({ code: 'invalid_credentials' })
  }
}

const status = async (password: string, address: string, member: Member = logins.jane) =>
  (await logIn(member.email, password, { address })).status

const changePassword = (current: string, address: string) =>
  call('POST', 'auth/password', {
    token: logins.jane.token,
    address,
    body: { current_password: current, new_password: PASSWORD },
  })

beforeEach(async () => {
  home = freshIpAddress()
  unknown = freshIpAddress()
  expect(await status(PASSWORD, home)).toBe(200)
})

describe.each([
  { addressIsFull: false, emailIsFull: false, fromUnknown: 200 },
  { addressIsFull: false, emailIsFull: true, fromUnknown: 429 },
  { addressIsFull: true, emailIsFull: false, fromUnknown: 429 },
  { addressIsFull: true, emailIsFull: true, fromUnknown: 429 },
])(
  'SEC-17 with address full: $addressIsFull, email full: $emailIsFull',
  ({ addressIsFull, emailIsFull, fromUnknown }) => {
    beforeEach(async () => {
      if (addressIsFull) for (const address of [home, unknown]) await fail(100, address)
      if (emailIsFull) await failLogins(10, logins.jane)
    })

    it('a known user logs in and changes the password', async () => {
      expect(await status(PASSWORD, home)).toBe(200)
      expect((await changePassword(PASSWORD, home)).status).toBe(204)
    })

    it(`a user from an unknown IP address gets ${fromUnknown}`, async () => {
      expect(await status(PASSWORD, unknown)).toBe(fromUnknown)
      expect((await changePassword(PASSWORD, unknown)).status).toBe(fromUnknown === 200 ? 204 : 429)
    })
  },
)

describe('SEC-17 a known user', () => {
  it('has ten attempts at a full IP address, which wrong passwords and password changes share', async () => {
    await fail(100, home)
    await failLogins(5, logins.jane, home)
    for (let attempt = 0; attempt < 5; attempt += 1)
      expect((await changePassword(WRONG_PASSWORD, home)).status).toBe(401)
    expect([await status(PASSWORD, home), (await changePassword(PASSWORD, home)).status]).toEqual([429, 429])
  })

  it('does not fill the limit of the IP address by failing', async () => {
    await fail(95, home)
    await failLogins(10, logins.jane, home)
    const ann = await createTestMember(logins.account.id, 'customer', { passwordHash: cheapHash(PASSWORD) })
    await failLogins(5, ann, home)
    expect(await status(PASSWORD, home, ann)).toBe(429)
  })
})

describe('SEC-17 a login that a limit refuses', () => {
  it('does not count for the email if the IP address is full', async () => {
    await fail(100, unknown)
    for (let attempt = 0; attempt < 12; attempt += 1) expect(await status(WRONG_PASSWORD, unknown)).toBe(429)
    expect(await status(PASSWORD, freshIpAddress())).toBe(200)
  })

  it('does not count for the IP address if the email is full', async () => {
    await failLogins(10, logins.jane)
    await fail(95, unknown)
    for (let attempt = 0; attempt < 12; attempt += 1) expect(await status(WRONG_PASSWORD, unknown)).toBe(429)
    await fail(5, unknown)
  })
})

describe('SEC-17 two users with one email at a full IP address', () => {
  it('compares only the password of the one that is known there', async () => {
    const other = await createTestMember((await createTestAccount()).id, 'customer', {
      email: logins.jane.email,
      passwordHash: cheapHash('another password'),
    })
    await fail(100, home)
    expect(await status(PASSWORD, home)).toBe(200)
    expect(await status('another password', home, other)).toBe(401)
    expect(await status('another password', freshIpAddress(), other)).toBe(200)
  })
})
