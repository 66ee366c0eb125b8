import { beforeEach, describe, expect, it, vi } from 'vitest'
import { loginIdentities, users } from '../../src/db/schema/accounts'
import { sql } from '../../src/db/sql'
import { select } from '../../src/db/statement'
import { update } from '../../src/db/write'
import { freshIpAddress } from '../helpers/addresses'
import { type Account, createTestAccount, createTestMember, type Member } from '../helpers/api'
import { advanceClock } from '../helpers/credentials'
import { execute, row } from '../helpers/database'
import { hashesDuring } from '../helpers/hashing'
import { failLogins, PASSWORD, useLoginFixture, WRONG_PASSWORD } from '../helpers/login-throttle'
import { callAs } from '../helpers/tickets'
import { cheapHash, logIn, NO_LOGIN } from '../helpers/users'

const OTHER = 'the password of another user'

const logins = useLoginFixture()
let other: Account

beforeEach(async () => {
  other = await createTestAccount()
  // The users of other accounts are created later.
  advanceClock(1_000)
})

const create = async (body: object, by: Member = other.admin) => {
  const response = await callAs(by, 'POST', 'users', { name: 'X', email: logins.jane.email, ...body })
  expect(response.status, response.text).toBe(201)
  return response.body.data
}
const idOfLogin = async (password: string, options: { address?: string; account?: string } = {}) =>
  (await logIn(logins.jane.email, password, options)).body.user?.id
const statusOfLogin = async (password: string, options: { address?: string; account?: string } = {}) =>
  (await logIn(logins.jane.email, password, options)).status

/** Adds a user with the email to an account of its own, which is later than the ones before. */
async function addCandidate(passwordHash: string): Promise<Account & { user: Member }> {
  const account = await createTestAccount()
  const user = await createTestMember(account.id, 'admin', { email: logins.jane.email, passwordHash })
  advanceClock(1_000)
  return { ...account, user }
}

async function rowsReadByLogin(options: { account?: string }): Promise<number> {
  const log = vi.spyOn(console, 'info')
  await logIn(logins.jane.email, PASSWORD, options)
  const [line] = log.mock.calls.map(([text]) => JSON.parse(String(text))).filter(({ route }) => route)
  log.mockRestore()
  return line.db.rows_read
}

async function identityOf(accountId: string) {
  const l = loginIdentities
  return row(
    select(
      { can_log_in: l.canLogIn, claimed_at: l.claimedAt },
      sql`FROM ${l} WHERE ${l.accountId} = ${accountId} AND ${l.emailNormalized} = ${logins.jane.email}`,
    ),
  )
}

