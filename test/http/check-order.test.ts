import { env } from 'cloudflare:workers'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { addressLimiterName } from '../../src/access/client-address'
import { users } from '../../src/db/schema/accounts'
import { sql } from '../../src/db/sql'
import { update } from '../../src/db/write'
import { freshIpAddress } from '../helpers/addresses'
import { type Account, call, createTestAccount, createTicket, type Member } from '../helpers/api'
import { tokenClaim } from '../helpers/credentials'
import { execute } from '../helpers/database'

let account: Account

beforeAll(async () => {
  account = await createTestAccount('standard')
})

// A stopped clock, so that no minute ends within a test.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
})
afterEach(() => {
  vi.useRealTimers()
})

async function exhaustMember(member: Member): Promise<void> {
  const limiter = env.RATE_LIMITER.getByName(`member:${account.id}/${member.id}`)
  for (let i = 0; i < 100; i += 1) await limiter.verifyAndCount(tokenClaim(account, member), false)
}

async function exhaustAddress(address: string): Promise<void> {
  const limiter = env.RATE_LIMITER.getByName(addressLimiterName(address))
  for (let i = 0; i < 100; i += 1) await limiter.count(address, null)
}

const BAD = { body: '{', headers: { 'Content-Type': 'text/plain' } }

describe('the order of checks', () => {
  it('checks the route and method before 401', async () => {
    expect((await call('GET', 'nothing', { address: freshIpAddress() })).status).toBe(404)
    expect((await call('PUT', 'tickets', { address: freshIpAddress() })).status).toBe(405)
  })

  it('returns 401 before 415, 413, 400 and 404', async () => {
    const address = freshIpAddress()
    expect((await call('POST', 'tickets', { ...BAD, address })).status).toBe(401)
    expect((await call('POST', 'tickets', { body: '{', address })).status).toBe(401)
    expect((await call('POST', 'tickets', { body: 'x'.repeat(10_485_761), address })).status).toBe(401)
    expect((await call('GET', 'tickets?page=x', { address })).status).toBe(401)
    expect((await call('GET', 'tickets/none', { address })).status).toBe(401)
    expect((await call('GET', 'tickets?page=x', { token: 'a.b.c', address })).status).toBe(401)
  })

  it('returns 401 before 400 for a read that runs in parallel with verification', async () => {
    const otherAccount = await createTestAccount()
    await execute(update(users, { status: 'inactive' }, sql`${users.id} = ${otherAccount.agent.id}`))
    const response = await call('GET', 'tickets?page=x', { token: otherAccount.agent.token, address: freshIpAddress() })
    expect(response.status).toBe(401)
    expect(response.body.error.details).toEqual([])
  })

  it('returns 403 by role before 415, 400 and 404', async () => {
    const { token } = account.customer
    expect((await call('GET', 'users?page=x', { token })).status).toBe(403)
    expect((await call('DELETE', 'tickets/none?x=1', { token })).status).toBe(403)
  })

  it('returns 400 before 403 by field, and both before 404', async () => {
    const { token } = account.customer
    const both = await call('PATCH', 'tickets/none', { token, body: { priority: 'urgent' } })
    expect(both.status).toBe(400)
    const field = await call('PATCH', 'tickets/none', { token, body: { priority: 'high' } })
    expect(field.status).toBe(403)
    expect(field.body.error.details.map((entry: { field: string }) => entry.field)).toEqual(['priority'])
  })

  it('returns 415 before 400, and 400 before 404', async () => {
    const { token } = account.agent
    expect((await call('PATCH', 'tickets/none?x=1', { ...BAD, token })).status).toBe(415)
    expect((await call('PATCH', 'tickets/none', { token, body: {} })).status).toBe(400)
    expect((await call('GET', 'tickets/none?x=1', { token })).status).toBe(400)
    expect((await call('PATCH', 'tickets/none', { token, body: { title: 'T' } })).status).toBe(404)
  })

  it('returns 404 before 422', async () => {
    const body = { assigned_to: 'user_none' }
    expect((await call('PATCH', 'tickets/none', { token: account.agent.token, body })).status).toBe(404)
  })

  it('returns 429 before everything except the route', async () => {
    const member = account.stranger
    const ticket = await createTicket(member)
    await exhaustMember(member)
    const { token } = member
    expect((await call('GET', 'users', { token })).status).toBe(429)
    expect((await call('POST', 'tickets', { ...BAD, token })).status).toBe(429)
    expect((await call('GET', 'tickets?page=x', { token })).status).toBe(429)
    expect((await call('GET', `tickets/${ticket.id}`, { token })).status).toBe(429)
    expect((await call('GET', 'nothing', { token })).status).toBe(404)
    expect((await call('PUT', 'tickets', { token })).status).toBe(405)
  })

  it('returns 429 by IP address before 401, and before all errors of a public route', async () => {
    const address = freshIpAddress()
    await exhaustAddress(address)
    expect((await call('GET', 'tickets', { address })).status).toBe(429)
    expect((await call('GET', 'tickets', { token: 'forged.for.this', address })).status).toBe(429)
    expect((await call('POST', 'auth/login', { ...BAD, address })).status).toBe(429)
    expect((await call('GET', '/files/attach_x/x.png', { address })).status).toBe(429)
    const headers = { Authorization: 'Bearer a.b.c', 'X-API-Key': 'tk_live_x' }
    expect((await call('GET', 'tickets', { headers, address })).status).toBe(429)
    expect((await call('GET', 'tickets', { token: account.agent.token, address })).status).toBe(200)
  })
})
