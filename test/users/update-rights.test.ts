import { beforeEach, describe, expect, it } from 'vitest'
import { users } from '../../src/db/schema/accounts'
import { sql } from '../../src/db/sql'
import { select } from '../../src/db/statement'
import { type Account, call, createTestAccount, createTestMember, createTicket, type Member } from '../helpers/api'
import { row } from '../helpers/database'
import { callAs, detailsOf } from '../helpers/tickets'
import { cheapHash, logIn, readStatuses, storedUser } from '../helpers/users'

let account: Account

beforeEach(async () => {
  account = await createTestAccount()
})

const patch = (by: Member, path: string, body: unknown) => callAs(by, 'PATCH', `users/${path}`, body)
const activeAdmins = async () =>
  (
    await row(
      select(
        { n: sql<number>`count(*)` },
        sql`FROM ${users} WHERE ${users.accountId} = ${account.id} AND ${users.kind} = 'person'
          AND ${users.role} = 'admin' AND ${users.status} = 'active'`,
      ),
    )
  )?.n

describe('role and status', () => {
  it('are an admin’s to change; a role holds from the next request, under the same token', async () => {
    expect((await call('GET', 'users', { token: account.customer.token })).status).toBe(403)
    const raised = await patch(account.admin, account.customer.id, { role: 'agent' })
    expect([raised.status, raised.body.data.role]).toEqual([200, 'agent'])
    expect((await call('GET', 'users', { token: account.customer.token })).status).toBe(200)
    await patch(account.admin, account.customer.id, { role: 'admin' })
    expect((await call('GET', 'account', { token: account.customer.token })).status).toBe(200)
  })

  it('S05 a lowered role holds at once', async () => {
    const ticket = await createTicket(account.stranger)
    expect((await callAs(account.agent, 'GET', `tickets/${ticket.id}`)).status).toBe(200)
    expect((await patch(account.admin, account.agent.id, { role: 'customer' })).status).toBe(200)
    expect((await callAs(account.agent, 'GET', `tickets/${ticket.id}`)).status).toBe(404)
    expect((await callAs(account.agent, 'GET', 'users')).status).toBe(403)
    expect((await callAs(account.agent, 'PATCH', `tickets/${ticket.id}`, { title: 'T' })).status).toBe(404)
  })

  it('S05 of somebody made inactive: the token is dead at once, and stays dead when they are active again', async () => {
    const jane = await createTestMember(account.id, 'agent', { passwordHash: cheapHash('correct horse') })
    expect(await readStatuses(jane.token)).toEqual([200])
    const response = await patch(account.admin, jane.id, { status: 'inactive' })
    expect([response.status, response.body.data.status]).toEqual([200, 'inactive'])
    expect(await readStatuses(jane.token)).toEqual([401])
    expect((await patch(account.admin, jane.id, { status: 'active' })).body.data.status).toBe('active')
    expect(await readStatuses(jane.token)).toEqual([401])
    expect(await readStatuses((await logIn(jane.email, 'correct horse')).body.token)).toEqual([200])
  })

  it.each(['agent', 'customer'] as const)('S10 the %s can not give themselves: 403, nothing stored', async (role) => {
    const me = account[role]
    const before = await storedUser(me.id)
    const bodies: [object, string[]][] = [
      [{ role: 'admin' }, ['role']],
      [{ role }, ['role']],
      [{ status: 'active' }, ['status']],
      [{ name: 'Boss', role: 'admin', status: 'inactive' }, ['role', 'status']],
    ]
    for (const [body, fields] of bodies)
      for (const path of ['me', me.id]) {
        const details = detailsOf(await patch(me, path, body), 403, 'forbidden')
        expect(details.map((entry) => entry.field)).toEqual(fields)
      }
    expect(await storedUser(me.id)).toEqual(before)
    expect((await call('GET', 'account', { token: me.token })).status).toBe(403)
  })
})

