import { beforeAll, describe, expect, it } from 'vitest'
import { accounts } from '../../src/db/schema/accounts'
import { sql } from '../../src/db/sql'
import { update } from '../../src/db/write'
import { freshIpAddress } from '../helpers/addresses'
import { type Account, call, createTestAccount, createTestMember, type TestResponse } from '../helpers/api'
import { execute } from '../helpers/database'
import { FULL_HASH, hashesDuring } from '../helpers/hashing'
import { callAs, eventsOf, expectNoHoles } from '../helpers/tickets'
import { logIn, storedUser } from '../helpers/users'

const PASSWORD = 'correct horse 🐴'

let account: Account
let second: Account
let closed: Account

beforeAll(async () => {
  account = await createTestAccount()
  second = await createTestAccount()
  closed = await createTestAccount()
  for (const { id } of [account, second])
    await execute(update(accounts, { allowRegistration: 1 }, sql`${accounts.id} = ${id}`))
})

const register = (fields: object, address = freshIpAddress()) =>
  call('POST', 'auth/register', {
    body: { account: account.slug, name: 'Jo Ruiz', email: 'jo@example.com', password: PASSWORD, ...fields },
    address,
  })
const countUsers = async () => (await callAs(account.admin, 'GET', 'users')).body.pagination.total

