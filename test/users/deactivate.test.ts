import { beforeEach, describe, expect, it } from 'vitest'
import {
  type Account,
  createTestAccount,
  createTestMember,
  createTestToken,
  createTicket,
  type Member,
} from '../helpers/api'
import { callAs, detailsOf, eventsOf } from '../helpers/tickets'
import { cheapHash, logIn, NO_LOGIN, readStatuses, storedUser } from '../helpers/users'

const PASSWORD = 'correct horse'

let account: Account
let jane: Member

beforeEach(async () => {
  account = await createTestAccount()
  jane = await createTestMember(account.id, 'agent', { name: 'Jane', passwordHash: cheapHash(PASSWORD) })
})

const remove = (by: Member, id: string) => callAs(by, 'DELETE', `users/${id}`)

describe('DELETE /users/{id}', () => {
  it('S05 is 204 without a body, and every token of the user is dead at once, on every route', async () => {
    const second = await createTestToken(account.id, jane.id, 'agent')
    const ticket = await createTicket(jane)
    expect(await readStatuses(jane.token, second)).toEqual([200, 200])
    const response = await remove(account.admin, jane.id)
    expect([response.status, response.text]).toEqual([204, ''])
    expect(await readStatuses(jane.token, second, account.agent.token)).toEqual([401, 401, 200])
    const calls: [string, string, unknown?][] = [
      ['GET', 'tickets'],
      ['GET', `tickets/${ticket.id}`],
      ['PATCH', `tickets/${ticket.id}`, { title: 'T' }],
      ['POST', 'tickets', { title: 'T', description: 'D' }],
      ['PATCH', 'users/me', { name: 'N' }],
      ['POST', 'auth/logout'],
      ['POST', 'auth/password', { current_password: PASSWORD, new_password: PASSWORD }],
    ]
    for (const [method, path, body] of calls) {
      const rejected = await callAs(jane, method, path, body)
      expect([rejected.status, rejected.body.error.code], `${method} ${path}`).toEqual([401, 'unauthorized'])
    }
    expect((await storedUser(jane.id)).name).toBe('Jane')
  })

  it('S01 then refuses the login with the bytes of a wrong password', async () => {
    await remove(account.admin, jane.id)
    const right = await logIn(jane.email, PASSWORD)
    const wrong = await logIn(account.agent.email, PASSWORD)
    expect([right.status, right.text]).toEqual([401, NO_LOGIN])
    expect(right.text).toBe(wrong.text)
    expect((await storedUser(jane.id)).last_login_at).toBeNull()
  })

  it('leaves their tickets and comments naming them', async () => {
    const mine = await createTicket(jane, { title: 'Of Jane' })
    const assigned = await createTicket(account.customer, {})
    await callAs(account.admin, 'PATCH', `tickets/${assigned.id}`, { assigned_to: jane.id })
    await callAs(jane, 'POST', `tickets/${assigned.id}/comments`, { content: 'Said Jane' })
    await remove(account.admin, jane.id)
    const named = { id: jane.id, name: 'Jane', email: jane.email }
    expect((await callAs(account.agent, 'GET', `tickets/${mine.id}`)).body.data.created_by).toEqual(named)
    const { data } = (await callAs(account.customer, 'GET', `tickets/${assigned.id}`)).body
    expect([data.assigned_to, data.comments[0].created_by]).toEqual([named, named])
    const list = await callAs(account.agent, 'GET', `tickets?created_by=${jane.id}`)
    expect(list.body.data.map((ticket: { id: string }) => ticket.id)).toEqual([mine.id])
  })

  it('lists them as inactive, keeps their e-mail taken, and assigns them nothing', async () => {
    await remove(account.admin, jane.id)
    const inactive = await callAs(account.agent, 'GET', 'users?status=inactive')
    expect(inactive.body.data).toMatchObject([{ id: jane.id, name: 'Jane', email: jane.email, status: 'inactive' }])
    expect((await callAs(account.admin, 'GET', `users/${jane.id}`)).body.data).toEqual(inactive.body.data[0])
    const again = await callAs(account.admin, 'POST', 'users', { name: 'N', email: jane.email })
    expect(again.status).toBe(409)
    const ticket = await createTicket(account.customer)
    const assign = await callAs(account.admin, 'PATCH', `tickets/${ticket.id}`, { assigned_to: jane.id })
    expect(assign.status).toBe(422)
    expect((await eventsOf(account.id)).map((event) => event.type)).toEqual(['ticket.created'])
  })

  it('twice is 204 again', async () => {
    expect((await remove(account.admin, jane.id)).status).toBe(204)
    const before = await storedUser(jane.id)
    expect((await remove(account.admin, jane.id)).status).toBe(204)
    expect(await storedUser(jane.id)).toEqual(before)
  })

  it('undone by PATCH does not revive old tokens, even of several rounds', async () => {
    const tokens = [jane.token]
    for (let round = 0; round < 3; round += 1) {
      await remove(account.admin, jane.id)
      const back = await callAs(account.admin, 'PATCH', `users/${jane.id}`, { status: 'active' })
      expect([back.status, back.body.data.status]).toEqual([200, 'active'])
      expect(await readStatuses(...tokens)).toEqual(tokens.map(() => 401))
      const { token } = (await logIn(jane.email, PASSWORD)).body
      expect(await readStatuses(token)).toEqual([200])
      tokens.push(token)
    }
  })

  it('does not spare the token that had outlived a change of password', async () => {
    const body = { current_password: PASSWORD, new_password: 'another horse' }
    expect((await callAs(jane, 'POST', 'auth/password', body)).status).toBe(204)
    expect(await readStatuses(jane.token)).toEqual([200])
    await remove(account.admin, jane.id)
    await callAs(account.admin, 'PATCH', `users/${jane.id}`, { status: 'active' })
    expect(await readStatuses(jane.token)).toEqual([401])
  })

  it('of oneself, where there is another admin, ends one’s own token at once', async () => {
    const second = await createTestMember(account.id, 'admin')
    expect((await remove(second, second.id)).status).toBe(204)
    expect(await readStatuses(second.token)).toEqual([401])
  })

  it.each(['agent', 'customer'] as const)('is 403 for the %s, of themselves too', async (role) => {
    for (const id of [account.stranger.id, account[role].id, 'user_nobody'])
      expect(detailsOf(await remove(account[role], id), 403, 'forbidden')).toEqual([])
    expect((await storedUser(account.stranger.id)).status).toBe('active')
  })

  it('is 404 for nobody and for another account’s user, who lives', async () => {
    const other = await createTestAccount()
    const unknownUser = await remove(account.admin, 'user_nobody')
    expect(unknownUser.status).toBe(404)
    for (const id of [other.agent.id, other.admin.id, 'me', '%00'])
      expect((await remove(account.admin, id)).text).toBe(unknownUser.text)
    expect(await readStatuses(other.agent.token, other.admin.token)).toEqual([200, 200])
    expect((await storedUser(other.agent.id)).status).toBe('active')
  })
})
