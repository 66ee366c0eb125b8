import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { accounts } from '../../src/db/schema/accounts'
import { sql } from '../../src/db/sql'
import { update } from '../../src/db/write'
import { freshIpAddress } from '../../test/helpers/addresses'
import {
  type Account,
  call,
  createTestAccount,
  createTestMember,
  type Member,
  type TestResponse,
} from '../../test/helpers/api'
import { warmUp } from '../../test/helpers/credentials'
import { execute } from '../../test/helpers/database'
import { breakObject, ERRORS, type Failure, type ObjectCall } from '../../test/helpers/failing-object'
import { cheapHash, logIn } from '../../test/helpers/users'
import { freshUrl } from '../../test/helpers/webhooks'

const PASSWORD = 'correct horse'

let account: Account
let jane: Member
let logged: string[]
let clock = Date.now()

beforeEach(async () => {
  // `/health` caches its checks for ten seconds.
  clock = Math.max(clock, Date.now()) + 11_000
  vi.useFakeTimers({ toFake: ['Date'], now: clock })
  account = await createTestAccount()
  jane = await createTestMember(account.id, 'customer', { passwordHash: cheapHash(PASSWORD) })
  await warmUp(jane)
  logged = []
  vi.spyOn(console, 'error').mockImplementation((line) => {
    logged.push(JSON.parse(String(line)).failed)
  })
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

interface Case {
  /** A request that makes the call. */
  send: () => Promise<TestResponse>
  status: number
  /** Calls per request, 1 by default. */
  calls?: number
  /** The `failed` field of the log line, if the request succeeds without the call. */
  logs?: string
}

const logOut = () => call('POST', 'auth/logout', { token: jane.token })
const login = (password = PASSWORD) => logIn(jane.email, password)
const registration = () => ({ account: account.slug, name: 'New', email: 'new@example.com', password: PASSWORD })
const webhook = () => ({ url: freshUrl(), events: ['*'] })

const CASES: Record<ObjectCall, Case> = {
  'RATE_LIMITER.verifyAndCount': { send: () => call('GET', 'users/me', { token: jane.token }), status: 200 },
  'RATE_LIMITER.count': { send: () => call('GET', 'users/me', { address: freshIpAddress() }), status: 401 },
  'RATE_LIMITER.beginInvalidation': { send: logOut, status: 204 },
  'RATE_LIMITER.endInvalidation': { send: logOut, status: 204, logs: 'end invalidation' },
  'RATE_LIMITER.ping': { send: () => call('GET', '/health'), status: 200 },
  'LOGIN_THROTTLE.reserve': {
    send: () => call('POST', 'auth/register', { body: registration(), address: freshIpAddress() }),
    status: 403,
  },
  'LOGIN_THROTTLE.reserveLogin': { send: login, status: 200 },
  'LOGIN_THROTTLE.settle': { send: login, status: 200, calls: 2, logs: 'update login throttle' },
  'LOGIN_THROTTLE.trustAddress': {
    send: async () => {
      await execute(update(accounts, { allowRegistration: 1 }, sql`${accounts.id} = ${account.id}`))
      return call('POST', 'auth/register', { body: registration(), address: freshIpAddress() })
    },
    status: 201,
    logs: 'update login throttle',
  },
  'SWEEPER.ensureScheduled': {
    send: () => call('POST', 'webhooks', { token: account.admin.token, body: webhook() }),
    status: 201,
  },
}

const ALL = Object.entries(CASES).map(([name, each]) => ({ name: name as ObjectCall, calls: 1, ...each }))

/** Expects a 503, or a success with one log line per abandoned call. */
function expectAbandoned(response: TestResponse, { status, calls, logs }: (typeof ALL)[number]): void {
  expect(response.status, response.text).toBe(logs === undefined ? 503 : status)
  expect(response.text).not.toContain('secret')
  expect(logged.filter((task) => task !== undefined)).toEqual(logs === undefined ? [] : Array(calls).fill(logs))
}

describe('a call to a Durable Object', () => {
  it.each(ALL)(
    '$name is repeated on a new stub when the object was restarted',
    async ({ name, send, status, calls }) => {
      const { stubs, waits } = breakObject(name, (index) => (index === 0 ? { error: ERRORS.restarted() } : undefined))
      const response = await send()
      expect(response.status, response.text).toBe(status)
      expect([stubs.length, new Set(stubs).size, waits().length]).toEqual([calls + 1, calls + 1, 1])
      expect(logged).toEqual([])
    },
  )

  it.each(ALL)('$name is repeated when its response was lost', async ({ name, send, status, calls }) => {
    const lost = { error: ERRORS.restarted(), isAfterEffect: true }
    const { stubs } = breakObject(name, (index) => (index === 0 ? lost : undefined))
    const response = await send()
    expect([response.status, stubs.length, logged], response.text).toEqual([status, calls + 1, []])
  })

  it.each(ALL)('$name fails after three calls', async (each) => {
    const { stubs, waits } = breakObject(each.name, () => ({ error: ERRORS.restarted() }))
    expectAbandoned(await each.send(), each)
    expect([stubs.length, new Set(stubs).size, waits().length]).toEqual([
      3 * each.calls,
      3 * each.calls,
      2 * each.calls,
    ])
  })

  it.each(ALL)('$name is not repeated when the object is overloaded', async (each) => {
    const { stubs, waits } = breakObject(each.name, () => ({ error: ERRORS.overloaded() }))
    expectAbandoned(await each.send(), each)
    expect([stubs.length, waits()]).toEqual([each.calls, []])
  })

  it.each(ALL)('$name is not repeated when the object itself has thrown', async (each) => {
    const { stubs, waits } = breakObject(each.name, () => ({ error: ERRORS.thrownInside() }))
    expectAbandoned(await each.send(), each)
    expect([stubs.length, waits()]).toEqual([each.calls, []])
  })

  it('is repeated for a request without a route too', async () => {
    const { stubs } = breakObject('RATE_LIMITER.verifyAndCount', (index) =>
      index < 2 ? { error: ERRORS.restarted() } : undefined,
    )
    const response = await call('GET', 'nothing', { token: jane.token })
    expect([response.status, stubs.length]).toEqual([404, 3])
  })

  it.each([
    [0, 20],
    [0.5, 110],
    [1, 200],
  ])('waits before it is repeated: random %f is %i ms', async (random, milliseconds) => {
    const { waits } = breakObject('RATE_LIMITER.count', (index) =>
      index < 2 ? { error: ERRORS.restarted() } : undefined,
    )
    vi.spyOn(Math, 'random').mockReturnValue(random)
    await CASES['RATE_LIMITER.count'].send()
    expect(waits()).toEqual([milliseconds, milliseconds])
  })
})

const lost = (): Failure => ({ error: ERRORS.restarted(), isAfterEffect: true })

async function failLogins(times: number): Promise<number[]> {
  const statuses = []
  for (let runTrial = 0; runTrial < times; runTrial += 1) statuses.push((await login('wrong horse')).status)
  return statuses
}

describe('a repeated call', () => {
  it('counts a request at most once more', async () => {
    const remaining = async () =>
      Number((await CASES['RATE_LIMITER.verifyAndCount'].send()).headers.get('X-RateLimit-Remaining'))
    const before = await remaining()
    breakObject('RATE_LIMITER.verifyAndCount', (index) => (index === 0 ? lost() : undefined))
    expect(before - (await remaining())).toBe(2)
  })

  it('counts a login attempt once', async () => {
    breakObject('LOGIN_THROTTLE.reserveLogin', (index) => (index % 2 === 0 ? lost() : undefined))
    expect(await failLogins(11)).toEqual([...Array(10).fill(401), 429])
  })

  it('releases an attempt once, so that no additional attempts are possible', async () => {
    await failLogins(9)
    breakObject('LOGIN_THROTTLE.settle', (index) => (index < 4 ? lost() : undefined))
    expect((await login()).status).toBe(200)
    vi.restoreAllMocks()
    expect(await failLogins(2)).toEqual([401, 429])
  })
})
