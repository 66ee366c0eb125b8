import { evictDurableObject } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { users } from '../../src/db/schema/accounts'
import { sql } from '../../src/db/sql'
import { select } from '../../src/db/statement'
import { freshIpAddress } from '../helpers/addresses'
import { type Account, call, createTestAccount, createTestMember } from '../helpers/api'
import { advanceClock, createTestKey, objectOfKey, statusOf, stopClock } from '../helpers/credentials'
import { row } from '../helpers/database'
import { callAs, detailsOf } from '../helpers/tickets'

const SECOND = 1_000

beforeEach(stopClock)
afterEach(() => {
  vi.useRealTimers()
})

const wire = (milliseconds: number) => new Date(milliseconds).toISOString().replace(/\.\d+Z$/, 'Z')

describe('how many keys an account has', () => {
  const create = (own: Account) => callAs(own.admin, 'POST', 'api-keys', { name: 'A' })
  const outcomes = async (own: Account, attempts: number) => {
    const responses = await Promise.all(Array.from({ length: attempts }, () => create(own)))
    return [201, 409].map((status) => responses.filter((response) => response.status === status).length)
  }

  it('is 20 that live, also of 30 made at once; dead ones do not count', async () => {
    const own = await createTestAccount('standard')
    const expiring = await Promise.all(
      [1, 2].map(() => createTestKey(own, { expires_at: wire(Date.now() + 600 * SECOND) })),
    )
    expect(await outcomes(own, 30)).toEqual([18, 12])
    detailsOf(await create(own), 409, 'conflict')
    const members = await row(
      select(
        { n: sql<number>`count(*)` },
        sql`FROM ${users} WHERE ${users.accountId} = ${own.id} AND ${users.kind} = 'key'`,
      ),
    )
    expect(members).toEqual({ n: 20 })
    const keys: { id: string; expires_at: string | null }[] = (await callAs(own.admin, 'GET', 'api-keys')).body.data
    const lasting = keys.find((key) => key.expires_at === null)
    expect((await callAs(own.admin, 'DELETE', `api-keys/${lasting?.id}`)).status).toBe(204)
    expect(await outcomes(own, 2)).toEqual([1, 1])
    advanceClock(600 * SECOND)
    expect(expiring).toHaveLength(2)
    expect(await outcomes(own, 4)).toEqual([2, 2])
    expect((await create(await createTestAccount('standard'))).status).toBe(201)
  })

  it('is 100 on the premium plan, counted over all of its admins', async () => {
    const own = await createTestAccount('premium')
    const second = await createTestMember(own.id, 'admin')
    expect(await outcomes(own, 60)).toEqual([60, 0])
    expect(await outcomes({ ...own, admin: second }, 45)).toEqual([40, 5])
  })
})

describe('C05 the limit of a key', () => {
  it('C05 of 400 at once exactly 100 pass, again after an eviction none', async () => {
    const own = await createTestAccount('standard')
    const { id, key } = await createTestKey(own)
    const statuses = await Promise.all(
      Array.from({ length: 400 }, (_, index) =>
        call('GET', 'tickets?per_page=1', index % 2 ? { token: key } : { headers: { 'X-API-Key': key } }),
      ),
    )
    expect(statuses.filter((response) => response.status === 200)).toHaveLength(100)
    expect(statuses.filter((response) => response.status === 429)).toHaveLength(300)
    await evictDurableObject(objectOfKey(id))
    expect(await statusOf(key, freshIpAddress())).toBe(429)
    expect((await callAs(own.admin, 'POST', `api-keys/${id}/rotate`, {})).status).toBe(201)
    expect(await statusOf(key, freshIpAddress())).toBe(429)
    advanceClock(60_000)
    expect(await statusOf(key, freshIpAddress())).toBe(200)
  })
})
