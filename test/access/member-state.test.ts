import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { accounts, users } from '../../src/db/schema/accounts'
import { sql } from '../../src/db/sql'
import { deleteFrom, omitUndefined, update } from '../../src/db/write'
import { freshIpAddress } from '../helpers/addresses'
import { type Account, call, createTestAccount, createTestToken, createTicket, type Member } from '../helpers/api'
import { admit as admitBy, advanceClock, tokenClaim } from '../helpers/credentials'
import { sessions } from '../helpers/d1'
import { execute } from '../helpers/database'
import { eventually } from '../helpers/eventually'

const DAY = 24 * 60 * 60 * 1_000

let account: Account

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  account = await createTestAccount('standard')
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

async function set(member: Member, values: Partial<typeof users.$inferInsert>): Promise<void> {
  await execute(update(users, omitUndefined(values), sql`${users.id} = ${member.id}`))
}

const limiterOf = (member: Member) => env.RATE_LIMITER.getByName(`member:${account.id}/${member.id}`)
const claimOf = (member: Member) => tokenClaim(account, member)
const status = async (method: string, path: string, member: Member) =>
  (await call(method, path, { token: member.token, address: freshIpAddress() })).status

describe('what the object knows of its member', () => {
  it('is asked of D1 once, not at each request', async () => {
    const queries = vi.spyOn(sessions, 'batch')
    await limiterOf(account.agent).verifyAndCount(claimOf(account.agent), false)
    const first = queries.mock.calls.length
    for (let i = 0; i < 5; i += 1) await limiterOf(account.agent).verifyAndCount(claimOf(account.agent), false)
    expect(queries.mock.calls.length).toBe(first)
  })

  it('is read again if a release up to 0.1 cached it, whose fields had other names', async () => {
    const { agent } = account
    expect(await status('GET', 'tickets', agent)).toBe(200)
    const cached = {
      accountId: account.id,
      role: 'agent',
      plan: 'standard',
      active: true,
      generation: 1,
      sparedToken: null,
    }
    await runInDurableObject(limiterOf(agent), (_instance, { storage }) =>
      storage.sql.exec('UPDATE caller SET facts = ?', JSON.stringify({ ...cached, secrets: [] })),
    )
    await evictDurableObject(limiterOf(agent))
    expect(await status('GET', 'tickets', agent)).toBe(200)
  })

  it.each([
    ['deactivated', { status: 'inactive' }],
    ['given new credentials', { tokenVersion: 2 }],
  ] as const)('ends for a member who is %s, 61 seconds later at the latest', async (_name, values) => {
    expect(await status('GET', 'tickets', account.agent)).toBe(200)
    await set(account.agent, values)
    advanceClock(61_000)
    expect(await status('GET', 'tickets', account.agent)).toBe(401)
    expect(await status('POST', 'tickets', account.agent)).toBe(401)
    expect(await status('GET', 'users', account.agent)).toBe(401)
  })

  it('is asked anew for a token of a later generation: the operator has ended those before it', async () => {
    expect(await status('GET', 'tickets', account.agent)).toBe(200)
    await set(account.agent, { tokenVersion: 2 })
    const token = await createTestToken(account.id, account.agent.id, 'agent', 2)
    expect(await status('GET', 'tickets', { ...account.agent, token })).toBe(200)
    expect(await status('GET', 'tickets', account.agent)).toBe(401)
    const invented = await createTestToken(account.id, account.agent.id, 'agent', 3)
    expect(await status('GET', 'tickets', { ...account.agent, token: invented })).toBe(401)
  })

  it('ends for a member who is gone', async () => {
    expect(await status('GET', 'tickets', account.stranger)).toBe(200)
    await execute(deleteFrom(users, sql`${users.id} = ${account.stranger.id}`))
    advanceClock(61_000)
    expect(await status('GET', 'tickets', account.stranger)).toBe(401)
  })

  it('is refreshed beside a request after 30 seconds, so that the next one has it', async () => {
    expect(await status('GET', 'tickets', account.agent)).toBe(200)
    await set(account.agent, { status: 'inactive' })
    advanceClock(29_000)
    expect(await status('GET', 'tickets', account.agent)).toBe(200)
    advanceClock(2_000)
    await status('GET', 'tickets', account.agent)
    await eventually(async () => expect(await status('GET', 'tickets', account.agent)).toBe(401))
  })

  it('follows a lowered role', async () => {
    expect(await status('GET', 'users', account.agent)).toBe(200)
    const ticket = await createTicket(account.stranger)
    await set(account.agent, { role: 'customer' })
    advanceClock(61_000)
    expect(await status('GET', 'users', account.agent)).toBe(403)
    expect(await status('GET', `tickets/${ticket.id}`, account.agent)).toBe(404)
    const list = await call('GET', 'tickets', { token: account.agent.token })
    expect([list.body.data, list.body.pagination.total]).toEqual([[], 0])
    expect(await status('DELETE', `tickets/${ticket.id}`, account.agent)).toBe(403)
  })

  it('follows a raised role, whatever the token says', async () => {
    const ticket = await createTicket(account.stranger)
    expect(await status('GET', `tickets/${ticket.id}`, account.customer)).toBe(404)
    expect(await status('GET', 'users', account.customer)).toBe(403)
    await set(account.customer, { role: 'agent' })
    advanceClock(61_000)
    expect(await status('GET', `tickets/${ticket.id}`, account.customer)).toBe(200)
    expect(await status('GET', 'users', account.customer)).toBe(200)
  })

  it('follows the plan', async () => {
    const limit = async () =>
      (await call('GET', 'tickets', { token: account.agent.token })).headers.get('X-RateLimit-Limit')
    expect(await limit()).toBe('100')
    await execute(update(accounts, { plan: 'premium' }, sql`${accounts.id} = ${account.id}`))
    advanceClock(61_000)
    expect(await limit()).toBe('300')
    await execute(update(accounts, { plan: 'standard' }, sql`${accounts.id} = ${account.id}`))
    advanceClock(61_000)
    expect(await limit()).toBe('100')
  })

  it('F03 is not made up when D1 fails: 503 once it is stale, good again afterwards', async () => {
    expect(await status('GET', 'tickets', account.agent)).toBe(200)
    const broken = vi.spyOn(sessions, 'batch').mockRejectedValue(new Error('D1_ERROR: overloaded'))
    advanceClock(61_000)
    expect(await status('GET', 'tickets', account.agent)).toBe(503)
    expect(await status('GET', 'nothing', account.agent).catch(() => 503)).toBe(503)
    broken.mockRestore()
    expect(await status('GET', 'tickets', account.agent)).toBe(200)
  })

  it('does not count a claim that it does not vouch for', async () => {
    const limiter = limiterOf(account.agent)
    await limiter.verifyAndCount(claimOf(account.agent), false)
    for (let i = 0; i < 3; i += 1)
      expect(await limiter.verifyAndCount(tokenClaim(account, account.agent, 9), true)).toEqual({ valid: false })
    const admission = await limiter.verifyAndCount(claimOf(account.agent), false)
    expect(admission).toMatchObject({ valid: true, rateLimit: { remaining: 98 }, wroteRecently: false })
  })
})

