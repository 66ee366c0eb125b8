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

describe('the name', () => {
  it.each(['me', 'id'])('is anybody’s own to change, by %s, and ends no token', async (path) => {
    for (const member of [jane, account.agent, account.admin]) {
      const response = await patch(member, path === 'me' ? 'me' : member.id, { name: '  Zoë ' })
      expect([response.status, response.body.data.name]).toEqual([200, 'Zoë'])
      expect((await storedUser(member.id)).name).toBe('Zoë')
    }
    expect(await readStatuses(jane.token, second)).toEqual([200, 200])
    expect((await logIn(jane.email, PASSWORD)).body.user.name).toBe('Zoë')
    expect(await eventsOf(account.id)).toEqual([])
  })

  it('is an admin’s to change of others, whose tokens live', async () => {
    const response = await patch(account.admin, jane.id, { name: 'Renamed' })
    expect(response.body.data).toMatchObject({ id: jane.id, name: 'Renamed', email: jane.email, role: 'customer' })
    expect(await readStatuses(jane.token, second)).toEqual([200, 200])
    expect((await storedUser(account.stranger.id)).name).toBe('Stranger')
  })
})

describe('one’s own e-mail', () => {
  it('without the current password is 400, with a wrong one 401, and nothing changes', async () => {
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
    'with it is changed, by %s: the caller’s token lives, all others die at once',
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

  it('that was given up is free for another', async () => {
    expect((await patch(jane, 'me', { email: 'moved@example.com', current_password: PASSWORD })).status).toBe(200)
    const response = await callAs(account.admin, 'POST', 'users', { name: 'Next', email: jane.email })
    expect(response.status, response.text).toBe(201)
  })

  it('in another case is the same e-mail: no token ends', async () => {
    const response = await patch(jane, 'me', { email: jane.email.toUpperCase(), current_password: PASSWORD })
    expect([response.status, response.body.data.email]).toEqual([200, jane.email.toUpperCase()])
    expect(await readStatuses(jane.token, second)).toEqual([200, 200])
    expect((await logIn(jane.email, PASSWORD)).status).toBe(200)
  })

  it('S02 in use in the account is 409, and ends nothing; in another account it is free', async () => {
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

  it('an admin needs the password too, and has a wrong one counted as a failed login', async () => {
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

  it('of somebody who has no password can not be changed by them', async () => {
    const response = await patch(account.customer, 'me', { email: 'free@example.com', current_password: PASSWORD })
    expect([response.status, response.text]).toEqual([401, NO_LOGIN])
  })
})

describe('another’s e-mail', () => {
  it('is an admin’s to change without a password: all of that user’s tokens die at once', async () => {
    const response = await patch(account.admin, jane.id, { email: 'jane.moved@example.com' })
    expect([response.status, response.body.data.email]).toEqual([200, 'jane.moved@example.com'])
    expect(await readStatuses(jane.token, second, account.admin.token)).toEqual([401, 401, 200])
    expect((await logIn(jane.email, PASSWORD)).text).toBe(NO_LOGIN)
    const login = await logIn('jane.moved@example.com', PASSWORD)
    expect(await readStatuses(login.body.token)).toEqual([200])
  })

  it('comes with no current_password: 400', async () => {
    const response = await patch(account.admin, jane.id, { email: 'x@example.com', current_password: PASSWORD })
    expect(detailsOf(response, 400, 'invalid_input').map((entry) => entry.field)).toEqual(['current_password'])
    expect((await storedUser(jane.id)).email).toBe(jane.email)
  })
})

describe('unchanged values', () => {
  it('keep every token alive', async () => {
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
  ])('S10 %j is 400, nothing stored, nothing hashed', async (body, fields) => {
    const before = await storedUser(account.admin.id)
    const hashes = await hashesDuring(async () => {
      const details = detailsOf(await patch(account.admin, 'me', body), 400, 'invalid_input')
      expect(details.map((entry) => entry.field).sort()).toEqual(fields)
    })
    expect(hashes).toBe(0)
    expect(await storedUser(account.admin.id)).toEqual(before)
  })
})
