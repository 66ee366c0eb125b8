import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Account, call, createTestAccount, createTestMember, rows } from '../helpers/api'
import { differentBody } from '../helpers/different-body'
import { eventually } from '../helpers/eventually'
import { byName, CALLER_WRITES, operationOf } from '../helpers/operations'
import { prepareRequest, type SampleRequest, send } from '../helpers/sample-requests'
import { callAs } from '../helpers/tickets'
import { silenceQueue, silenceSweeper } from '../helpers/webhooks'

const KEYED = CALLER_WRITES.filter(({ acceptsIdempotencyKey }) => acceptsIdempotencyKey)

let account: Account

beforeEach(async () => {
  silenceQueue()
  silenceSweeper()
  account = await createTestAccount()
})
afterEach(() => {
  vi.restoreAllMocks()
})

/** Without idempotency records, and with a silent queue. */
async function stored(): Promise<string> {
  const tables = ['users', 'api_keys', 'tickets', 'comments', 'ticket_history', 'events', 'attachments', 'replays']
  const contents = await Promise.all(
    tables.map((table) => rows(`SELECT * FROM ${table} WHERE account_id = ? ORDER BY 1, 2, 3`, account.id)),
  )
  const webhooks = await rows(
    'SELECT id, url, events, description, active, secret, deleted_at FROM webhooks WHERE account_id = ?',
    account.id,
  )
  return JSON.stringify([contents, webhooks])
}

const intents = () => rows('SELECT id, kind FROM object_intents WHERE account_id = ?', account.id)

/**
 * Changes everything that a repeated request would meet: resources are deleted, limits reached, and the email or URL is
 * taken.
 */
async function moveOn(request: SampleRequest): Promise<void> {
  const { id, admin } = account
  const [tickets, hooks] = await Promise.all(
    ['tickets', 'webhooks'].map((table) =>
      rows<{ id: string; url?: string }>(`SELECT * FROM ${table} WHERE account_id = ?`, id),
    ),
  )
  for (const ticket of tickets ?? []) expect((await callAs(admin, 'DELETE', `tickets/${ticket.id}`)).status).toBe(204)
  for (const hook of hooks ?? []) await callAs(admin, 'DELETE', `webhooks/${hook.id}`)
  const email: string | undefined = Object(request.body).email
  const taken = email?.toLowerCase() ?? ''
  const members = [admin, account.agent, account.customer, request.caller].map((member) => member?.id ?? '')
  const numbers = (count: number) =>
    `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})`
  await env.DB.batch([
    env.DB.prepare("UPDATE accounts SET plan = 'standard' WHERE id = ?").bind(id),
    env.DB.prepare('UPDATE account_state SET stored_bytes = 5000000000 WHERE account_id = ?').bind(id),
    env.DB.prepare('UPDATE logins SET email_key = user_id WHERE account_id = ? AND email_key = ?').bind(id, taken),
    env.DB.prepare('UPDATE users SET email = id, email_key = lower(id) WHERE account_id = ? AND email_key = ?').bind(
      id,
      taken,
    ),
    env.DB.prepare(
      `UPDATE users SET status = 'inactive' WHERE account_id = ? AND kind = 'person' AND id NOT IN
        (SELECT value FROM json_each(?))`,
    ).bind(id, JSON.stringify(members)),
    env.DB.prepare('UPDATE users SET password_hash = NULL WHERE account_id = ?').bind(id),
    env.DB.prepare('UPDATE api_keys SET revoked_at = ? WHERE account_id = ?').bind(Date.now(), id),
    env.DB.prepare(
      `INSERT INTO users (account_id, id, kind, name, email, email_key, role, status, credential_generation, created_at)
      ${numbers(20)} SELECT ?1, 'key_' || ?1 || i, 'key', 'K', i || '@keys.invalid', i || '@keys.invalid', 'agent', 'active', 1, 0
      FROM n`,
    ).bind(id),
    env.DB.prepare(
      `INSERT INTO api_keys (account_id, id, last_four, hash, created_at)
      ${numbers(20)} SELECT ?1, 'key_' || ?1 || i, 'abcd', ?1 || i, 0 FROM n`,
    ).bind(id),
    env.DB.prepare(
      `INSERT INTO webhooks (account_id, id, url, events, include_internal, active, secret, created_at, since_sequence,
        heard_sequence)
      SELECT ?1, 'webhook_' || i, coalesce(url, 'https://hooks.example.com/' || i), '["*"]', 0, 1, 'sealed', 0, 0, 0
      FROM (${numbers(10)} SELECT i, ?2 ->> ('$[' || (i - 1) || ']') AS url FROM n)`,
    ).bind(id, JSON.stringify((hooks ?? []).map(({ url }) => url))),
  ])
  if (email !== undefined) await createTestMember(id, 'customer', { email })
}