describe('wroteRecently', () => {
  const admit = async (writes: boolean) => {
    const admission = await admitBy(limiterOf(account.agent), claimOf(account.agent), writes)
    return admission.valid && admission.wroteRecently
  }

  it('is true for 60 seconds after a write', async () => {
    expect(await admit(false)).toBe(false)
    await admit(true)
    expect(await admit(false)).toBe(true)
    advanceClock(59_999)
    expect(await admit(false)).toBe(true)
    advanceClock(1)
    expect(await admit(false)).toBe(false)
  })

  it('is not for a write that was refused', async () => {
    for (let i = 0; i < 100; i += 1) await admit(false)
    expect(await admit(true)).toBe(false)
    expect(await admit(false)).toBe(false)
  })
})

describe('the alarm', () => {
  const tables = (member: Member) =>
    runInDurableObject(limiterOf(member), (_instance, state) =>
      state.storage.sql.exec<{ name: string }>("SELECT name FROM sqlite_master WHERE name = 'caller'").toArray(),
    )

  it('is set from the first request on, and keeps the count of a caller who is there', async () => {
    const limiter = limiterOf(account.agent)
    await limiter.verifyAndCount(claimOf(account.agent), false)
    expect(await runDurableObjectAlarm(limiter)).toBe(true)
    const admission = await limiter.verifyAndCount(claimOf(account.agent), false)
    expect(admission).toMatchObject({ valid: true, rateLimit: { remaining: 98 } })
    expect(await runDurableObjectAlarm(limiter)).toBe(true)
  })

  it('forgets all after an idle day, and the object works after it', async () => {
    const limiter = limiterOf(account.agent)
    await limiter.verifyAndCount(claimOf(account.agent), true)
    advanceClock(DAY + 61_000)
    expect(await runDurableObjectAlarm(limiter)).toBe(true)
    expect(await tables(account.agent)).toEqual([])
    const token = await createTestToken(account.id, account.agent.id, 'agent')
    const response = await call('GET', 'tickets', { token })
    expect([response.status, response.headers.get('X-RateLimit-Remaining')]).toEqual([200, '99'])
    expect(await tables(account.agent)).toEqual([{ name: 'caller' }])
    expect(await runDurableObjectAlarm(limiter)).toBe(true)
  })

  it('brings nothing revoked back', async () => {
    const limiter = limiterOf(account.agent)
    await limiter.verifyAndCount(claimOf(account.agent), false)
    await set(account.agent, { tokenVersion: 2 })
    advanceClock(DAY + 61_000)
    await runDurableObjectAlarm(limiter)
    expect(await limiter.verifyAndCount(claimOf(account.agent), false)).toEqual({ valid: false })
  })
})
