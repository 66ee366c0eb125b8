import { beforeEach, describe, expect, it } from 'vitest'
import { loginIdentities } from '../../src/db/schema/accounts'
import { sql } from '../../src/db/sql'
import { select } from '../../src/db/statement'
import {
  type Account,
  createTestAccount,
  createTestMember,
  createTestToken,
  type Member,
  type TestResponse,
} from '../helpers/api'
import { row } from '../helpers/database'
import { hashesDuring } from '../helpers/hashing'
import { callAs, detailsOf, eventsOf } from '../helpers/tickets'
import { cheapHash, logIn, NO_LOGIN, readStatuses, storedUser } from '../helpers/users'

const PASSWORD = 'correct horse'

let account: Account
let jane: Member
let second: string

beforeEach(async () => {
  account = await createTestAccount()
  jane = await createTestMember(account.id, 'customer', { name: 'Jane', passwordHash: cheapHash(PASSWORD) })
  second = await createTestToken(account.id, jane.id, 'customer')
})

const patch = (by: Member, path: string, body: unknown) => callAs(by, 'PATCH', `users/${path}`, body)
const knownLogins = (email: string) =>
  row(
    select(
      { n: sql<number>`count(*)` },
      sql`FROM ${loginIdentities} WHERE ${loginIdentities.accountId} = ${account.id}
        AND ${loginIdentities.emailNormalized} = ${email}`,
    ),
  )

describe('the name of a user', () => {
  it.each(['me', 'id'])('can be changed by themselves, by %s, and revokes no token', async (path) => {
    for (const member of [jane, account.agent, account.admin]) {
      const response = await patch(member, path === 'me' ? 'me' : member.id, { name: '  Zoë ' })
      expect([response.status, response.body.data.name]).toEqual([200, 'Zoë'])
      expect((await storedUser(member.id)).name).toBe('Zoë')
    }
    expect(await readStatuses(jane.token, second)).toEqual([200, 200])
    expect((await logIn(jane.email, PASSWORD)).body.user.name).toBe('Zoë')
    expect(await eventsOf(account.id)).toEqual([])
  })

  it('can be changed by an admin for others, whose tokens stay valid', async () => {
    const response = await patch(account.admin, jane.id, { name: 'Renamed' })
    expect(response.body.data).toMatchObject({ id: jane.id, name: 'Renamed', email: jane.email, role: 'customer' })
    expect(await readStatuses(jane.token, second)).toEqual([200, 200])
    expect((await storedUser(account.stranger.id)).name).toBe('Stranger')
  })
})

describe('a user’s own email', () => {
  it('is 400 without the current password, 401 with a wrong one, and nothing changes', async () => {
    const before = await storedUser(jane.id)
    for (const path of ['me', jane.id]) {
      const missing = await patch(jane, path, { email: 'new@example.com', name: 'New' })
      expect(detailsOf(missing, 400, 'invalid_input')).toEqual([
        { field: 'current_password', message: 'current_password is required', code: 'required' },
      ])
      const wrong = await patch(jane, path, { email: 'new@example.com', name: 'New', current_password: 'wrong horse' })
      expect([wrong.status, wrong.text]).toEqual([401, NO_LOGIN])
    }
    expect(await storedUser(jane.id)).toEqual(before)
    expect(await readStatuses(jane.token, second)).toEqual([200, 200])
  })

  it.each(['me', 'id'])(
    'is changed with the password, by %s: only the caller’s token stays valid',
    async (path) => {
      const email = `Jane.New.${path}@Example.com`
      const response = await patch(jane, path === 'me' ? 'me' : jane.id, {
        email: ` ${email} `,
        current_password: PASSWORD,
      })
      expect(response.status, response.text).toBe(200)
      expect(response.body.data).toMatchObject({ id: jane.id, email, role: 'customer', status: 'active' })
      expect(response.text).not.toContain('password')
      expect(await readStatuses(jane.token, second)).toEqual([200, 401])
      const login = await logIn(email.toLowerCase(), PASSWORD)
      expect(login.body.user).toMatchObject({ id: jane.id, email })
      expect(await readStatuses(jane.token, login.body.token)).toEqual([200, 200])
      const old = await logIn(jane.email, PASSWORD)
      expect([old.status, old.text]).toEqual([401, NO_LOGIN])
      expect([await knownLogins(jane.email), await knownLogins(email.toLowerCase())]).toEqual([{ n: 0 }, { n: 1 }])
    },
    20_000,
  )

  it('can be used by another user after a change', async () => {
    expect((await patch(jane, 'me', { email: 'moved@example.com', current_password: PASSWORD })).status).toBe(200)
    const response = await callAs(account.admin, 'POST', 'users', { name: 'Next', email: jane.email })
    expect(response.status, response.text).toBe(201)
  })

  it('is the same in another case: no token is revoked', async () => {
    const response = await patch(jane, 'me', { email: jane.email.toUpperCase(), current_password: PASSWORD })
    expect([response.status, response.body.data.email]).toEqual([200, jane.email.toUpperCase()])
    expect(await readStatuses(jane.token, second)).toEqual([200, 200])
    expect((await logIn(jane.email, PASSWORD)).status).toBe(200)
  })

  it('S02 is 409 if it is in use in the account, and revokes nothing; in another account it can be used', async () => {
    const other = await createTestAccount()
    const before = await storedUser(jane.id)
    const email = account.agent.email.toUpperCase()
    const taken = await patch(jane, 'me', { email, name: 'New', current_password: PASSWORD })
    expect(detailsOf(taken, 409, 'conflict')).toEqual([
      { field: 'email', message: 'Email is already in use in this account', code: 'already_exists' },
    ])
    expect(await storedUser(jane.id)).toEqual(before)
    expect(await readStatuses(jane.token, second)).toEqual([200, 200])
    expect(await knownLogins(jane.email)).toEqual({ n: 1 })
    expect((await patch(jane, 'me', { email: other.agent.email, current_password: PASSWORD })).status).toBe(200)
  })

  it('requires the password of an admin too, and a wrong one counts as a failed login', async () => {
    const boss = await createTestMember(account.id, 'admin', { passwordHash: cheapHash(PASSWORD) })
    expect((await patch(boss, boss.id, { email: 'boss@example.com' })).status).toBe(400)
    const wrong = { email: 'boss@example.com', current_password: 'wrong horse' }
    for (let attempt = 0; attempt < 10; attempt += 1) expect((await patch(boss, 'me', wrong)).status).toBe(401)
    const responses: TestResponse[] = []
    const right = { email: 'boss@example.com', current_password: PASSWORD }
    const hashes = await hashesDuring(async () => {
      responses.push(await patch(boss, 'me', right), await logIn(boss.email, PASSWORD))
    })
    expect([responses.map((response) => response.status), hashes]).toEqual([[429, 429], 0])
    expect((await storedUser(boss.id)).email).toBe(boss.email)
  })

  it('cannot be changed by a user without a password', async () => {
    const response = await patch(account.customer, 'me', { email: 'free@example.com', current_password: PASSWORD })
    expect([response.status, response.text]).toEqual([401, NO_LOGIN])
  })
})

