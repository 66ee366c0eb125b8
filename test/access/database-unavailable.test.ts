import { runInDurableObject } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Account, call, createTestAccount, createTestMember, type Member } from '../helpers/api'
import {
  advanceClock,
  createTestKey,
  objectOf,
  objectOfKey,
  stopClock,
  tokenClaim,
  warmUp,
} from '../helpers/credentials'
import { sessions } from '../helpers/d1'

const UNAVAILABLE = {
  failure: 'database_unavailable',
  isOverloaded: false,
  stack: expect.stringContaining('findMemberState'),
}
const CAUSE = { error: 'DbError', at: expect.stringMatching(/^at toDbError /) }

let account: Account
let member: Member
let lines: Record<string, unknown>[]

beforeEach(async () => {
  stopClock()
  account = await createTestAccount()
  member = await createTestMember(account.id, 'agent')
  await warmUp(member)
  lines = []
  vi.spyOn(console, 'error').mockImplementation((line) => {
    lines.push(JSON.parse(String(line)))
  })
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const object = () => objectOf(account, member)
const name = () => ({ kind: 'token' as const, accountId: account.id, memberId: member.id })
const failDatabase = () => vi.spyOn(sessions, 'batch').mockRejectedValue(new Error('D1_ERROR: overloaded'))

const pendingChanges = () =>
  runInDurableObject(object(), (_instance, { storage }) =>
    storage.sql
      .exec('SELECT change_id FROM doubts')
      .toArray()
      .map((row) => row.change_id),
  )

describe('a Durable Object that needs D1 while D1 is unavailable', () => {
  it('returns the failure of a verification', async () => {
    advanceClock(61_000)
    failDatabase()
    expect(await object().verifyAndCount(tokenClaim(account, member), false)).toEqual(UNAVAILABLE)
  })

  it('returns the failure for a token with a later version', async () => {
    failDatabase()
    expect(await object().verifyAndCount(tokenClaim(account, member, 9), false)).toEqual(UNAVAILABLE)
  })

  it('returns the failure for an API key', async () => {
    const { id } = await createTestKey(account)
    failDatabase()
    expect(await objectOfKey(id).verifyAndCount({ kind: 'key', memberId: id, hash: 'any' }, false)).toEqual(UNAVAILABLE)
  })

  it('returns the failure after a change and keeps the change pending', async () => {
    await object().beginInvalidation('a change')
    const broken = failDatabase()
    expect(await object().endInvalidation('a change', name())).toEqual(UNAVAILABLE)
    broken.mockRestore()
    expect(await pendingChanges()).toEqual(['a change'])
    expect(await object().endInvalidation('a change', name())).toBeNull()
    expect(await pendingChanges()).toEqual([])
  })
})

describe('a request that needs D1 for its verification while D1 is unavailable', () => {
  it.each([
    ['on a route', 'GET', 'users/me'],
    ['on a route that writes', 'POST', 'auth/logout'],
  ])('returns 503 with Retry-After %s and logs the cause', async (_name, method, path) => {
    advanceClock(61_000)
    failDatabase()
    const response = await call(method, path, { token: member.token })
    expect([response.status, response.body.error.code]).toEqual([503, 'unavailable'])
    expect(response.headers.get('Retry-After')).toBe('5')
    expect(lines.map(({ failure }) => failure)).toEqual([CAUSE])
  })
})
