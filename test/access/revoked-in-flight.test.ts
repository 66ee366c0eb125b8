import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { apiKeys, users } from '../../src/db/schema/accounts'
import { objectIntents } from '../../src/db/schema/tickets'
import { sql } from '../../src/db/sql'
import { type Statement, select } from '../../src/db/statement'
import { deleteFrom, update } from '../../src/db/write'
import { type Account, createTestAccount, createTestMember, createTestToken, type Member } from '../helpers/api'
import { createTestKey, stopClock } from '../helpers/credentials'
import { execute, prepare, rows } from '../helpers/database'
import { takeSnapshot } from '../helpers/database-snapshot'
import { eventually } from '../helpers/eventually'
import { type HeldRequest, holdRequest } from '../helpers/held-request'
import { type ApiOperation, accessOf, byName, CALLER_WRITES, operationOf } from '../helpers/operations'
import { PASSWORD } from '../helpers/path-ids'
import { changeUser, KEY_REVOCATIONS, REVOCATIONS } from '../helpers/revocations'
import { prepareRequest, type SampleRequest } from '../helpers/sample-requests'
import { callAs } from '../helpers/tickets'
import { cheapHash } from '../helpers/users'
import { silenceQueue, silenceSweeper } from '../helpers/webhooks'

const HOUR = 3_600_000

let account: Account