describe('every operation that takes an Idempotency-Key', () => {
  it('is every write of a known caller, except for those of /auth', () => {
    const all = CALLER_WRITES.filter(({ path }) => !path.startsWith('/auth/'))
    expect(KEYED.map(({ name }) => name)).toEqual(all.map(({ name }) => name))
  })

  it.each(byName(KEYED))(
    'C01 C02 %s is done once, and answers again what it answered, whatever has changed',
    async (name, operation) => {
      const request = await prepareRequest(operation, account)
      const idempotencyKey = name
      const first = await send(request, { idempotencyKey })
      expect(first.status, first.text).toBe(operation.successStatus)
      expect(first.headers.get('Idempotent-Replayed')).toBeNull()
      for (const change of [() => Promise.resolve(), () => moveOn(request)]) {
        await change()
        await eventually(async () => expect(await intents()).toEqual([]))
        const before = await stored()
        const again = await send(request, { idempotencyKey })
        expect([again.status, again.text]).toEqual([first.status, first.text])
        expect(again.headers.get('Idempotent-Replayed')).toBe('true')
        expect(again.headers.get('Location')).toBe(first.headers.get('Location'))
        expect(await intents()).toEqual([])
        expect(await stored()).toBe(before)
      }
      if (request.body === undefined) return
      const other = await send({ ...request, body: differentBody(operation, request.body) }, { idempotencyKey })
      expect([other.status, other.body.error?.details[0]?.field], other.text).toEqual([422, 'Idempotency-Key'])
    },
  )
})

describe('a replay obeys today’s rights', () => {
  const OF_TICKETS = ['createTicket', 'updateTicket', 'createComment', 'uploadAttachment'].map(operationOf)

  it.each(byName(OF_TICKETS))(
    'S09 %s: a customer who does not see the ticket any more gets 404',
    async (name, operation) => {
      const request = await prepareRequest(operation, account)
      const first = await send(request, { idempotencyKey: name })
      expect(first.status, first.text).toBeLessThan(300)
      const ticketId = /ticket_[^/?]+/.exec(request.path)?.[0] ?? first.body.data.id
      const reassign = (to: { id: string }) =>
        callAs(account.agent, 'PATCH', `tickets/${ticketId}`, { created_by: to.id })
      expect((await reassign(account.stranger)).status).toBe(200)
      const hidden = await send(request, { idempotencyKey: name })
      expect([hidden.status, hidden.body.error?.code, hidden.headers.get('Idempotent-Replayed')]).toEqual([
        404,
        'not_found',
        null,
      ])
      expect((await reassign(account.customer)).status).toBe(200)
      expect((await send(request, { idempotencyKey: name })).text).toBe(first.text)
    },
  )

  it.each(byName(KEYED))('%s: whoever has lost a role is answered as that role is', async (name, operation) => {
    const prepared = await prepareRequest(operation, account)
    const staff = prepared.caller === account.customer ? await createTestMember(account.id, 'agent') : prepared.caller
    const request = { ...prepared, caller: staff }
    const first = await send(request, { idempotencyKey: name })
    expect(first.status, first.text).toBeLessThan(300)
    if (staff?.role === 'customer') return expect(name).toBe('PATCH /users/me')
    await createTestMember(account.id, 'admin')
    const demoted = await callAs(account.admin, 'PATCH', `users/${staff?.id}`, { role: 'customer' })
    expect(demoted.status, demoted.text).toBe(200)
    const again = await send(request, { idempotencyKey: name })
    expect([403, 404], again.text).toContain(again.status)
    expect(again.headers.get('Idempotent-Replayed')).toBeNull()
  })

  it('S09 who was staff is not shown again what is internal, not even of their own ticket', async () => {
    const agent = await createTestMember(account.id, 'agent')
    const made = await callAs(agent, 'POST', 'tickets', { title: 'Own', description: 'D' })
    const path = `tickets/${made.body.data.id}`
    const file = { filename: 'internal.txt', content: 'YWJj', mime_type: 'text/plain' }
    await callAs(agent, 'POST', `${path}/comments`, { content: 'C', is_internal: true, attachments: [file] })
    const request: SampleRequest = { caller: agent, method: 'PATCH', path, body: { title: 'Other' } }
    expect((await send(request, { idempotencyKey: 'mine' })).text).toContain('internal.txt')
    expect((await callAs(account.admin, 'PATCH', `users/${agent.id}`, { role: 'customer' })).status).toBe(200)
    const again = await send(request, { idempotencyKey: 'mine' })
    expect([again.status, again.text.includes('internal.txt')]).toEqual([404, false])
    expect((await call('GET', path, { token: agent.token })).status).toBe(200)
  })
})
