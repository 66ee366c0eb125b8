import { env } from 'cloudflare:workers'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { configOf } from '../../src/core/config'
import { accountCounters, idempotencyRecords } from '../../src/db/schema/accounts'
import { objectIntents, tickets } from '../../src/db/schema/tickets'
import { sql } from '../../src/db/sql'
import { select } from '../../src/db/statement'
import { update } from '../../src/db/write'
import { sha256 } from '../../src/lib/crypto'
import { parseIdempotencyKey } from '../../src/service/idempotency-key'
import { type Account, call, createTestAccount, createTestMember, createTicket } from '../helpers/api'
import { advanceClock, createTestKey, stopClock } from '../helpers/credentials'
import { realBatch, sessions } from '../helpers/d1'
import { prepare, row, rows } from '../helpers/database'
import { upload } from '../helpers/files'
import { API_OPERATIONS } from '../helpers/operations'
import { callAs, detailsOf } from '../helpers/tickets'
import { cheapHash } from '../helpers/users'
import { createTestWebhook, silenceQueue, silenceSweeper } from '../helpers/webhooks'

let account: Account

beforeAll(async () => {
  account = await createTestAccount()
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const title = { title: 'A title', description: 'A text' }
const keyed = (key: string, method = 'POST', path = 'tickets', body: unknown = title) =>
  call(method, path, { token: account.agent.token, headers: { 'Idempotency-Key': key }, body })

describe('the Idempotency-Key header', () => {
  it.each([
    ['empty', ''],
    ['white space alone', '   '],
    ['of 256 characters', 'k'.repeat(256)],
    ['of other characters than ASCII', 'clé'],
    ['with a tab', 'a\tb'],
    ['with a control character', 'a\u0001b'],
    ['with the last control character', 'a\u007fb'],
  ])('C02 rejects %s with 400, and has no effect', async (_name, key) => {
    const before = await row(
      select(
        { event_sequence: accountCounters.eventSequence },
        sql`FROM ${accountCounters} WHERE ${accountCounters.accountId} = ${account.id}`,
      ),
    )
    const details = detailsOf(await keyed(key), 400, 'invalid_input')
    expect(details).toEqual([
      {
        field: 'Idempotency-Key',
        message: 'Idempotency-Key must be 1 to 255 printable ASCII characters',
        code: 'invalid_format',
      },
    ])
    expect(
      await row(
        select(
          { event_sequence: accountCounters.eventSequence },
          sql`FROM ${accountCounters} WHERE ${accountCounters.accountId} = ${account.id}`,
        ),
      ),
    ).toEqual(before)
  })

  it.each([['k'], ['k'.repeat(255)], [` !"#$%&'()*+,-./0123456789:;<=>?@[\\]^_\`{|}~ `]])(
    'C02 accepts %j',
    async (key) => {
      expect((await keyed(key)).status).toBe(201)
      expect((await keyed(key)).headers.get('Idempotent-Replayed')).toBe('true')
    },
  )

  it('C02 applies to a path in any encoding', async () => {
    const first = await keyed('spelled', 'POST', 'tickets')
    const again = await keyed('spelled', 'POST', '/ticketing/v1/%74ick%65ts')
    expect([again.status, again.body.data.id, again.headers.get('Idempotent-Replayed')]).toEqual([
      ...[201, first.body.data.id, 'true'],
    ])
  })

  it('is ignored for reads, /auth and /accounts', async () => {
    const headers = { 'Idempotency-Key': '' }
    expect((await call('GET', 'tickets', { token: account.agent.token, headers })).status).toBe(200)
    const login = await call('POST', 'auth/login', { headers, body: { email: 'a@b.example', password: 'wrong' } })
    expect(login.status).toBe(401)
    const member = await createTestMember(account.id, 'agent', { passwordHash: cheapHash('a good password') })
    const change = { current_password: 'a good password', new_password: 'another one' }
    const changed = () =>
      call('POST', 'auth/password', { token: member.token, headers: { 'Idempotency-Key': 'kept' }, body: change })
    expect((await changed()).status).toBe(204)
    const again = await changed()
    expect([again.status, again.headers.get('Idempotent-Replayed')]).toEqual([401, null])
  })

  it('C01 never waits, as documented', async () => {
    const { body } = await call('GET', '/openapi.json')
    const $ref = '#/components/parameters/Idempotency-Key'
    expect(body.paths['/tickets'].post.parameters).toContainEqual({ $ref })
    const header = body.components.parameters['Idempotency-Key']
    expect(header).toMatchObject({ name: 'Idempotency-Key', in: 'header' })
    expect(header.description).toContain('Concurrent requests with the same key all get the same response.')
    const responses = await Promise.all(Array.from({ length: 10 }, () => keyed('at once')))
    expect(responses.map(({ status }) => status)).toEqual(Array(10).fill(201))
  })

  it('C01 returns 409 with Retry-After if the record expires between its two lookups', async () => {
    const first = await keyed('forgotten')
    const original = realBatch()
    vi.spyOn(sessions, 'batch').mockImplementation((async (statements: D1PreparedStatement[]) => {
      try {
        return await original(statements)
      } catch (error) {
        if (/refused:replay/.test(String(error))) await original([prepare(sql`DELETE FROM ${idempotencyRecords}`)])
        throw error
      }
    }) as never)
    const rejected = await keyed('forgotten')
    expect(detailsOf(rejected, 409, 'conflict')).toEqual([
      {
        field: 'Idempotency-Key',
        message: 'Idempotency-Key expired while the request was running; retry',
        code: 'not_found',
      },
    ])
    expect(rejected.headers.get('Retry-After')).toBe('1')
    vi.restoreAllMocks()
    const repeated = await keyed('forgotten')
    expect([repeated.status, repeated.body.data.id === first.body.data.id]).toEqual([201, false])
  })
})

describe('an idempotency record', () => {
  it('S18 contains no hash that can be compared with a guessed body', async () => {
    const user = await createTestMember(account.id, 'customer')
    const path = `users/${user.id}/password`
    const send = () =>
      call('POST', path, {
        token: account.admin.token,
        headers: { 'Idempotency-Key': 'a password' },
        body: { password: 'a good password' },
      })
    expect((await send()).status).toBe(204)
    expect((await send()).headers.get('Idempotent-Replayed')).toBe('true')
    const records = await rows(
      select(
        { request_hash: idempotencyRecords.fingerprint },
        sql`FROM ${idempotencyRecords} WHERE ${idempotencyRecords.accountId} = ${account.id}
          AND ${idempotencyRecords.callerId} = ${account.admin.id}`,
      ),
    )
    const bodyHash = sha256('{"password":"a good password"}')
    expect(records).toHaveLength(1)
    expect(records[0]?.request_hash).not.toBe(sha256(` ${bodyHash}`))
  })

  it('W22 is found after the secret was changed', () => {
    const request = { method: 'POST', path: '/tickets', query: '', bodyHashes: ['hash'], callerId: 'user_a' }
    const old = parseIdempotencyKey(configOf({ ...env, APP_SECRET: 'a'.repeat(32) }), 'key', request)
    const rotated = { ...env, APP_SECRET: 'b'.repeat(32), APP_SECRET_PREVIOUS: 'a'.repeat(32) }
    const now = parseIdempotencyKey(configOf(rotated), 'key', request)
    expect(now?.keyHash).toBe(old?.keyHash)
    expect(now?.fingerprints).toContain(old?.fingerprints[0])
    expect(now?.fingerprints[0]).not.toBe(old?.fingerprints[0])
  })
})

describe('a replay is returned in place of a current error', () => {
  it('for a raw upload to a full ticket and account; other bytes are 422', async () => {
    const own = await createTestAccount()
    const { id } = await createTicket(own.customer)
    const send = (text: string) =>
      upload(own.customer, id, { bytes: new TextEncoder().encode(text), headers: { 'Idempotency-Key': 'once' } })
    const first = await send('abc')
    expect(first.status).toBe(201)
    await env.DB.batch([
      prepare(update(tickets, { publicAttachments: 500 }, sql`${tickets.id} = ${id}`)),
      prepare(update(accountCounters, { storedBytes: 100000000000 }, sql`${accountCounters.accountId} = ${own.id}`)),
    ])
    const put = vi.spyOn(env.FILES, 'put')
    const again = await send('abc')
    expect([again.status, again.text]).toEqual([201, first.text])
    expect((await send('abd')).status).toBe(422)
    expect((await upload(own.customer, id)).status).toBe(422)
    expect(put).not.toHaveBeenCalled()
    expect(
      await rows(
        select({ id: objectIntents.id }, sql`FROM ${objectIntents} WHERE ${objectIntents.accountId} = ${own.id}`),
      ),
    ).toEqual([])
  })

  it('for an API key that was revoked meanwhile', async () => {
    stopClock()
    const own = await createTestAccount()
    const send = (key: string) =>
      call('POST', 'api-keys', { token: own.admin.token, headers: { 'Idempotency-Key': key }, body })
    const body = { name: 'A key', expires_at: new Date(Date.now() + 60_000).toISOString() }
    const first = await send('ends')
    expect(first.status, first.text).toBe(201)
    advanceClock(120_000)
    expect((await send('ends')).text).toBe(first.text)
    expect(detailsOf(await send('another'), 400, 'invalid_input')).toEqual([
      { field: 'expires_at', message: 'expires_at must be in the future', code: 'invalid_value' },
    ])
  })

  it('for a webhook whose URL now belongs to the service', async () => {
    silenceQueue()
    silenceSweeper()
    const own = await createTestAccount()
    const hook = await createTestWebhook(own)
    for (const [method, path] of [
      ['POST', 'webhooks'],
      ['PATCH', `webhooks/${hook.id}`],
    ] as const) {
      const body = { url: `https://${method.toLowerCase()}.example.com/hook`, events: ['*'] }
      const send = (url: string) =>
        call(method, `${url}${path}`, { token: own.admin.token, headers: { 'Idempotency-Key': 'hook' }, body })
      const first = await send('')
      expect(first.status, first.text).toBeLessThan(300)
      const ours = `https://${method.toLowerCase()}.example.com/api/v1/`
      expect((await send(ours)).text).toBe(first.text)
      const { status } = await call(method, `${ours}${path}`, { token: own.admin.token, body })
      expect(status).toBe(422)
    }
  })
})

describe('a body on a route without one', () => {
  it('is rejected with 400 on each such route, before any lookup', async () => {
    const withoutBody = API_OPERATIONS.filter(({ method, hasBody }) => method !== 'GET' && !hasBody)
    expect(withoutBody.length).toBeGreaterThan(8)
    const key = await createTestKey(account, { role: 'admin' })
    for (const { method, path, name } of withoutBody) {
      const token = /^\/api-keys|^\/auth/.test(path) ? account.admin.token : key.key
      const nothing = path.slice(1).replace(/\{\w+\}/g, 'nothing')
      for (const body of ['{"a":1}', 'x', '[]', 'null', '"x"', `${' '.repeat(100)}`, '{}{}'])
        expect(detailsOf(await call(method, nothing, { token, body }), 400, 'invalid_input'), name).toEqual([
          { field: 'body', message: 'Body must be empty', code: 'not_allowed' },
        ])
    }
  })

  it.each([['{}'], [' { } '], ['']])('is accepted if it is empty: %j', async (body) => {
    const { id } = await createTicket(account.agent)
    expect((await call('DELETE', `tickets/${id}`, { token: account.agent.token, body })).status).toBe(204)
  })

  it('is not read to its end', async () => {
    let pulled = 0
    const endless = new ReadableStream({
      pull(controller) {
        pulled += 1
        controller.enqueue(new TextEncoder().encode('x'.repeat(1_024)))
      },
    })
    const { id } = await createTicket(account.agent)
    expect((await call('DELETE', `tickets/${id}`, { token: account.agent.token, body: endless })).status).toBe(400)
    expect(pulled).toBeLessThan(1_000)
    expect((await callAs(account.agent, 'GET', `tickets/${id}`)).status).toBe(200)
  })
})
