import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { configOf } from '../../src/core/config'
import { idempotencyRecords } from '../../src/db/schema/accounts'
import { sql } from '../../src/db/sql'
import { update } from '../../src/db/write'
import { parseIdempotencyKey } from '../../src/service/idempotency-key'
import { type Account, call, createTestAccount, createTicket, type Member } from '../helpers/api'
import { execute } from '../helpers/database'

let account: Account

beforeAll(async () => {
  account = await createTestAccount()
})

function keyed(by: Member, method: string, path: string, key: string, body?: unknown) {
  return call(method, path, {
    token: by.token,
    headers: { 'Idempotency-Key': key, ...(typeof body === 'string' && { 'Content-Type': 'text/plain' }) },
    ...(body !== undefined && { body }),
  })
}

describe('the scope of an idempotency key', () => {
  it('C02 includes the method: the same key can change and delete a ticket', async () => {
    const { id } = await createTicket(account.agent)
    expect((await keyed(account.agent, 'PATCH', `tickets/${id}`, 'one-method', { title: 'Changed' })).status).toBe(200)
    expect((await keyed(account.agent, 'DELETE', `tickets/${id}`, 'one-method')).status).toBe(204)
    expect((await call('GET', `tickets/${id}`, { token: account.agent.token })).status).toBe(404)
  })

  it('C02 includes the query: a file of another name is another request', async () => {
    const { id } = await createTicket(account.agent)
    const upload = (name: string) =>
      keyed(account.agent, 'POST', `tickets/${id}/attachments?filename=${name}`, 'query', 'abc')
    expect((await upload('a.txt')).status).toBe(201)
    expect((await upload('b.txt')).status).toBe(422)
    expect((await upload('a.txt')).headers.get('Idempotent-Replayed')).toBe('true')
  })

  it('S18 includes the encryption of the response: the database and the service’s secret do not decrypt it without the key', () => {
    const request = { method: 'POST', path: '/api-keys', query: '', bodyHashes: ['hash'], callerId: 'user_a' }
    const encryptedWith = (key: string) =>
      parseIdempotencyKey(configOf(env), key, request)?.encryptionKeys[0]?.toString('hex')
    expect(encryptedWith('one')).toMatch(/^[0-9a-f]{64}$/)
    expect(encryptedWith('one')).toBe(encryptedWith('one'))
    expect(encryptedWith('another')).not.toBe(encryptedWith('one'))
  })

  it('C02 is a day: after that the request runs again, with its files', async () => {
    const body = {
      title: 'Daily',
      description: 'D',
      attachments: [{ filename: 'a.txt', content: 'YWJj', mime_type: 'text/plain' }],
    }
    const first = await keyed(account.agent, 'POST', 'tickets', 'daily', body)
    const age = (milliseconds: number) =>
      execute(
        update(
          idempotencyRecords,
          { createdAt: Date.now() - milliseconds },
          sql`${idempotencyRecords.accountId} = ${account.id}`,
        ),
      )
    await age(86_400_000 - 60_000)
    expect((await keyed(account.agent, 'POST', 'tickets', 'daily', body)).body.data.id).toBe(first.body.data.id)
    await age(86_400_000 + 60_000)
    const again = await keyed(account.agent, 'POST', 'tickets', 'daily', body)
    expect([again.status, again.headers.get('Idempotent-Replayed')]).toEqual([201, null])
    expect(again.body.data.id).not.toBe(first.body.data.id)
    expect(again.body.data.attachments).toHaveLength(1)
  })
})