describe('SEC-11 a login without an account, with users of other accounts that have the email', () => {
  it.each<[string, () => Promise<unknown>]>([
    ['without a password', () => create({})],
    ['deactivated', async () => callAs(other.admin, 'DELETE', `users/${(await create({ password: PASSWORD })).id}`)],
    [
      'deactivated by PATCH',
      async () => {
        const { id } = await create({ password: PASSWORD })
        await callAs(other.admin, 'PATCH', `users/${id}`, { status: 'inactive' })
      },
    ],
    ['with another password', () => create({ password: OTHER })],
    [
      'whose email was changed to it',
      async () => {
        const { id } = await create({ email: `${crypto.randomUUID()}@example.com`, password: OTHER })
        await callAs(other.admin, 'PATCH', `users/${id}`, { email: logins.jane.email })
      },
    ],
  ])('succeeds if they are %s', async (_name, prepare) => {
    await prepare()
    const operations = await hashesDuring(async () => expect(await idOfLogin(PASSWORD)).toBe(logins.jane.id))
    expect(operations).toBe(2)
    expect(await hashesDuring(() => statusOfLogin(WRONG_PASSWORD))).toBe(2)
  })

  it('succeeds among many, in the same number of operations', async () => {
    for (let count = 0; count < 4; count += 1) {
      await addCandidate(cheapHash(`${OTHER} ${count}`))
      const account = await createTestAccount()
      await create({}, account.admin)
      for (const password of [PASSWORD, WRONG_PASSWORD])
        expect(await hashesDuring(() => statusOfLogin(password))).toBe(2)
    }
    for (let login = 0; login < 15; login += 1) expect(await idOfLogin(PASSWORD)).toBe(logins.jane.id)
  })

  it('reads no more rows than for two users, with and without the account', async () => {
    await addCandidate(cheapHash(OTHER))
    const named = { account: logins.account.slug }
    const before = [await rowsReadByLogin({}), await rowsReadByLogin(named)]
    for (let count = 0; count < 3; count += 1) {
      await create({}, (await createTestAccount()).admin)
      await addCandidate(cheapHash(OTHER))
    }
    expect([await rowsReadByLogin({}), await rowsReadByLogin(named)]).toEqual(before)
  })

  it('is refused for the password of two of them, and succeeds with the account', async () => {
    const { slug, user } = await addCandidate(cheapHash(PASSWORD))
    expect((await logIn(logins.jane.email, PASSWORD)).text).toBe(NO_LOGIN)
    expect(await idOfLogin(PASSWORD, { account: slug })).toBe(user.id)
    expect(await idOfLogin(PASSWORD, { account: logins.account.slug })).toBe(logins.jane.id)
  })

  it('succeeds for the two users that have had the email for the longest time, others need the account', async () => {
    const second = await addCandidate(cheapHash('password of the second'))
    const third = await addCandidate(cheapHash('password of the third'))
    expect(await idOfLogin('password of the second')).toBe(second.user.id)
    expect(await statusOfLogin('password of the third')).toBe(401)
    expect(await idOfLogin('password of the third', { account: third.slug })).toBe(third.user.id)
    await callAs(second.admin, 'DELETE', `users/${second.user.id}`)
    expect(await idOfLogin('password of the third')).toBe(third.user.id)
  })

  it('counts the time with the email, not the age of the user', async () => {
    const old = await createTestMember(other.id, 'agent', { passwordHash: cheapHash(OTHER) })
    const older = await createTestMember((await createTestAccount()).id, 'agent', { passwordHash: cheapHash(OTHER) })
    advanceClock(1_000)
    const email = `${crypto.randomUUID()}@example.com`
    const victim = await createTestMember(logins.account.id, 'customer', { email, passwordHash: cheapHash(PASSWORD) })
    for (const attacker of [old, older]) {
      advanceClock(1_000)
      const change = { email, current_password: OTHER }
      expect((await callAs(attacker, 'PATCH', 'users/me', change)).status).toBe(200)
    }
    expect((await logIn(email, PASSWORD)).body.user?.id).toBe(victim.id)
  })

  it('keeps the time when only the case of the email changes', async () => {
    const before = await identityOf(logins.account.id)
    advanceClock(1_000)
    const change = { email: logins.jane.email.toUpperCase() }
    expect((await callAs(logins.account.admin, 'PATCH', `users/${logins.jane.id}`, change)).status).toBe(200)
    expect(await identityOf(logins.account.id)).toEqual(before)
  })
})

describe('the flag that a user can log in', () => {
  it('follows the password and the status', async () => {
    const flag = async () => (await identityOf(other.id))?.can_log_in
    const { id } = await create({})
    const flags = [await flag()]
    for (const [method, path, body] of [
      ['POST', `users/${id}/password`, { password: OTHER }],
      ['PATCH', `users/${id}`, { status: 'inactive' }],
      ['PATCH', `users/${id}`, { status: 'active' }],
      ['DELETE', `users/${id}`, undefined],
    ] as const) {
      expect((await callAs(other.admin, method, path, body)).status).toBeLessThan(300)
      flags.push(await flag())
    }
    expect(flags).toEqual([0, 1, 0, 1, 0])
  })

  it('stays 0 for a user without a password who is active again', async () => {
    const { id } = await create({})
    for (const status of ['inactive', 'active']) await callAs(other.admin, 'PATCH', `users/${id}`, { status })
    expect(await identityOf(other.id)).toMatchObject({ can_log_in: 0 })
  })

  it.each<[string, () => Promise<unknown>]>([
    ['without a password', async () => create({}, (await createTestAccount()).admin)],
    [
      'inactive',
      async () => {
        const { user } = await addCandidate(cheapHash(OTHER))
        await execute(update(users, { status: 'inactive' }, sql`${users.id} = ${user.id}`))
      },
    ],
  ])('does not decide alone: outdated ones of users %s have no effect', async (_name, add) => {
    for (let count = 0; count < 2; count += 1) await add()
    const others = sql`${loginIdentities.emailNormalized} = ${logins.jane.email}
      AND ${loginIdentities.userId} <> ${logins.jane.id}`
    await execute(update(loginIdentities, { canLogIn: 1, claimedAt: 1 }, others))
    expect(await idOfLogin(PASSWORD)).toBe(logins.jane.id)
  })
})

