import { beforeEach, describe, expect, it } from 'vitest'
import { accounts } from '../../src/db/schema/accounts'
import { sql } from '../../src/db/sql'
import { freshIpAddress } from '../helpers/addresses'
import { type Account, call, createTestAccount } from '../helpers/api'
import { row } from '../helpers/database'
import { callAs, detailsOf } from '../helpers/tickets'

let account: Account

beforeEach(async () => {
  account = await createTestAccount()
})

const stored = (id: string) => row<Record<string, unknown>>(sql`SELECT * FROM ${accounts} WHERE ${accounts.id} = ${id}`)

describe('GET /account', () => {
  it('shows an admin the account, and nothing beside', async () => {
    const response = await callAs(account.admin, 'GET', 'account')
    expect(response.status).toBe(200)
    expect(response.body).toEqual({
      data: {
        id: account.id,
        name: account.slug,
        slug: account.slug,
        plan: 'premium',
        allow_registration: false,
        created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      },
    })
  })

  it.each(['agent', 'customer'] as const)('is 403 for the %s, as is its change', async (role) => {
    const before = await stored(account.id)
    for (const response of [
      await callAs(account[role], 'GET', 'account'),
      await callAs(account[role], 'PATCH', 'account', { name: 'Mine' }),
      await callAs(account[role], 'PATCH', 'account', { allow_registration: true }),
      await callAs(account[role], 'PATCH', 'account', { nonsense: 1 }),
    ])
      expect([response.status, response.body.error.code]).toEqual([403, 'forbidden'])
    expect(await stored(account.id)).toEqual(before)
  })

  it('is 401 without a credential', async () => {
    expect((await call('GET', 'account', { address: freshIpAddress() })).status).toBe(401)
  })
})

describe('PATCH /account', () => {
  it('changes the name alone, trimmed, and no other account', async () => {
    const other = await createTestAccount()
    const [before, otherBefore] = [await stored(account.id), await stored(other.id)]
    const response = await callAs(account.admin, 'PATCH', 'account', { name: '  Größer & Co ' })
    expect(response.status, response.text).toBe(200)
    expect(response.body.data).toMatchObject({ id: account.id, name: 'Größer & Co', slug: account.slug })
    expect(await stored(account.id)).toEqual({ ...before, name: 'Größer & Co' })
    expect(await stored(other.id)).toEqual(otherBefore)
    expect((await callAs(account.admin, 'GET', 'account')).body).toEqual(response.body)
  })

  it('opens registration and closes it again', async () => {
    const address = freshIpAddress()
    const join = (email: string) =>
      call('POST', 'auth/register', {
        body: { account: account.slug, name: 'Jo', email, password: 'correct horse' },
        address,
      })
    expect((await join('jo@open.example')).status).toBe(403)
    const opened = await callAs(account.admin, 'PATCH', 'account', { allow_registration: true })
    expect([opened.status, opened.body.data.allow_registration]).toEqual([200, true])
    expect((await join('jo@open.example')).status).toBe(201)
    const closed = await callAs(account.admin, 'PATCH', 'account', { allow_registration: false })
    expect(closed.body.data).toMatchObject({ allow_registration: false, name: account.slug })
    expect((await join('ann@open.example')).status).toBe(403)
  })

  it('changes both at once, and nothing when it says what is', async () => {
    await callAs(account.admin, 'PATCH', 'account', { name: 'Both', allow_registration: true })
    const before = await stored(account.id)
    expect(before).toMatchObject({ name: 'Both', allow_registration: 1 })
    const again = await callAs(account.admin, 'PATCH', 'account', { name: 'Both', allow_registration: true })
    expect(again.status).toBe(200)
    expect(await stored(account.id)).toEqual(before)
  })

  it.each([
    [{ plan: 'premium' }, ['plan']],
    [{ name: 'Fine', plan: 'standard' }, ['plan']],
    [{ slug: 'acme', id: 'acct_x', created_at: 1 }, ['created_at', 'id', 'slug']],
    [{ name: '' }, ['name']],
    [{ name: null }, ['name']],
    [{ name: 'a\0b' }, ['name']],
    [{ name: 'x'.repeat(101) }, ['name']],
    [{ allow_registration: 'true' }, ['allow_registration']],
    [{ allow_registration: 1 }, ['allow_registration']],
    [{}, ['body']],
  ])('%j is 400, and nothing changes', async (body, fields) => {
    const before = await stored(account.id)
    const details = detailsOf(await callAs(account.admin, 'PATCH', 'account', body), 400, 'invalid_input')
    expect(details.map((entry) => entry.field).sort()).toEqual(fields)
    expect(await stored(account.id)).toEqual(before)
  })
})
