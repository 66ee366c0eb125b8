import { evictDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { getTableName } from 'drizzle-orm'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { apiKeys, loginIdentities, users } from '../../src/db/schema/accounts'
import { sql } from '../../src/db/sql'
import { select } from '../../src/db/statement'
import { freshIpAddress } from '../helpers/addresses'
import { type Account, call, createTestAccount, createTestMember, createTestToken, createTicket } from '../helpers/api'
import { createTestKey, type Key, objectOfKey, statusOf, stopClock } from '../helpers/credentials'
import { row, rows } from '../helpers/database'
import { eventually } from '../helpers/eventually'
import { callAs, createComment, detailsOf, eventsOf, historyOf } from '../helpers/tickets'

const HOUR = 3_600_000

let account: Account
let agentKey: Key
let adminKey: Key

beforeAll(async () => {
  account = await createTestAccount()
  agentKey = await createTestKey(account, { name: 'CRM sync' })
  adminKey = await createTestKey(account, { name: 'Ops', role: 'admin' })
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const by = (key: Key, method: string, path: string, body?: unknown) =>
  call(method, path, { token: key.key, ...(body !== undefined && { body }) })
const send = (headers: Record<string, string>) =>
  call('GET', 'tickets?per_page=1', { headers, address: freshIpAddress() })

describe('how a key comes with a request', () => {
  it('as a Bearer, in X-API-Key, or both alike', async () => {
    const { key } = agentKey
    expect((await send({ Authorization: `Bearer ${key}` })).status).toBe(200)
    expect((await send({ Authorization: `bearer ${key}` })).status).toBe(200)
    expect((await send({ 'X-API-Key': key })).status).toBe(200)
    expect((await send({ Authorization: `Bearer ${key}`, 'X-API-Key': key })).status).toBe(200)
  })

  it('not beside another credential, be each of them good', async () => {
    for (const bearer of [account.agent.token, adminKey.key]) {
      const response = await send({ Authorization: `Bearer ${bearer}`, 'X-API-Key': agentKey.key })
      const details = detailsOf(response, 400, 'invalid_input')
      expect(details.map((entry) => entry.field)).toEqual(['X-API-Key'])
      expect(response.headers.get('X-RateLimit-Remaining')).toBe('99')
    }
  })

  it('not as a Basic login, a cookie, a token in X-API-Key, or an empty header', async () => {
    const { key } = agentKey
    for (const headers of [
      { Authorization: `Basic ${btoa(`${key}:`)}` },
      { Authorization: key },
      { Cookie: `api_key=${key}` },
      { 'X-API-Key': account.agent.token },
      { 'X-API-Key': `Bearer ${key}` },
      { 'X-API-Key': '' },
    ])
      expect((await send(headers)).status, JSON.stringify(headers)).toBe(401)
  })
})

describe('a key as a member', () => {
  it('is named by what it creates', async () => {
    const ticket = await by(agentKey, 'POST', 'tickets', { title: 'By a key', description: 'D' })
    const self = { id: agentKey.id, name: 'CRM sync', email: `${agentKey.id}@keys.invalid` }
    expect(ticket.status, ticket.text).toBe(201)
    expect(ticket.body.data.created_by).toEqual(self)
    const { id } = ticket.body.data
    const comment = await by(agentKey, 'POST', `tickets/${id}/comments`, { content: 'C', is_internal: true })
    expect(comment.body.data.created_by).toEqual(self)
    await by(agentKey, 'PATCH', `tickets/${id}`, { status: 'resolved' })
    expect((await historyOf(account.id, id)).map((change) => change.actor_id)).toContain(agentKey.id)
    expect(JSON.stringify(await eventsOf(account.id, id))).toContain(self.email)
    const mine = await by(agentKey, 'GET', 'tickets?created_by=me')
    expect(mine.body.data.map((entry: { id: string }) => entry.id)).toEqual([id])
    expect((await callAs(account.agent, 'GET', `tickets?created_by=${agentKey.id}`)).body.pagination.total).toBe(1)
  })

  it('sees and does what its role may', async () => {
    const { id } = await createTicket(account.customer)
    await createComment(account.agent, id, { is_internal: true })
    expect((await by(agentKey, 'GET', `tickets/${id}`)).body.data.comments).toHaveLength(1)
    expect((await by(agentKey, 'GET', 'users')).status).toBe(200)
    expect((await by(agentKey, 'POST', 'users', { name: 'A', email: 'a@key.example' })).status).toBe(403)
    const onBehalf = { title: 'T', description: 'D', created_by: account.customer.id, assigned_to: account.agent.id }
    const created = await by(agentKey, 'POST', 'tickets', onBehalf)
    expect(created.body.data).toMatchObject({ created_by: { id: account.customer.id } })
    expect((await by(adminKey, 'POST', 'users', { name: 'A', email: 'a@key.example' })).status).toBe(201)
    expect((await by(adminKey, 'DELETE', `tickets/${id}`)).status).toBe(204)
  })

  it('S04 has no tokens: one that names it is nobody’s', async () => {
    const token = await createTestToken(account.id, agentKey.id, 'agent')
    expect((await call('GET', 'tickets', { token, address: freshIpAddress() })).status).toBe(401)
  })

  it('is not listed among users, nor found, changed or deactivated as one', async () => {
    const list = await callAs(account.admin, 'GET', 'users?per_page=100')
    expect(list.text).not.toContain('key_')
    expect(list.body.pagination.total).toBe(list.body.data.length)
    expect((await callAs(account.admin, 'GET', 'users?q=CRM')).body.pagination.total).toBe(0)
    expect((await callAs(account.admin, 'GET', `users?q=keys.invalid`)).body.data).toEqual([])
    const path = `users/${agentKey.id}`
    for (const credential of [account.admin.token, adminKey.key, agentKey.key])
      expect((await call('GET', path, { token: credential })).status).toBe(404)
    expect((await callAs(account.admin, 'PATCH', path, { role: 'admin' })).status).toBe(404)
    expect((await callAs(account.admin, 'PATCH', path, { name: 'Renamed' })).status).toBe(404)
    expect(await row(select({ name: users.name }, sql`FROM ${users} WHERE ${users.id} = ${agentKey.id}`))).toEqual({
      name: 'CRM sync',
    })
    expect((await callAs(account.admin, 'DELETE', path)).status).toBe(404)
    expect((await callAs(account.admin, 'POST', `${path}/password`, { password: 'a good password' })).status).toBe(404)
    expect(await statusOf(agentKey.key, freshIpAddress())).toBe(200)
  })

  it('is no person to itself either: it can set itself no password, nor change itself as one', async () => {
    const path = `users/${adminKey.id}`
    expect((await by(adminKey, 'POST', `${path}/password`, { password: 'a good password' })).status).toBe(404)
    expect((await by(adminKey, 'PATCH', path, { role: 'agent' })).status).toBe(404)
    expect((await by(adminKey, 'DELETE', path)).status).toBe(404)
    expect(
      await row(select({ password_hash: users.passwordHash }, sql`FROM ${users} WHERE ${users.id} = ${adminKey.id}`)),
    ).toEqual({ password_hash: null })
    expect(await statusOf(adminKey.key, freshIpAddress())).toBe(200)
  })

  it('can not be assigned, nor be created on behalf of', async () => {
    const { id } = await createTicket(account.customer)
    const created = { title: 'T', description: 'D' }
    for (const key of [agentKey, adminKey]) {
      for (const field of ['assigned_to', 'created_by']) {
        const response = await callAs(account.agent, 'POST', 'tickets', { ...created, [field]: key.id })
        expect(detailsOf(response, 422, 'validation_error')[0]?.field).toBe(field)
        const changed = await callAs(account.agent, 'PATCH', `tickets/${id}`, { [field]: key.id })
        expect(detailsOf(changed, 422, 'validation_error')[0]?.field).toBe(field)
      }
      const itself = await by(key, 'POST', 'tickets', { ...created, assigned_to: key.id })
      expect(itself.status).toBe(422)
    }
  })

  it('can not log in, and its address is nobody’s', async () => {
    const email = `${agentKey.id}@keys.invalid`
    const login = await call('POST', 'auth/login', { body: { email, password: agentKey.key.slice(0, 100) } })
    expect(login.status).toBe(401)
    expect(
      await rows(sql`SELECT * FROM ${loginIdentities} WHERE ${loginIdentities.emailNormalized} = ${email}`),
    ).toEqual([])
  })

  it.each([
    ['GET', 'api-keys', undefined],
    ['POST', 'api-keys', { name: 'A' }],
    ['POST', 'auth/logout', undefined],
    ['POST', 'auth/password', { current_password: 'x', new_password: 'a good password' }],
    ['GET', 'users/me', undefined],
    ['PATCH', 'users/me', { name: 'A' }],
  ])('may not %s %s', async (method, path, body) => {
    for (const key of [agentKey, adminKey]) expect((await by(key, method, path, body)).status).toBe(403)
  })

  it('may not end or rotate keys, not even itself', async () => {
    for (const key of [agentKey, adminKey])
      for (const id of [key.id, agentKey.id, 'key_unknown']) {
        expect((await by(key, 'DELETE', `api-keys/${id}`)).status).toBe(403)
        expect((await by(key, 'POST', `api-keys/${id}/rotate`, {})).status).toBe(403)
      }
    for (const key of [agentKey, adminKey]) expect(await statusOf(key.key, freshIpAddress())).toBe(200)
  })

  it('does not count as the admin whom an account must keep', async () => {
    const own = await createTestAccount()
    const key = await createTestKey(own, { role: 'admin' })
    for (const body of [{ role: 'agent' }, { status: 'inactive' }])
      expect((await by(key, 'PATCH', `users/${own.admin.id}`, body)).status).toBe(409)
    expect((await by(key, 'DELETE', `users/${own.admin.id}`)).status).toBe(409)
  })

  it('outlives its creator', async () => {
    const own = await createTestAccount()
    const creator = await createTestMember(own.id, 'admin')
    const key = await createTestKey({ ...own, admin: creator })
    expect(await statusOf(key.key, freshIpAddress())).toBe(200)
    expect((await callAs(own.admin, 'DELETE', `users/${creator.id}`)).status).toBe(204)
    expect(await statusOf(creator.token, freshIpAddress())).toBe(401)
    expect(await statusOf(key.key, freshIpAddress())).toBe(200)
    expect((await callAs(own.admin, 'GET', 'api-keys')).body.data[0]).toMatchObject({ id: key.id, revoked_at: null })
  })

  it('still names what it did after its end', async () => {
    const key = await createTestKey(account, { name: 'Short-lived' })
    const { id } = (await by(key, 'POST', 'tickets', { title: 'T', description: 'D' })).body.data
    await callAs(account.admin, 'DELETE', `api-keys/${key.id}`)
    const response = await callAs(account.agent, 'GET', `tickets/${id}`)
    expect(response.body.data.created_by).toMatchObject({ id: key.id, name: 'Short-lived' })
  })
})

describe('last_used_at', () => {
  const lastUse = async (id: string) =>
    (await row(select({ at: apiKeys.lastUsedAt }, sql`FROM ${apiKeys} WHERE ${apiKeys.id} = ${id}`)))?.at ?? null

  it('is noted once an hour, not at each request', async () => {
    stopClock()
    const { id, key } = await createTestKey(account)
    expect(await lastUse(id)).toBeNull()
    const written = vi.spyOn(env.DB, 'prepare')
    const notes = () =>
      written.mock.calls.filter(([query]) =>
        query.includes(`UPDATE ${getTableName(apiKeys)} SET ${apiKeys.lastUsedAt.name}`),
      ).length
    const first = Date.now()
    for (let i = 0; i < 10; i += 1) await statusOf(key, freshIpAddress())
    await eventually(async () => expect(await lastUse(id)).toBe(first))
    expect(notes()).toBe(1)
    const [shown] = (await callAs(account.admin, 'GET', 'api-keys')).body.data
    expect(shown.last_used_at).toBe(new Date(first).toISOString().replace('.000', ''))
    vi.setSystemTime(first + HOUR - 1)
    await statusOf(key, freshIpAddress())
    await evictDurableObject(objectOfKey(id))
    await statusOf(key, freshIpAddress())
    expect(notes()).toBe(1)
    vi.setSystemTime(first + HOUR)
    for (let i = 0; i < 3; i += 1) await statusOf(key, freshIpAddress())
    await eventually(async () => expect(await lastUse(id)).toBe(first + HOUR))
    expect(notes()).toBe(2)
  })

  it('is not noted for a key that is refused', async () => {
    const { id, key } = await createTestKey(account)
    await callAs(account.admin, 'DELETE', `api-keys/${id}`)
    expect(await statusOf(key, freshIpAddress())).toBe(401)
    expect(await lastUse(id)).toBeNull()
  })
})
