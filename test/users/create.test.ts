import { beforeAll, describe, expect, it } from 'vitest'
import { type Account, API, call, createTestAccount, createTestMember, type TestResponse } from '../helpers/api'
import { hashesDuring } from '../helpers/hashing'
import { callAs, detailsOf, eventsOf, expectNoHoles } from '../helpers/tickets'
import { logIn, readStatuses, storedUser } from '../helpers/users'

let account: Account

beforeAll(async () => {
  account = await createTestAccount()
})

const create = (body: unknown) => callAs(account.admin, 'POST', 'users', body)
const countUsers = async () => (await callAs(account.admin, 'GET', 'users')).body.pagination.total

/** Expects that the body is rejected without storing or hashing anything. */
async function rejected(body: object): Promise<{ field: string; message: string }[]> {
  const before = await countUsers()
  const responses: TestResponse[] = []
  expect(await hashesDuring(async () => responses.push(await create(body)))).toBe(0)
  expect(await countUsers()).toBe(before)
  const [response] = responses
  if (!response) throw new Error('no response')
  return detailsOf(response, 400, 'invalid_input')
}

describe('POST /users', () => {
  it('creates a customer who cannot log in yet, returns the location, and emits user.created', async () => {
    const before = (await eventsOf(account.id)).length
    const response = await create({ name: '  Jo Ruiz ', email: ' Jo@Example.com ' })
    expect(response.status, response.text).toBe(201)
    const { id } = response.body.data
    expect(response.body).toEqual({
      data: {
        id: expect.stringMatching(/^user_[0-9a-z]{26}$/),
        name: 'Jo Ruiz',
        email: 'Jo@Example.com',
        role: 'customer',
        status: 'active',
        created_at: expect.stringMatching(/Z$/),
        last_login_at: null,
        email_verified: true,
      },
    })
    expect(response.headers.get('Location')).toBe(`${API}/users/${id}`)
    expect((await callAs(account.admin, 'GET', response.headers.get('Location') ?? '')).body).toEqual(response.body)
    const emitted = (await eventsOf(account.id)).slice(before)
    expect(emitted.map((event) => event.type)).toEqual(['user.created'])
    expect(emitted[0]?.data.user).toEqual({
      ...response.body.data,
      created_at: expect.any(Number),
      email_verified: 1,
    })
    await expectNoHoles(account.id)
  })

  it('keeps the prefix of the request in Location', async () => {
    const response = await call('POST', '/ticketing/v1/users', {
      token: account.admin.token,
      body: { name: 'Pre', email: 'pre@example.com' },
    })
    expect(response.headers.get('Location')).toBe(`/ticketing/v1/users/${response.body.data.id}`)
  })

  it.each(['admin', 'agent', 'customer'])('creates a user who is %s', async (role) => {
    const response = await create({ name: 'R', email: `${role}@roles.example`, role })
    expect([response.status, response.body.data.role]).toEqual([201, role])
    expect((await storedUser(response.body.data.id)).role).toBe(role)
  })

  it('creates a user without a password, who cannot log in until one is set', async () => {
    const email = 'later@example.com'
    const { id } = (await create({ name: 'Later', email })).body.data
    expect((await storedUser(id)).password_hash).toBeNull()
    for (const guess of ['null', ' ', 'later@example.com']) expect((await logIn(email, guess)).status).toBe(401)
    const set = await callAs(account.admin, 'POST', `users/${id}/password`, { password: 'set at last' })
    expect(set.status, set.text).toBe(204)
    const login = await logIn(email, 'set at last')
    expect(login.body.user).toEqual({ id, name: 'Later', email, role: 'customer' })
    expect((await callAs(account.admin, 'GET', `users/${id}`)).body.data.last_login_at).toMatch(/Z$/)
  })

  it('S03 accepts a password of 128 characters, and its prefixes do not log in', async () => {
    const password = `${'😀 '.repeat(63)}ab`
    const response = await create({ name: 'P', email: 'pass@example.com', role: 'agent', password })
    expect(response.status, response.text).toBe(201)
    expect(response.text).not.toMatch(/scrypt|password/)
    const login = await logIn('PASS@example.com', password)
    expect([login.status, login.body.user.role]).toEqual([200, 'agent'])
    expect(await readStatuses(login.body.token)).toEqual([200])
    expect((await logIn('pass@example.com', password.slice(0, -1))).status).toBe(401)
  })

  it('S02 returns 409 for an email in use in any case, also by an inactive user', async () => {
    await createTestMember(account.id, 'agent', { email: 'idle.kim@example.com', status: 'inactive' })
    const before = (await eventsOf(account.id)).length
    for (const email of [account.agent.email, account.agent.email.toUpperCase(), 'IDLE.kim@example.com']) {
      const response = await create({ name: 'N', email })
      expect(detailsOf(response, 409, 'conflict')).toEqual([
        { field: 'email', message: 'Email is already in use in this account', code: 'already_exists' },
      ])
    }
    expect(await eventsOf(account.id)).toHaveLength(before)
    expect((await create({ name: 'N', email: 'idle.\u212aim@example.com' })).status).toBe(201)
    const other = await createTestAccount()
    const same = await callAs(other.admin, 'POST', 'users', { name: 'N', email: account.agent.email })
    expect(same.status).toBe(201)
    await expectNoHoles(account.id)
  })

  it('S11 creates one user for fifty concurrent requests with one email, the others get 409', async () => {
    const own = await createTestAccount()
    const responses = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        callAs(own.admin, 'POST', 'users', {
          name: `N${index}`,
          email: index % 2 ? 'one@example.com' : 'ONE@example.com',
        }),
      ),
    )
    expect(responses.map((response) => response.status).sort()).toEqual([201, ...Array(49).fill(409)])
    expect((await callAs(own.admin, 'GET', 'users?q=one@example.com')).body.pagination.total).toBe(1)
    expect(await eventsOf(own.id)).toHaveLength(1)
    await expectNoHoles(own.id)
  })

  it.each(['agent', 'customer'] as const)('returns 403 to the %s, without an error about the body', async (role) => {
    const before = await countUsers()
    for (const body of [{ name: 'N', email: 'new@example.com' }, { nonsense: 1 }]) {
      const response = await callAs(account[role], 'POST', 'users', body)
      expect(detailsOf(response, 403, 'forbidden')).toEqual([])
    }
    expect(await countUsers()).toBe(before)
  })
})

