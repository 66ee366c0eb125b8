import { beforeAll, describe, expect, it, vi } from 'vitest'
import { users } from '../../src/db/schema/accounts'
import { sql } from '../../src/db/sql'
import { select } from '../../src/db/statement'
import { update } from '../../src/db/write'
import { hashPassword } from '../../src/lib/passwords'
import { freshIpAddress } from '../helpers/addresses'
import { type Account, call, createTestAccount, createTestMember, type Member, type TestResponse } from '../helpers/api'
import { realBatch, sessions } from '../helpers/d1'
import { prepare, row } from '../helpers/database'
import { hashesDuring } from '../helpers/hashing'
import { cheapHash, NO_LOGIN } from '../helpers/users'

const PASSWORD = 'your_password'
const OTHER = 'another_password'

let account: Account
let second: Account
let jane: Member
let idle: Member
let unset: Member
let sameEmail: Member

const EMAIL = {
  jane: 'jane.kelvin@example.com',
  sameEmail: 'twin@example.com',
  ambiguous: 'ambiguous@example.com',
}

beforeAll(async () => {
  account = await createTestAccount('standard')
  second = await createTestAccount('standard')
  const passwordHash = await hashPassword(PASSWORD)
  jane = await createTestMember(account.id, 'customer', { name: 'Jane Smith', email: EMAIL.jane, passwordHash })
  idle = await createTestMember(account.id, 'agent', { passwordHash, status: 'inactive' })
  unset = await createTestMember(account.id, 'agent')
  sameEmail = await createTestMember(account.id, 'agent', { email: EMAIL.sameEmail, passwordHash })
  await createTestMember(second.id, 'customer', { email: EMAIL.sameEmail, passwordHash: await hashPassword(OTHER) })
  for (const { id } of [account, second])
    await createTestMember(id, 'customer', { email: EMAIL.ambiguous, passwordHash: cheapHash(PASSWORD) })
})

const login = (body: unknown, options: object = {}) =>
  call('POST', 'auth/login', { body, address: freshIpAddress(), ...options })

function claimsOf(token: string) {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
}

