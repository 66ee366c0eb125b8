import { beforeAll, describe, expect, it } from 'vitest'
import { freshIpAddress } from '../helpers/addresses'
import { type Account, call, createTestAccount, createTestMember } from '../helpers/api'
import { callAs } from '../helpers/tickets'

let account: Account
let other: Account

beforeAll(async () => {
  account = await createTestAccount()
  other = await createTestAccount()
})

describe('GET /users/{id}', () => {
  it.each(['admin', 'agent'] as const)('returns every user of the account to the %s, as in the list', async (role) => {
    const list = await callAs(account[role], 'GET', 'users')
    expect(list.body.data).toHaveLength(4)
    for (const user of list.body.data)
      expect((await callAs(account[role], 'GET', `users/${user.id}`)).body).toEqual({ data: user })
  })

  it('returns an inactive user too', async () => {
    const idle = await createTestMember(other.id, 'agent', { status: 'inactive' })
    expect((await callAs(other.agent, 'GET', `users/${idle.id}`)).body.data.status).toBe('inactive')
  })

  it('returns only themselves to a customer: all others are 404, with the bytes of an unknown ID', async () => {
    expect((await callAs(account.customer, 'GET', `users/${account.customer.id}`)).body.data.id).toBe(
      account.customer.id,
    )
    const random = await callAs(account.customer, 'GET', 'users/user_01k0000000000000000000000')
    expect([random.status, random.body.error.code]).toEqual([404, 'not_found'])
    for (const { id } of [account.admin, account.agent, account.stranger, other.customer])
      expect((await callAs(account.customer, 'GET', `users/${id}`)).text).toBe(random.text)
  })

  it('returns no user of another account, and none for an impossible ID', async () => {
    const random = await callAs(account.admin, 'GET', 'users/user_nobody')
    expect(random.status).toBe(404)
    const ids = [
      other.admin.id,
      other.customer.id,
      account.agent.id.toUpperCase(),
      `${account.agent.id}x`,
      "'",
      '%00',
      '😀',
    ]
    for (const id of ids) {
      const response = await callAs(account.admin, 'GET', `users/${encodeURIComponent(id)}`)
      expect([response.status, response.text]).toEqual([404, random.text])
    }
  })

  it('returns public fields only', async () => {
    const response = await callAs(account.admin, 'GET', `users/${account.agent.id}`)
    const keys = ['id', 'name', 'email', 'role', 'status', 'created_at', 'last_login_at', 'email_verified']
    expect(Object.keys(response.body.data)).toEqual(keys)
  })
})

describe('GET /users/me', () => {
  it.each(['admin', 'agent', 'customer'] as const)('returns the %s themselves', async (role) => {
    const me = await callAs(account[role], 'GET', 'users/me')
    expect(me.status).toBe(200)
    expect(me.body.data).toMatchObject({ id: account[role].id, email: account[role].email, role, status: 'active' })
    expect(me.body).toEqual((await callAs(account[role], 'GET', `users/${account[role].id}`)).body)
  })

  it('returns 401 without a credential', async () => {
    expect((await call('GET', 'users/me', { address: freshIpAddress() })).status).toBe(401)
  })
})