describe('a body of POST /users', () => {
  it.each([
    ['7 characters', 'x'.repeat(7), 'too_short'],
    ['7 characters of two units each', '😀'.repeat(7), 'too_short'],
    ['129 characters', 'x'.repeat(129), 'too_long'],
    ['129 characters of two units each', '😀'.repeat(129), 'too_long'],
    ['5,000 characters', 'x'.repeat(5_000), 'too_long'],
    ['5,000 characters of two units each', '😀'.repeat(2_500), 'too_long'],
    ['none', '', 'too_short'],
  ])('S03 is rejected before any hashing with a password of %s', async (_name, password, code) => {
    expect(await rejected({ name: 'N', email: 'short@example.com', password })).toEqual([
      { field: 'password', message: 'Password must be 8 to 128 characters', code },
    ])
  })

  it('S03 is accepted with a password of 8 or 128 characters, with an emoji as one', async () => {
    const passwords = ['x'.repeat(8), '😀'.repeat(8), '😀'.repeat(128)]
    const responses = await Promise.all(
      passwords.map((password, index) => create({ name: 'N', email: `edge${index}@example.com`, password })),
    )
    expect(responses.map((response) => response.status)).toEqual([201, 201, 201])
  })

  it.each([
    [{}, ['email', 'name']],
    [{ name: 'N' }, ['email']],
    [{ name: '', email: 'x' }, ['email', 'name']],
    [{ name: 'N', email: 'a@b.c', role: 'root' }, ['role']],
    [{ name: 'N', email: 'a@b.c', role: null }, ['role']],
    [{ name: 'N', email: 'a@b.c', password: null }, ['password']],
    [{ name: 'N', email: 'a@b.c', password: 'eight\u0000chars' }, ['password']],
    [{ name: 'N', email: 'a@b.c', password: `lone\ud800 surrogate` }, ['password']],
    [{ name: 'x'.repeat(101), email: 'a@b.c' }, ['name']],
    [{ name: 'N', email: 'a b@c.d' }, ['email']],
    [{ name: 'N', email: 'a@b.c\u0000' }, ['email']],
  ])('is 400 for %j', async (body, fields) => {
    expect((await rejected(body)).map((entry) => entry.field).sort()).toEqual(fields)
  })

  it.each([
    'id',
    'account_id',
    'status',
    'kind',
    'created_at',
    'last_login_at',
    'email_verified',
    'password_hash',
    'credential_generation',
    'constructor',
  ])('S10 is 400 with %s, and nothing is stored', async (field) => {
    const [problem, ...more] = await rejected({ name: 'N', email: 'extra@example.com', [field]: 1 })
    expect([problem?.field, more]).toEqual([field, []])
    expect(problem?.message).toMatch(/is not a known field$/)
  })

  it('S10 is 400 with __proto__, and nothing is stored', async () => {
    const before = await countUsers()
    const response = await create('{"name":"N","email":"proto@example.com","__proto__":{"role":"admin"}}')
    expect(response.status).toBe(400)
    expect(await countUsers()).toBe(before)
  })
})