describe('POST /auth/login', () => {
  it('returns the response of the reference, without a data wrapper', async () => {
    const response = await login({ email: jane.email, password: PASSWORD })
    expect(response.status).toBe(200)
    expect(Object.keys(response.body)).toEqual(['token', 'expires_at', 'user'])
    expect(response.body.user).toEqual({ id: jane.id, name: 'Jane Smith', email: jane.email, role: 'customer' })
    expect(Object.keys(response.body.user)).toEqual(['id', 'name', 'email', 'role'])
    expect(response.headers.get('Cache-Control')).toBe('no-store')
    expect(response.text).not.toContain('scrypt')
  })

  it('returns an HS256 JWT with the documented claims, for 30 days', async () => {
    const before = Math.floor(Date.now() / 1_000)
    const { token, expires_at } = (await login({ email: jane.email, password: PASSWORD })).body
    const header = JSON.parse(Buffer.from(token.split('.')[0], 'base64url').toString())
    expect(header).toEqual({ alg: 'HS256', typ: 'JWT' })
    const claims = claimsOf(token)
    expect(Object.keys(claims).sort()).toEqual(['acc', 'aud', 'exp', 'gen', 'iat', 'iss', 'jti', 'role', 'sub'])
    expect(claims).toMatchObject({ sub: jane.id, acc: account.id, role: 'customer', gen: 1 })
    expect(claims.iat).toBeGreaterThanOrEqual(before)
    expect(claims.exp - claims.iat).toBe(30 * 24 * 60 * 60)
    expect(Date.parse(expires_at) / 1_000).toBe(claims.exp)
    const again = claimsOf((await login({ email: jane.email, password: PASSWORD })).body.token)
    expect(again.jti).not.toBe(claims.jti)
  })

  it('returns a token that works, and records the login', async () => {
    const before = Date.now()
    const { token } = (await login({ email: jane.email, password: PASSWORD })).body
    expect((await call('GET', 'tickets', { token })).status).toBe(200)
    const user = await row(
      select({ last_login_at: users.lastLoginAt }, sql`FROM ${users} WHERE ${users.id} = ${jane.id}`),
    )
    expect(user?.last_login_at).toBeGreaterThanOrEqual(before)
  })

  it('S02 trims the email and ignores the case of ASCII letters', async () => {
    for (const email of [' JANE.Kelvin@Example.com ', '\tjane.KELVIN@EXAMPLE.COM\n', EMAIL.jane.toUpperCase()])
      expect((await login({ email, password: PASSWORD })).status).toBe(200)
  })

  it('S02 does not match an ASCII email with a Kelvin sign or full-width letters', async () => {
    for (const email of ['jane.\u212aelvin@example.com', 'ｊａｎｅ.kelvin@example.com', 'jane.kelvin@e\u0445ample.com'])
      expect((await login({ email, password: PASSWORD })).body.error.code).toBe('invalid_credentials')
  })

  it('ignores credentials, valid or invalid', async () => {
    const headers = { Authorization: 'Bearer a.b.c', 'X-API-Key': 'tk_live_other' }
    expect((await login({ email: jane.email, password: PASSWORD }, { headers })).status).toBe(200)
    expect((await login({ email: jane.email, password: PASSWORD }, { token: account.admin.token })).status).toBe(200)
  })

  it('selects the account by slug if several accounts have the email', async () => {
    const first = await login({ email: EMAIL.sameEmail, password: PASSWORD, account: account.slug })
    expect(first.body.user.id).toBe(sameEmail.id)
    const other = await login({ email: EMAIL.sameEmail, password: OTHER, account: second.slug })
    expect(claimsOf(other.body.token)).toMatchObject({ acc: second.id, role: 'customer' })
    expect((await login({ email: EMAIL.sameEmail, password: OTHER, account: account.slug })).status).toBe(401)
    expect((await login({ email: EMAIL.jane, password: PASSWORD, account: second.slug })).status).toBe(401)
    expect((await login({ email: EMAIL.jane, password: PASSWORD, account: account.slug })).status).toBe(200)
  })
})