describe('POST /auth/register', () => {
  it('returns the response of a login, with the token of a customer, who can log in again', async () => {
    const response = await register({ name: '  Jo Ruiz ', email: ' Jo.First@Example.com\n' })
    expect(response.status, response.text).toBe(201)
    expect(Object.keys(response.body)).toEqual(['token', 'expires_at', 'user'])
    const { token, user } = response.body
    expect(user).toEqual({
      id: expect.stringMatching(/^user_/),
      name: 'Jo Ruiz',
      email: 'Jo.First@Example.com',
      role: 'customer',
    })
    expect((await call('GET', 'users/me', { token })).body.data).toMatchObject({ ...user, status: 'active' })
    expect((await call('GET', 'users', { token })).status).toBe(403)
    expect((await call('GET', 'account', { token })).status).toBe(403)
    const ticket = await call('POST', 'tickets', { token, body: { title: 'Mine', description: 'A text' } })
    expect([ticket.status, ticket.body.data.created_by.id]).toEqual([201, user.id])
    expect((await logIn('jo.first@example.com', PASSWORD)).body.user).toEqual(user)
    expect((await callAs(account.admin, 'GET', `users/${user.id}`)).body.data).toMatchObject({
      id: user.id,
      role: 'customer',
    })
  })

  it('emits user.created with exactly the public fields of a user', async () => {
    const before = await eventsOf(account.id)
    const { user } = (await register({ email: 'event@example.com' })).body
    const emitted = (await eventsOf(account.id)).slice(before.length)
    expect(emitted).toHaveLength(1)
    const stored = await storedUser(user.id)
    expect(emitted[0]).toMatchObject({ type: 'user.created', ticket_id: null, is_internal: 0 })
    expect(emitted[0]?.data).toEqual({
      user: {
        ...user,
        status: 'active',
        created_at: expect.any(Number),
        last_login_at: stored.last_login_at,
        email_verified: 0,
      },
    })
    await expectNoHoles(account.id)
  })

  it('stores a hash of full cost with its own salt, also for equal passwords', async () => {
    const [one, two] = await Promise.all(['salt1@example.com', 'salt2@example.com'].map((email) => register({ email })))
    const hashes = await Promise.all(
      [one, two].map(async (response) => (await storedUser(response?.body.user.id)).password_hash),
    )
    for (const hash of hashes) expect(hash).toMatch(FULL_HASH)
    expect(hashes[0]).not.toBe(hashes[1])
    expect(hashes[0]?.split('$')[4]).not.toBe(hashes[1]?.split('$')[4])
  })

  it('returns the same 403 for an unknown and a closed account, at the same cost', async () => {
    const responses: TestResponse[] = []
    const before = [await countUsers(), (await eventsOf(closed.id)).length]
    for (const slug of ['no-such-account', closed.slug, account.slug.toUpperCase(), "' OR 1=1 --", account.id]) {
      const hashes = await hashesDuring(async () =>
        responses.push(await register({ account: slug, email: 'new@example.com' })),
      )
      expect(hashes, slug).toBe(1)
    }
    expect(responses.map((response) => response.status)).toEqual([403, 403, 403, 403, 403])
    expect(new Set(responses.map((response) => response.text)).size).toBe(1)
    expect(responses[0]?.body.error.code).toBe('forbidden')
    expect([await countUsers(), (await eventsOf(closed.id)).length]).toEqual(before)
  })

  it('does not reveal whether a closed account has an email', async () => {
    const known = await register({ account: closed.slug, email: closed.agent.email })
    const unknown = await register({ account: closed.slug, email: 'unknown@example.com' })
    expect([known.status, known.text]).toEqual([403, unknown.text])
  })

  it('S02 returns 409 for an email of the account in any case; a letter outside ASCII is different', async () => {
    const taken = await createTestMember(account.id, 'agent', { email: 'kim.taken@example.com', name: 'Kim' })
    const [userCount, eventCount] = [await countUsers(), (await eventsOf(account.id)).length]
    for (const email of ['kim.taken@example.com', ' KIM.Taken@EXAMPLE.com ']) {
      const response = await register({ email })
      expect([response.status, response.body.error.code]).toEqual([409, 'conflict'])
      expect(response.body.error.details).toEqual([
        { field: 'email', message: 'Email is already in use in this account', code: 'already_exists' },
      ])
    }
    expect([await countUsers(), (await eventsOf(account.id)).length]).toEqual([userCount, eventCount])
    expect((await register({ email: '\u212aim.taken@example.com' })).status).toBe(201)
    expect((await register({ account: second.slug, email: 'kim.taken@example.com' })).status).toBe(201)
    expect(await storedUser(taken.id)).toMatchObject({ name: 'Kim', role: 'agent', password_hash: null })
    await expectNoHoles(account.id)
  })

  it('S02 creates one user for ten concurrent requests with one email', async () => {
    const responses = await Promise.all(Array.from({ length: 10 }, () => register({ email: 'race@example.com' })))
    expect(responses.map((response) => response.status).sort()).toEqual([201, ...Array(9).fill(409)])
  })

  it('allows five requests per hour and IP address, regardless of their results, then rejects before hashing', async () => {
    const address = freshIpAddress()
    const slugs = ['no-such-account', closed.slug, 'none', closed.slug, 'none']
    for (const slug of slugs) expect((await register({ account: slug }, address)).status).toBe(403)
    const responses: TestResponse[] = []
    const hashes = await hashesDuring(async () =>
      responses.push(await register({ email: 'sixth@example.com' }, address)),
    )
    expect([responses[0]?.status, responses[0]?.body.error.code, hashes]).toEqual([429, 'rate_limited', 0])
    expect(responses[0]?.body.error.message).toBe(
      'The limit of 5 registrations per hour from one IP address is reached',
    )
    expect(Number(responses[0]?.headers.get('Retry-After'))).toBeGreaterThan(3_000)
    expect((await register({ email: 'sixth@example.com' })).status).toBe(201)
  })

  it.each([
    [
      { account: undefined, name: undefined, email: undefined, password: undefined },
      ['account', 'email', 'name', 'password'],
    ],
    [{ password: '1234567' }, ['password']],
    [{ password: 'x'.repeat(129) }, ['password']],
    [{ password: 'x'.repeat(5_000) }, ['password']],
    [{ email: 'jo at example.com' }, ['email']],
    [{ email: 'jo@example' }, ['email']],
    [{ email: 'jo@example.com, ann@example.com' }, ['email']],
    [{ email: `${'x'.repeat(250)}@example.com` }, ['email']],
    [{ name: '\u0000' }, ['name']],
    [{ name: 'a\nb\u0007' }, ['name']],
    [{ role: 'admin' }, ['role']],
    [
      { id: 'user_mine', account_id: 'x', status: 'active', created_at: 1 },
      ['account_id', 'created_at', 'id', 'status'],
    ],
  ])('S10 rejects %j with 400, without any hashing', async (fields, expected) => {
    const responses: TestResponse[] = []
    expect(await hashesDuring(async () => responses.push(await register(fields)))).toBe(0)
    expect(responses[0]?.status).toBe(400)
    expect(responses[0]?.body.error.details.map((entry: { field: string }) => entry.field).sort()).toEqual(expected)
  })
})