beforeEach(async () => {
  stopClock()
  silenceQueue()
  silenceSweeper()
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
  account = await createTestAccount()
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

async function prepared(operation: ApiOperation): Promise<{ request: SampleRequest; caller: Member }> {
  const request = await prepareRequest(operation, account)
  const { caller } = request
  const isOwn = caller !== null && ![account.admin, account.agent, account.customer].includes(caller)
  if (!isOwn)
    return { request, caller: await createTestMember(account.id, 'admin', { passwordHash: cheapHash(PASSWORD) }) }
  await execute(
    update(users, { role: 'admin' }, sql`${users.accountId} = ${account.id} AND ${users.id} = ${caller.id}`),
  )
  return { request, caller: { ...caller, role: 'admin', token: await createTestToken(account.id, caller.id, 'admin') } }
}

const intents = () =>
  rows(select({ id: objectIntents.id }, sql`FROM ${objectIntents} WHERE ${objectIntents.accountId} = ${account.id}`))

/** Without `last_used_at` of API keys, which is written after the response. */
async function stored(): Promise<string> {
  const { tables, objects } = await takeSnapshot(account)
  const keys = tables.api_keys?.map((key) => ({ ...key, last_used_at: null }))
  return JSON.stringify([{ ...tables, all: [], object_intents: [], api_keys: keys }, objects])
}

async function expectRejected(held: HeldRequest, status: number, what: string): Promise<void> {
  const before = await stored()
  const response = await held.finish()
  expect([response.status, response.body.error?.code], what).toEqual([
    status,
    status === 401 ? 'unauthorized' : 'forbidden',
  ])
  expect(response.headers.get('WWW-Authenticate') !== null, what).toBe(status === 401)
  await eventually(async () => expect(await intents(), what).toEqual([]))
  expect(await stored(), what).toBe(before)
}

describe('a request that began before the access of its caller ended', () => {
  it.each(byName(CALLER_WRITES))('is executed where nothing has changed: %s', async (_, operation) => {
    const { request, caller } = await prepared(operation)
    const response = await (await holdRequest(request, caller.token)).finish()
    expect(response.status, JSON.stringify(response.body)).toBeLessThan(300)
  })

  it.each(byName(CALLER_WRITES))('is refused, and writes nothing: %s', async (_, operation) => {
    for (const [revocation, [status, end]] of Object.entries(REVOCATIONS)) {
      const { request, caller } = await prepared(operation)
      const held = await holdRequest(request, caller.token)
      await end(account, caller)
      await expectRejected(held, status, `a user who ${revocation}`)
      account = await createTestAccount()
    }
  })

  it.each(byName(CALLER_WRITES.filter((operation) => accessOf(operation).apiKeys)))(
    'is refused for API keys too: %s',
    async (_, operation) => {
      for (const [revocation, end] of Object.entries(KEY_REVOCATIONS)) {
        const { request } = await prepared(operation)
        const key = await createTestKey(account, {
          role: 'admin',
          expires_at: new Date(Date.now() + HOUR).toISOString(),
        })
        const held = await holdRequest(request, key.key)
        await end(account, key)
        await expectRejected(held, 401, `a key that ${revocation}`)
        account = await createTestAccount()
      }
    },
  )

  it.each(byName(CALLER_WRITES.filter(({ acceptsIdempotencyKey }) => acceptsIdempotencyKey)))(
    'is not replayed: %s',
    async (_, operation) => {
      for (const revocation of ['is deactivated', 'is demoted to customer']) {
        const { request, caller } = await prepared(operation)
        const first = await (await holdRequest(request, caller.token, 'a key')).finish()
        expect(first.status, JSON.stringify(first.body)).toBeLessThan(300)
        const replayed = await (await holdRequest(request, caller.token, 'a key')).finish()
        expect([replayed.status, replayed.headers.get('Idempotent-Replayed')]).toEqual([first.status, 'true'])
        const held = await holdRequest(request, caller.token, 'a key')
        const [status, end] = REVOCATIONS[revocation] ?? []
        await end?.(account, caller)
        await expectRejected(held, status ?? 0, `a user who ${revocation}`)
        account = await createTestAccount()
      }
    },
  )

  /** Statements that the operator runs, and the status of the pending requests. */
  const BY_OPERATOR: [what: string, status: number, statements: (id: string) => Statement[]][] = [
    ['deactivated', 401, (id) => [update(users, { status: 'inactive' }, sql`${users.id} = ${id}`)]],
    ['demoted', 403, (id) => [update(users, { role: 'agent' }, sql`${users.id} = ${id}`)]],
    [
      'deleted',
      401,
      (id) => [deleteFrom(apiKeys, sql`${apiKeys.id} = ${id}`), deleteFrom(users, sql`${users.id} = ${id}`)],
    ],
  ]

  it.each(BY_OPERATOR)('is refused where the operator has %s the caller in D1', async (what, status, statements) => {
    const user = await createTestMember(account.id, 'admin')
    const key = await createTestKey(account, { role: 'admin' })
    for (const [kind, { id }, credential] of [
      ['user', user, user.token],
      ['API key', key, key.key],
    ] as const) {
      // An inactive API key is revoked.
      if (what === 'deactivated' && kind === 'API key') continue
      const { request } = await prepared(operationOf('createTicket'))
      const held = await holdRequest(request, credential)
      await env.DB.batch(statements(id).map(prepare))
      await expectRejected(held, status, kind)
    }
  })

  it('is refused before the response says what it asks for', async () => {
    const { caller } = await prepared(operationOf('createUser'))
    for (const key of [undefined, 'a key']) {
      const request = {
        caller: null,
        method: 'POST',
        path: 'users/user_unknown/password',
        body: { password: 'a good password' },
      }
      const held = await holdRequest(request, caller.token, key)
      await changeUser(account, caller, { email: `${crypto.randomUUID()}@example.com` })
      await expectRejected(held, 401, `key ${key}`)
      caller.token = await createTestToken(account.id, caller.id, 'admin', 2)
    }
  })

  it('is executed where another token of the user was revoked', async () => {
    const { request, caller } = await prepared(operationOf('createTicket'))
    const held = await holdRequest(request, caller.token)
    const token = await createTestToken(account.id, caller.id, 'admin')
    expect((await callAs({ ...caller, token }, 'POST', 'auth/logout')).status).toBe(204)
    expect((await held.finish()).status).toBe(201)
  })

  it('has the objects of what it deleted deleted, even if the access of its caller has ended since', async () => {
    const { request, caller } = await prepared(operationOf('deleteTicket'))
    const original = env.FILES.delete.bind(env.FILES)
    const remove = vi.spyOn(env.FILES, 'delete').mockImplementation(async (keys) => {
      await changeUser(account, caller, { status: 'inactive' })
      await original(keys)
    })
    expect((await callAs(caller, request.method, request.path)).status).toBe(204)
    await eventually(async () => expect(await intents()).toEqual([]))
    expect(remove).toHaveBeenCalledOnce()
  })

  it('is executed with the earlier secret of an API key within its grace period', async () => {
    const { request } = await prepared(operationOf('createTicket'))
    const key = await createTestKey(account, { role: 'admin' })
    const held = await holdRequest(request, key.key)
    await callAs(account.admin, 'POST', `api-keys/${key.id}/rotate`, { grace_seconds: 60 })
    expect((await held.finish()).status).toBe(201)
  })

  it('is executed where the role was raised, or the same token has changed the password', async () => {
    const agent = await createTestMember(account.id, 'agent', { passwordHash: cheapHash(PASSWORD) })
    for (const end of [
      () => changeUser(account, agent, { role: 'admin' }),
      () => callAs(agent, 'POST', 'auth/password', { current_password: PASSWORD, new_password: 'the next password' }),
    ]) {
      const { request } = await prepared(operationOf('createTicket'))
      const held = await holdRequest(request, agent.token)
      await end()
      expect((await held.finish()).status).toBe(201)
    }
  })
})
