import { env } from 'cloudflare:workers'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { apiKeys } from '../../src/db/schema/accounts'
import { sql } from '../../src/db/sql'
import { select } from '../../src/db/statement'
import { freshIpAddress } from '../helpers/addresses'
import { type Account, call, createTestAccount } from '../helpers/api'
import { advanceClock, createTestKey, statusOf, stopClock, warmUp } from '../helpers/credentials'
import { row } from '../helpers/database'
import { callAs, detailsOf } from '../helpers/tickets'

const KEY = /^tk_live_[0-9a-z]{26}[0-9a-f]{92}$/
const SECOND = 1_000
const DAY = 86_400 * SECOND

let account: Account
let other: Account

beforeAll(async () => {
  account = await createTestAccount()
  other = await createTestAccount()
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const use = (key: string) => statusOf(key, freshIpAddress())
const wire = (milliseconds: number) => new Date(milliseconds).toISOString().replace(/\.\d+Z$/, 'Z')
const rotate = async (id: string, body: unknown) => callAs(account.admin, 'POST', `api-keys/${id}/rotate`, body)

describe('POST /api-keys', () => {
  it('answers with the key, for an agent unless it says otherwise', async () => {
    const response = await callAs(account.admin, 'POST', 'api-keys', { name: '  CRM sync ' })
    expect(response.status, response.text).toBe(201)
    const { key } = response.body.data
    expect(key).toMatch(KEY)
    expect(response.body.data).toEqual({
      id: `key_${key.slice(8, 34)}`,
      name: 'CRM sync',
      last_four: key.slice(-4),
      role: 'agent',
      created_at: expect.any(String),
      last_used_at: null,
      expires_at: null,
      revoked_at: null,
      key,
    })
    expect(response.headers.get('Cache-Control')).toBe('no-store')
    const admin = await callAs(account.admin, 'POST', 'api-keys', { name: 'Ops', role: 'admin' })
    expect(admin.body.data.role).toBe('admin')
    expect((await call('GET', 'account', { token: admin.body.data.key })).status).toBe(200)
    expect((await call('GET', 'account', { token: key })).status).toBe(403)
  })

  it('gives no two keys a part in common', async () => {
    const [a, b] = [await createTestKey(account), await createTestKey(account)]
    expect(a.id).not.toBe(b.id)
    expect(a.key.slice(34, 98)).not.toBe(b.key.slice(34, 98))
  })

  it.each([
    ['no name', {}, 'name'],
    ['an empty name', { name: ' ' }, 'name'],
    ['a name of 101 characters', { name: 'x'.repeat(101) }, 'name'],
    ['a role of customers', { name: 'A', role: 'customer' }, 'role'],
    ['an unknown role', { name: 'A', role: 'root' }, 'role'],
    ['an end in the past', { name: 'A', expires_at: '2020-01-01T00:00:00Z' }, 'expires_at'],
    ['an end that is no time', { name: 'A', expires_at: 'tomorrow' }, 'expires_at'],
    ['a key of its own choosing', { name: 'A', key: 'tk_live_x' }, 'key'],
    ['an ID', { name: 'A', id: 'key_x' }, 'id'],
    ['an account', { name: 'A', account_id: 'acct_x' }, 'account_id'],
  ])('refuses %s', async (_name, body, field) => {
    const details = detailsOf(await callAs(account.admin, 'POST', 'api-keys', body), 400, 'invalid_input')
    expect(details.map((entry) => entry.field)).toEqual([field])
  })

  it('is for admins who are people', async () => {
    for (const by of [account.agent, account.customer])
      expect((await callAs(by, 'POST', 'api-keys', { name: 'A' })).status).toBe(403)
    expect((await call('POST', 'api-keys', { body: { name: 'A' }, address: freshIpAddress() })).status).toBe(401)
  })
})

describe('expires_at', () => {
  it('ends a key by itself, at that moment', async () => {
    stopClock()
    const expiresAt = wire(Date.now() + 120 * SECOND)
    const { id, key } = await createTestKey(account, { expires_at: expiresAt })
    expect((await callAs(account.admin, 'GET', 'api-keys')).body.data[0]).toMatchObject({ id, expires_at: expiresAt })
    expect(await use(key)).toBe(200)
    vi.setSystemTime(Date.parse(expiresAt) - 1)
    expect(await use(key)).toBe(200)
    advanceClock(1)
    expect(await use(key)).toBe(401)
    detailsOf(await rotate(id, {}), 409, 'conflict')
    expect(await use(key)).toBe(401)
  })

  it('ends the old secret of a rotated key too, whatever the grace', async () => {
    stopClock()
    const { id, key } = await createTestKey(account, { expires_at: wire(Date.now() + 120 * SECOND) })
    const rotated = (await rotate(id, { grace_seconds: 604_800 })).body.data.key
    expect([await use(key), await use(rotated)]).toEqual([200, 200])
    advanceClock(120 * SECOND)
    expect([await use(key), await use(rotated)]).toEqual([401, 401])
  })
})

describe('GET /api-keys', () => {
  it('lists the account’s keys, newest first, dead ones too, and never a secret', async () => {
    const own = await createTestAccount()
    const keys = [
      await createTestKey(own, { name: 'First' }),
      await createTestKey(own, { name: 'Second', role: 'admin' }),
    ]
    await callAs(own.admin, 'DELETE', `api-keys/${keys[0]?.id}`)
    const response = await callAs(own.admin, 'GET', 'api-keys')
    expect(response.status).toBe(200)
    expect(response.body.data.map((key: { name: string }) => key.name)).toEqual(['Second', 'First'])
    expect(response.body.data[0].revoked_at).toBeNull()
    expect(response.body.data[1].revoked_at).toMatch(/Z$/)
    expect(response.body.pagination).toMatchObject({ total: 2, per_page: 20, last_page: 1 })
    expect(response.text).not.toMatch(/tk_live_|hash/)
    for (const { key } of keys) expect(response.text).not.toContain(key.slice(34, 98))
    const page = await callAs(own.admin, 'GET', 'api-keys?per_page=1&page=2')
    expect(page.body.data.map((key: { name: string }) => key.name)).toEqual(['First'])
  })
})

describe('DELETE /api-keys/{key_id}', () => {
  it('ends a key on its very next request, once and for all', async () => {
    const { id, key } = await createTestKey(account)
    const otherKey = await createTestKey(account)
    for (let i = 0; i < 3; i += 1) expect(await use(key)).toBe(200)
    expect((await callAs(account.admin, 'DELETE', `api-keys/${id}`)).status).toBe(204)
    expect(await use(key)).toBe(401)
    const revokedAt = () =>
      row(select({ revoked_at: apiKeys.revokedAt }, sql`FROM ${apiKeys} WHERE ${apiKeys.id} = ${id}`))
    const first = await revokedAt()
    expect((await callAs(account.admin, 'DELETE', `api-keys/${id}`)).status).toBe(204)
    expect(await revokedAt()).toEqual(first)
    expect(await use(key)).toBe(401)
    expect(await use(otherKey.key)).toBe(200)
  })

  it('ends the old secret of a grace too', async () => {
    const { id, key } = await createTestKey(account)
    const rotated = (await rotate(id, {})).body.data.key
    expect([await use(key), await use(rotated)]).toEqual([200, 200])
    await callAs(account.admin, 'DELETE', `api-keys/${id}`)
    expect([await use(key), await use(rotated)]).toEqual([401, 401])
  })
})

describe('POST /api-keys/{key_id}/rotate', () => {
  it('gives a new secret, beside which the old one is good for the grace', async () => {
    stopClock()
    const { id, key } = await createTestKey(account, { name: 'Rotated', role: 'admin' })
    const response = await rotate(id, { grace_seconds: 600 })
    expect(response.status, response.text).toBe(201)
    const rotated = response.body.data.key
    expect(rotated).toMatch(KEY)
    expect(rotated).not.toBe(key)
    expect(response.body.data).toMatchObject({ id, name: 'Rotated', role: 'admin', last_four: rotated.slice(-4) })
    expect([await use(key), await use(rotated)]).toEqual([200, 200])
    advanceClock(600 * SECOND - 1)
    expect([await use(key), await use(rotated)]).toEqual([200, 200])
    advanceClock(1)
    expect([await use(key), await use(rotated)]).toEqual([401, 200])
  })

  it('has a grace of a day unless it says otherwise', async () => {
    stopClock()
    const { id, key } = await createTestKey(account)
    await rotate(id, {})
    advanceClock(DAY - 1)
    expect(await use(key)).toBe(200)
    advanceClock(1)
    expect(await use(key)).toBe(401)
  })

  it('without a grace ends the old secret at once', async () => {
    const { id, key } = await createTestKey(account)
    expect(await use(key)).toBe(200)
    const rotated = (await rotate(id, { grace_seconds: 0 })).body.data.key
    expect([await use(key), await use(rotated)]).toEqual([401, 200])
  })

  it('twice leaves the last two secrets', async () => {
    const { id, key } = await createTestKey(account)
    const second = (await rotate(id, {})).body.data.key
    const third = (await rotate(id, {})).body.data.key
    expect([await use(key), await use(second), await use(third)]).toEqual([401, 200, 200])
  })

  it('is 409 for a key that was revoked, which stays dead', async () => {
    const { id, key } = await createTestKey(account)
    await callAs(account.admin, 'DELETE', `api-keys/${id}`)
    const details = detailsOf(await rotate(id, {}), 409, 'conflict')
    expect(details[0]?.field).toBe('key_id')
    expect(await use(key)).toBe(401)
  })

  it.each([-1, 604_801, 1.5, 1e300, '60', null])('refuses a grace of %s', async (grace_seconds) => {
    const { id } = await createTestKey(account)
    const details = detailsOf(await rotate(id, { grace_seconds }), 400, 'invalid_input')
    expect(details.map((entry) => entry.field)).toEqual(['grace_seconds'])
    await callAs(account.admin, 'DELETE', `api-keys/${id}`)
  })
})

describe('a key of another account, of nobody, or a person', () => {
  it('is 404, is left as it is, and makes no Durable Object', async () => {
    const theirs = await createTestKey(other)
    expect(await use(theirs.key)).toBe(200)
    const getByName = vi.spyOn(env.RATE_LIMITER, 'getByName')
    for (const id of [theirs.id, 'key_01jt0v7m3zq8x5y2w9r4n6p1kc', account.agent.id]) {
      expect((await callAs(account.admin, 'DELETE', `api-keys/${id}`)).status, id).toBe(404)
      expect((await rotate(id, {})).status, id).toBe(404)
    }
    expect(new Set(getByName.mock.calls.map(([name]) => name))).toEqual(
      new Set([`member:${account.id}/${account.admin.id}`]),
    )
    vi.restoreAllMocks()
    expect(await use(theirs.key)).toBe(200)
    expect((await warmUp(account.agent)).status).toBe(200)
  })
})