describe('S01 a failed login', () => {
  it('S01 has the same bytes and the same cost for every reason', async () => {
    const attempts: Record<string, object> = {
      'wrong password': { email: jane.email, password: 'not_the_password' },
      'unknown e-mail': { email: 'nobody@example.com', password: PASSWORD },
      'inactive user': { email: idle.email, password: PASSWORD },
      'ambiguous account, password of none': { email: EMAIL.sameEmail, password: 'not_the_password' },
      'password of two accounts': { email: EMAIL.ambiguous, password: PASSWORD },
      'unknown slug': { email: jane.email, password: PASSWORD, account: 'no-such-account' },
      'another account': { email: jane.email, password: PASSWORD, account: second.slug },
      'wrong password, with the account': { email: jane.email, password: 'not_the_password', account: account.slug },
      'inactive user, with the account': { email: idle.email, password: PASSWORD, account: account.slug },
      'no password yet': { email: unset.email, password: PASSWORD },
      'the hash as password': { email: jane.email, password: (await hashOf(jane.id)) ?? '' },
    }
    const responses: TestResponse[] = []
    for (const [reason, body] of Object.entries(attempts)) {
      const hashes = await hashesDuring(async () => responses.push(await login(body)))
      expect(hashes, reason).toBe('account' in body ? 1 : 2)
    }
    expect(responses.map((response) => response.status)).toEqual(responses.map(() => 401))
    expect([...new Set(responses.map((response) => response.text))]).toEqual([NO_LOGIN])
    const names = (response: TestResponse) => [...response.headers.keys()].sort().join()
    expect(new Set(responses.map(names)).size).toBe(1)
    expect(responses[0]?.headers.get('WWW-Authenticate')).toMatch(/^Bearer/)
  })

  it('does not record a login', async () => {
    await login({ email: idle.email, password: PASSWORD })
    const user = await row(
      select({ last_login_at: users.lastLoginAt }, sql`FROM ${users} WHERE ${users.id} = ${idle.id}`),
    )
    expect(user?.last_login_at).toBeNull()
  })

  it('is the result if the user is deactivated during the check of the password', async () => {
    const late = await createTestMember(account.id, 'agent', { passwordHash: (await hashOf(jane.id)) ?? '' })
    const change = prepare(update(users, { status: 'inactive' }, sql`${users.id} = ${late.id}`))
    const response = await whileChecked(change, () => login({ email: late.email, password: PASSWORD }))
    expect(response.body.error.code).toBe('invalid_credentials')
  })

  it('is the result if the password is changed during its check', async () => {
    const late = await createTestMember(account.id, 'agent', { passwordHash: (await hashOf(jane.id)) ?? '' })
    const change = prepare(update(users, { tokenVersion: 2 }, sql`${users.id} = ${late.id}`))
    const response = await whileChecked(change, () => login({ email: late.email, password: PASSWORD }))
    expect(response.body.error.code).toBe('invalid_credentials')
  })

  async function whileChecked(change: D1PreparedStatement, act: () => Promise<TestResponse>): Promise<TestResponse> {
    const original = realBatch()
    let isMade = false
    const spy = vi.spyOn(sessions, 'batch').mockImplementation((async (statements: D1PreparedStatement[]) => {
      const found = await original(statements)
      const reads = statements.some((each) => String(Reflect.get(each, 'statement')).includes('password_hash'))
      if (reads && !isMade) {
        isMade = true
        await change.run()
      }
      return found
    }) as never)
    const response = await act()
    spy.mockRestore()
    return response
  }

  async function hashOf(id: string) {
    return (await row(select({ password_hash: users.passwordHash }, sql`FROM ${users} WHERE ${users.id} = ${id}`)))
      ?.password_hash
  }
})

describe('an invalid login', () => {
  it('S03 with 5,000 characters is rejected before hashing', async () => {
    const responses: TestResponse[] = []
    const hashes = await hashesDuring(async () =>
      responses.push(await login({ email: jane.email, password: 'x'.repeat(5_000) })),
    )
    expect(hashes).toBe(0)
    expect(responses[0]?.status).toBe(400)
    expect(responses[0]?.body.error.details).toEqual([
      { field: 'password', message: 'Password must be 1 to 128 characters', code: 'too_long' },
    ])
  })

  it.each([
    [{}, ['email', 'password']],
    [{ email: EMAIL.jane }, ['password']],
    [{ email: EMAIL.jane, password: '' }, ['password']],
    [{ email: EMAIL.jane, password: 1 }, ['password']],
    [{ email: EMAIL.jane, password: 'a\0b' }, ['password']],
    [{ email: 'no address', password: 'x' }, ['email']],
    [{ email: [EMAIL.jane], password: { $ne: '' } }, ['email', 'password']],
    [{ email: EMAIL.jane, password: 'x', role: 'admin' }, ['role']],
    [{ email: EMAIL.jane, password: 'x', account: '' }, ['account']],
    [{ email: `${'x'.repeat(250)}@example.com`, password: 'x' }, ['email']],
  ])('with %j is 400', async (body, fields) => {
    const response = await login(body)
    expect(response.status).toBe(400)
    expect(response.body.error.details.map((entry: { field: string }) => entry.field).sort()).toEqual(fields)
  })

  it.each(["jane'--@example.com", "'or'1'='1@example.com", '%@example.com'])(
    'with %s matches no user',
    async (email) => {
      expect((await login({ email, password: PASSWORD })).body.error.code).toBe('invalid_credentials')
    },
  )
})