describe('SEC-11 an IP address that one of two users has logged in from', () => {
  let home: string
  let second: Awaited<ReturnType<typeof addCandidate>>

  beforeEach(async () => {
    home = freshIpAddress()
    second = await addCandidate(cheapHash(OTHER))
    expect(await idOfLogin(PASSWORD, { address: home })).toBe(logins.jane.id)
  })

  it('is not locked out by failures from other IP addresses', async () => {
    await failLogins(10, logins.jane)
    expect([await statusOfLogin(PASSWORD), await statusOfLogin(OTHER)]).toEqual([429, 429])
    expect(await idOfLogin(PASSWORD, { address: home })).toBe(logins.jane.id)
  })

  it('has ten attempts of its own', async () => {
    await failLogins(10, logins.jane)
    await failLogins(10, logins.jane, home)
    expect(await statusOfLogin(PASSWORD, { address: home })).toBe(429)
  })

  it('gives no additional attempts with the password of the other one, in the same number of operations', async () => {
    await failLogins(10, logins.jane)
    const responses: string[] = []
    const operations = await hashesDuring(async () => {
      responses.push((await logIn(logins.jane.email, OTHER, { address: home })).text)
    })
    expect([responses, operations]).toEqual([[NO_LOGIN], 2])
    expect(await statusOfLogin(OTHER, { address: home, account: second.slug })).toBe(429)
  })

  it('is trusted only by the one that has logged in', async () => {
    await failLogins(10, logins.jane)
    const account = second.slug
    expect(await statusOfLogin(OTHER, { address: home, account })).toBe(429)
    expect(await statusOfLogin(PASSWORD, { address: home, account: logins.account.slug })).toBe(200)
  })
})

describe('an admin who controls a user with the same email', () => {
  /** Sets the password of the user to a guess, and sees from the login whether it is the password of the other one. */
  async function guess(password: string, address = freshIpAddress()): Promise<number> {
    await execute(
      update(
        users,
        { passwordHash: cheapHash(password) },
        sql`${users.accountId} = ${other.id} AND ${users.email} = ${logins.jane.email}`,
      ),
    )
    return statusOfLogin(password, { address })
  }

  beforeEach(async () => {
    await create({ password: OTHER })
  })

  it('learns nothing after ten successful logins in 15 minutes, from any IP addresses', async () => {
    expect(await guess(PASSWORD), 'the ambiguity shows that the guess is right').toBe(401)
    for (let attempt = 0; attempt < 9; attempt += 1) expect(await guess(`guess ${attempt}`)).toBe(200)
    expect(await guess(PASSWORD), 'the other user is not compared').toBe(200)
    advanceClock(15 * 60_000)
    expect(await guess(PASSWORD)).toBe(401)
  })

  it('learns no more if the other user got the email later', async () => {
    await execute(update(loginIdentities, { claimedAt: 1 }, sql`${loginIdentities.accountId} = ${other.id}`))
    for (let attempt = 0; attempt < 10; attempt += 1) expect(await guess(`guess ${attempt}`)).toBe(200)
    expect(await guess(PASSWORD)).toBe(200)
  })

  it('locks out neither known IP addresses of the other user nor logins with the account', async () => {
    const home = freshIpAddress()
    expect(await statusOfLogin(PASSWORD, { address: home })).toBe(200)
    for (let attempt = 0; attempt < 12; attempt += 1) expect(await guess(`guess ${attempt}`)).toBe(200)
    expect(await statusOfLogin(PASSWORD), 'from an unknown IP address').toBe(401)
    expect(await idOfLogin(PASSWORD, { address: home })).toBe(logins.jane.id)
    expect(await idOfLogin(PASSWORD, { account: logins.account.slug })).toBe(logins.jane.id)
  })
})