describe('who may change whom', () => {
  it('an agent may change nobody else: 403, an unknown user too', async () => {
    for (const { id } of [account.admin, account.customer, { id: 'user_nobody' }])
      for (const body of [{ name: 'Mine' }, { role: 'customer' }])
        expect(detailsOf(await patch(account.agent, id, body), 403, 'forbidden')).toEqual([])
    expect((await storedUser(account.customer.id)).name).toBe('Customer')
  })

  it('to a customer all others are 404, the bytes of an ID that nobody has', async () => {
    const unknownUser = await patch(account.customer, 'user_nobody', { name: 'Mine' })
    expect(unknownUser.status).toBe(404)
    for (const { id } of [account.admin, account.agent, account.stranger])
      for (const body of [{ name: 'Mine' }, { role: 'customer' }, { email: 'x@example.com' }])
        expect((await patch(account.customer, id, body)).text).toBe(unknownUser.text)
    expect((await storedUser(account.stranger.id)).name).toBe('Stranger')
  })

  it('to an admin another account’s users and nobody’s IDs are 404, whatever is to be changed', async () => {
    const other = await createTestAccount()
    const before = await storedUser(other.agent.id)
    const unknownUser = await patch(account.admin, 'user_nobody', { name: 'Mine' })
    expect(unknownUser.status).toBe(404)
    const bodies = [{ name: 'Mine' }, { email: 'x@example.com' }, { role: 'admin' }, { status: 'inactive' }]
    for (const id of ['user_nobody', other.agent.id, other.admin.id])
      for (const body of bodies) {
        const response = await patch(account.admin, id, body)
        expect([response.status, response.text]).toEqual([404, unknownUser.text])
      }
    expect(await storedUser(other.agent.id)).toEqual(before)
    expect(await readStatuses(other.agent.token, other.admin.token)).toEqual([200, 200])
  })
})

describe('the last active admin', () => {
  const attempts: [string, (by: Member, id: string) => Promise<{ status: number }>][] = [
    ['demoted to agent', (by, id) => patch(by, id, { role: 'agent' })],
    ['demoted to customer', (by, id) => patch(by, id, { role: 'customer', name: 'Gone' })],
    ['made inactive', (by, id) => patch(by, id, { status: 'inactive' })],
    ['deleted', (by, id) => callAs(by, 'DELETE', `users/${id}`)],
  ]

  it.each(attempts)('can not be %s: 409, nothing stored, the token lives', async (_name, attempt) => {
    await createTestMember(account.id, 'admin', { status: 'inactive' })
    const before = await storedUser(account.admin.id)
    const response = await attempt(account.admin, account.admin.id)
    expect(response.status).toBe(409)
    expect(response).toMatchObject({
      body: { error: { code: 'conflict', details: [{ field: 'user_id', message: expect.stringContaining('last') }] } },
    })
    expect(await storedUser(account.admin.id)).toEqual(before)
    expect(await readStatuses(account.admin.token)).toEqual([200])
  })

  it.each(attempts)('can be %s once there is another', async (_name, attempt) => {
    const second = await createTestMember(account.id, 'admin')
    expect((await attempt(second, account.admin.id)).status).toBeLessThan(300)
    expect(await activeAdmins()).toBe(1)
    expect((await attempt(second, second.id)).status).toBe(409)
  })

  it('can make themselves inactive once there is another: their own token dies at once, for good', async () => {
    const second = await createTestMember(account.id, 'admin')
    expect((await patch(account.admin, 'me', { status: 'inactive' })).body.data.status).toBe('inactive')
    expect(await readStatuses(account.admin.token)).toEqual([401])
    expect((await patch(second, account.admin.id, { status: 'active' })).body.data.status).toBe('active')
    expect(await readStatuses(account.admin.token)).toEqual([401])
  })

  it('API keys of role admin do not count as one', async () => {
    const made = await callAs(account.admin, 'POST', 'api-keys', { name: 'A key', role: 'admin' })
    expect(made.status, made.text).toBe(201)
    const key: Member = { ...account.admin, token: made.body.data.key }
    for (const [, attempt] of attempts) {
      expect((await attempt(account.admin, account.admin.id)).status).toBe(409)
      expect((await attempt(key, account.admin.id)).status).toBe(409)
    }
    expect(await activeAdmins()).toBe(1)
  })

  it('S11 is left by twenty demotions at once, of each by each', async () => {
    const admins = [account.admin]
    for (let i = 0; i < 3; i += 1) admins.push(await createTestMember(account.id, 'admin'))
    const pairs = admins.flatMap((by) => [...admins, by].map((of) => ({ by, of })))
    expect(pairs).toHaveLength(20)
    const responses = await Promise.all(
      pairs.map(({ by, of }, index) =>
        index % 2 ? patch(by, of.id, { role: 'agent' }) : patch(by, of.id, { status: 'inactive' }),
      ),
    )
    for (const { status } of responses) expect([200, 401, 403, 409]).toContain(status)
    expect(responses.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(3)
    expect(await activeAdmins()).toBe(1)
  })
})