describe('the email of another user', () => {
  it('can be changed by an admin without a password, which revokes all of that user’s tokens immediately', async () => {
    const response = await patch(account.admin, jane.id, { email: 'jane.moved@example.com' })
    expect([response.status, response.body.data.email]).toEqual([200, 'jane.moved@example.com'])
    expect(await readStatuses(jane.token, second, account.admin.token)).toEqual([401, 401, 200])
    expect((await logIn(jane.email, PASSWORD)).text).toBe(NO_LOGIN)
    const login = await logIn('jane.moved@example.com', PASSWORD)
    expect(await readStatuses(login.body.token)).toEqual([200])
  })

  it('is rejected with a current_password: 400', async () => {
    const response = await patch(account.admin, jane.id, { email: 'x@example.com', current_password: PASSWORD })
    expect(detailsOf(response, 400, 'invalid_input').map((entry) => entry.field)).toEqual(['current_password'])
    expect((await storedUser(jane.id)).email).toBe(jane.email)
  })
})

describe('unchanged values', () => {
  it('keep every token valid', async () => {
    const { email, role } = jane
    const response = await patch(account.admin, jane.id, { name: 'Jane', email, role, status: 'active' })
    expect(response.status, response.text).toBe(200)
    expect(await readStatuses(jane.token, second)).toEqual([200, 200])
    expect((await storedUser(jane.id)).credential_generation).toBe(1)
    expect((await logIn(email, PASSWORD)).status).toBe(200)
  })
})

describe('a body of PATCH /users', () => {
  it.each([
    [{}, ['body']],
    [{ current_password: PASSWORD }, ['body']],
    [{ name: '' }, ['name']],
    [{ name: null }, ['name']],
    [{ email: 'x' }, ['email']],
    [{ email: '' }, ['email']],
    [{ role: 'root' }, ['role']],
    [{ status: 'gone' }, ['status']],
    [{ name: 'N', password: 'a new password' }, ['password']],
    [{ email: 'a@b.c', current_password: 'x'.repeat(5_000) }, ['current_password']],
    [
      { id: 'x', account_id: 'x', created_at: 1, last_login_at: 1 },
      ['account_id', 'created_at', 'id', 'last_login_at'],
    ],
    [{ password_hash: 'x', credential_generation: 9, kind: 'key' }, ['credential_generation', 'kind', 'password_hash']],
  ])('S10 %j is 400, with nothing stored and nothing hashed', async (body, fields) => {
    const before = await storedUser(account.admin.id)
    const hashes = await hashesDuring(async () => {
      const details = detailsOf(await patch(account.admin, 'me', body), 400, 'invalid_input')
      expect(details.map((entry) => entry.field).sort()).toEqual(fields)
    })
    expect(hashes).toBe(0)
    expect(await storedUser(account.admin.id)).toEqual(before)
  })
})
