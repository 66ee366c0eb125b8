import { evictDurableObject, runDurableObjectAlarm } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { scryptSync } from 'node:crypto'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { issueToken } from '../../src/access/tokens'
import { configOf } from '../../src/core/config'
import { users } from '../../src/db/schema/accounts'
import { sql } from '../../src/db/sql'
import { select } from '../../src/db/statement'
import { freshIpAddress } from '../helpers/addresses'
import {
  type Account,
  call,
  createTestAccount,
  createTestMember,
  createTestToken,
  createTicket,
  type Member,
} from '../helpers/api'
import { advanceClock, objectOf, stopClock, warmUp } from '../helpers/credentials'
import { rows } from '../helpers/database'
import { API_OPERATIONS } from '../helpers/operations'
import { callAs, createComment } from '../helpers/tickets'

const DAY = 86_400_000
const PASSWORD = 'a good password'

let account: Account
let member: Member

beforeAll(async () => {
  account = await createTestAccount()
})
beforeEach(async () => {
  member = await createTestMember(account.id, 'agent', { passwordHash: cheap(PASSWORD) })
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

/** Its hash is quick to check, because the cost is part of it. */
function cheap(password: string): string {
  const key = scryptSync(password, 'salt', 32, { N: 2, r: 1, p: 1 })
  return ['scrypt', 2, 1, 1, Buffer.from('salt').toString('base64url'), key.toString('base64url')].join('$')
}

/** Reads and writes verify the caller in different ways. */
async function both(token: string): Promise<number[]> {
  const address = freshIpAddress()
  const read = await call('GET', 'tickets?per_page=1', { token, address })
  const write = await call('POST', 'tickets', { token, address, body: { title: 'T', description: 'D' } })
  return [read.status, write.status]
}

const manage = (method: string, path = '', body?: unknown) =>
  callAs(account.admin, method, `users/${member.id}${path}`, body)

describe('dead at once, though its object has just vouched for it', () => {
  it.each<[string, () => Promise<{ status: number }>]>([
    ['deactivated by DELETE', () => manage('DELETE')],
    ['deactivated by PATCH', () => manage('PATCH', '', { status: 'inactive' })],
    ['given a password by an admin', () => manage('POST', '/password', { password: 'another one' })],
    ['given another e-mail by an admin', () => manage('PATCH', '', { email: `${crypto.randomUUID()}@example.com` })],
    ['logged out', () => callAs(member, 'POST', 'auth/logout')],
  ])('S05 a member who was %s', async (_name, change) => {
    expect(await both(member.token)).toEqual([200, 201])
    expect([200, 204]).toContain((await change()).status)
    expect(await both(member.token)).toEqual([401, 401])
    await evictDurableObject(objectOf(account, member))
    expect(await both(member.token)).toEqual([401, 401])
  })

  it('S05 on every route that wants a credential', async () => {
    expect((await warmUp(member)).status).toBe(200)
    expect((await manage('DELETE')).status).toBe(204)
    for (const { method, path, name, isPublic, hasBody } of API_OPERATIONS) {
      if (isPublic) continue
      const options = { token: member.token, address: freshIpAddress(), ...(hasBody && { body: {} }) }
      expect((await call(method, path.slice(1).replace(/\{\w+\}/g, 'x'), options)).status, name).toBe(401)
    }
  })

  it('S05 a reactivated member’s old token stays dead, a new one is good', async () => {
    expect(await both(member.token)).toEqual([200, 201])
    expect((await manage('DELETE')).status).toBe(204)
    expect((await manage('PATCH', '', { status: 'active' })).status).toBe(200)
    expect(await both(member.token)).toEqual([401, 401])
    const login = await call('POST', 'auth/login', { body: { email: member.email, password: PASSWORD } })
    expect(await both(login.body.token)).toEqual([200, 201])
    expect(await both(member.token)).toEqual([401, 401])
  })

  it('S05 an admin who has left by their own deed and is brought back has no token from before', async () => {
    const leaver = await createTestMember(account.id, 'admin')
    const change = (by: Member, status: string) =>
      call('PATCH', `users/${leaver.id}`, { token: by.token, body: { status }, address: freshIpAddress() })
    expect((await change(leaver, 'inactive')).status).toBe(200)
    expect((await change(account.admin, 'active')).status).toBe(200)
    expect(await both(leaver.token)).toEqual([401, 401])
  })

  it('a change that ends no credential ends none', async () => {
    expect((await manage('PATCH', '', { name: 'Another' })).status).toBe(200)
    expect((await manage('PATCH', '', { email: member.email.toUpperCase() })).status).toBe(200)
    expect((await manage('PATCH', '', { status: 'active', role: 'agent' })).status).toBe(200)
    expect(await both(member.token)).toEqual([200, 201])
  })

  it('a person who changes their own password or e-mail keeps the token they came with, and no other', async () => {
    const second = await createTestToken(account.id, member.id, 'agent')
    expect([await both(member.token), await both(second)]).toEqual([
      [200, 201],
      [200, 201],
    ])
    const change = { current_password: PASSWORD, new_password: 'another one' }
    expect((await callAs(member, 'POST', 'auth/password', change)).status).toBe(204)
    expect([await both(member.token), await both(second)]).toEqual([
      [200, 201],
      [401, 401],
    ])
    const newer = await createTestToken(account.id, member.id, 'agent', 2)
    expect(await both(newer)).toEqual([200, 201])
    const email = `${crypto.randomUUID()}@example.com`
    const moved = await callAs({ ...member, token: newer }, 'PATCH', 'users/me', {
      email,
      current_password: 'another one',
    })
    expect(moved.status, moved.text).toBe(200)
    expect([await both(newer), await both(member.token), await both(second)]).toEqual([
      [200, 201],
      [401, 401],
      [401, 401],
    ])
  })
})

describe('a token that was given back', () => {
  it('dies alone, also after the object has forgotten everything', async () => {
    stopClock()
    const claims = { sub: member.id, acc: account.id, role: 'agent' as const, gen: 1 }
    const issue = async () => (await issueToken(claims, configOf(env).keys.tokens, Date.now(), 30 * 86_400)).token
    const [revoked, valid] = [await issue(), await issue()]
    expect((await callAs({ ...member, token: revoked }, 'POST', 'auth/logout')).status).toBe(204)
    expect([await both(revoked), await both(valid)]).toEqual([
      [401, 401],
      [200, 201],
    ])
    expect((await callAs({ ...member, token: revoked }, 'POST', 'auth/logout')).status).toBe(401)
    advanceClock(2 * DAY)
    expect(await runDurableObjectAlarm(objectOf(account, member))).toBe(true)
    expect([await both(revoked), await both(valid)]).toEqual([
      [401, 401],
      [200, 201],
    ])
  })

  it('of one member tells nothing of another’s', async () => {
    const other = await createTestMember(account.id, 'agent')
    expect((await callAs(member, 'POST', 'auth/logout')).status).toBe(204)
    expect(await both(other.token)).toEqual([200, 201])
  })
})

describe('a role that has changed holds in the very next request, whatever the token says', () => {
  it('a demoted admin’s token on an admin’s read is 403, on a write too', async () => {
    const demoted = await createTestMember(account.id, 'admin')
    expect((await callAs(demoted, 'GET', 'account')).status).toBe(200)
    expect((await callAs(account.admin, 'PATCH', `users/${demoted.id}`, { role: 'agent' })).status).toBe(200)
    expect((await callAs(demoted, 'GET', 'account')).status).toBe(403)
    expect((await callAs(demoted, 'PATCH', 'account', { name: 'Mine' })).status).toBe(403)
    expect((await callAs(demoted, 'GET', 'users')).status).toBe(200)
  })

  it('a customer who is made an agent lists users, and sees every ticket and internal comment', async () => {
    const promoted = await createTestMember(account.id, 'customer')
    const { id } = await createTicket(account.stranger)
    await createComment(account.agent, id, { is_internal: true })
    expect((await callAs(promoted, 'GET', 'users')).status).toBe(403)
    expect((await callAs(promoted, 'GET', `tickets/${id}`)).status).toBe(404)
    expect((await callAs(promoted, 'GET', 'tickets')).body.pagination.total).toBe(0)
    expect((await callAs(account.admin, 'PATCH', `users/${promoted.id}`, { role: 'agent' })).status).toBe(200)
    const list = await callAs(promoted, 'GET', 'tickets')
    expect(list.body.pagination.total).toBe((await callAs(account.agent, 'GET', 'tickets')).body.pagination.total)
    expect((await callAs(promoted, 'GET', `tickets/${id}`)).body.data.comments).toHaveLength(1)
    expect((await callAs(promoted, 'GET', 'users')).status).toBe(200)
    expect((await callAs(promoted, 'PATCH', `tickets/${id}`, { priority: 'high' })).status).toBe(200)
  })

  it('an agent who is made a customer sees nothing of what is internal or another’s', async () => {
    const { id } = await createTicket(account.stranger)
    expect((await callAs(member, 'GET', `tickets/${id}`)).status).toBe(200)
    const [own] = [await createTicket(member), await createTicket(account.stranger)]
    await createComment(account.agent, own.id, { is_internal: true })
    expect((await manage('PATCH', '', { role: 'customer' })).status).toBe(200)
    // Only the first request is read speculatively with the role in the token.
    const list = await callAs(member, 'GET', 'tickets?cursor=&per_page=1')
    expect(list.body.data.map((ticket: { id: string }) => ticket.id)).toEqual([own.id])
    expect(list.headers.get('Link'), 'nothing tells of the page that an agent would see').toBeNull()
    expect((await callAs(member, 'GET', `tickets/${id}`)).status).toBe(404)
    expect((await callAs(member, 'GET', `tickets/${own.id}`)).body.data.comments).toEqual([])
    expect((await callAs(member, 'GET', `tickets/${own.id}/comments`)).body.pagination.total).toBe(0)
    expect((await callAs(member, 'GET', 'users')).status).toBe(403)
  })
})

describe('S11 the last active admin', () => {
  const activeAdmins = (own: Account) =>
    rows(
      select(
        { id: users.id },
        sql`FROM ${users} WHERE ${users.accountId} = ${own.id} AND ${users.role} = 'admin'
          AND ${users.status} = 'active' AND ${users.kind} = 'person'`,
      ),
    )

  it('S11 of twenty who leave at once, by demotion or deactivation, exactly one is kept', async () => {
    const own = await createTestAccount()
    const admins = [own.admin]
    while (admins.length < 20) admins.push(await createTestMember(own.id, 'admin'))
    const responses = await Promise.all(
      admins.map((admin, index) => {
        if (index % 3 === 0) return callAs(admin, 'DELETE', `users/${admin.id}`)
        return callAs(admin, 'PATCH', 'users/me', index % 3 === 1 ? { role: 'agent' } : { status: 'inactive' })
      }),
    )
    expect(responses.filter((response) => [200, 204].includes(response.status))).toHaveLength(19)
    expect(responses.filter((response) => response.status === 409)).toHaveLength(1)
    expect(await activeAdmins(own)).toHaveLength(1)
    const valid = admins[responses.findIndex((response) => response.status === 409)]
    expect(await both(valid?.token ?? '')).toEqual([200, 201])
  })

  it('S11 of twenty who throw out one another at once, one is left', async () => {
    const own = await createTestAccount()
    const admins = [own.admin]
    while (admins.length < 20) admins.push(await createTestMember(own.id, 'admin'))
    const responses = await Promise.all(
      admins.map((admin, index) => callAs(admin, 'DELETE', `users/${admins[(index + 1) % 20]?.id}`)),
    )
    for (const response of responses) expect([204, 401, 409]).toContain(response.status)
    const left = await activeAdmins(own)
    expect(left.length).toBeGreaterThanOrEqual(1)
    expect(left).toHaveLength(20 - responses.filter((response) => response.status === 204).length)
  })
})
