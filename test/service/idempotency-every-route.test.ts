import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { accountCounters, accounts, apiKeys, loginIdentities, users } from '../../src/db/schema/accounts'
import { attachments, comments, objectIntents, ticketHistory, tickets } from '../../src/db/schema/tickets'
import { events, replays, webhooks } from '../../src/db/schema/webhooks'
import { sql } from '../../src/db/sql'
import { select } from '../../src/db/statement'
import { insertSelect, update } from '../../src/db/write'
import { type Account, call, createTestAccount, createTestMember } from '../helpers/api'
import { numbers, prepare, rows } from '../helpers/database'
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
  const tables = [users, apiKeys, tickets, comments, ticketHistory, events, attachments, replays]
  const contents = await Promise.all(
    tables.map((table) => rows(sql`SELECT * FROM ${table} WHERE ${table.accountId} = ${account.id} ORDER BY 1, 2, 3`)),
  )
  const hooks = await rows(
    select(
      {
        id: webhooks.id,
        url: webhooks.url,
        events: webhooks.events,
        description: webhooks.description,
        active: webhooks.active,
        secret: webhooks.secret,
        deleted_at: webhooks.deletedAt,
      },
      sql`FROM ${webhooks} WHERE ${webhooks.accountId} = ${account.id}`,
    ),
  )
  return JSON.stringify([contents, hooks])
}

const intents = () =>
  rows(
    select(
      { id: objectIntents.id, kind: objectIntents.kind },
      sql`FROM ${objectIntents} WHERE ${objectIntents.accountId} = ${account.id}`,
    ),
  )

/**
 * Changes everything that a repeated request would meet: resources are deleted, limits reached, and the email or URL is
 * taken.
 */
async function moveOn(request: SampleRequest): Promise<void> {
  const { id, admin } = account
  const ownTickets = await rows(select({ id: tickets.id }, sql`FROM ${tickets} WHERE ${tickets.accountId} = ${id}`))
  const hooks = await rows(
    select({ id: webhooks.id, url: webhooks.url }, sql`FROM ${webhooks} WHERE ${webhooks.accountId} = ${id}`),
  )
  for (const ticket of ownTickets) expect((await callAs(admin, 'DELETE', `tickets/${ticket.id}`)).status).toBe(204)
  for (const hook of hooks) await callAs(admin, 'DELETE', `webhooks/${hook.id}`)
  const email: string | undefined = Object(request.body).email
  const taken = email?.toLowerCase() ?? ''
  const members = [admin, account.agent, account.customer, request.caller].map((member) => member?.id ?? '')
  const urls = JSON.stringify(hooks.map(({ url }) => url))
  await env.DB.batch([
    prepare(update(accounts, { plan: 'standard' }, sql`${accounts.id} = ${id}`)),
    prepare(update(accountCounters, { storedBytes: 5000000000 }, sql`${accountCounters.accountId} = ${id}`)),
    prepare(
      update(
        loginIdentities,
        { emailNormalized: loginIdentities.userId },
        sql`${loginIdentities.accountId} = ${id} AND ${loginIdentities.emailNormalized} = ${taken}`,
      ),
    ),
    prepare(
      update(
        users,
        { email: users.id, emailNormalized: sql`lower(${users.id})` },
        sql`${users.accountId} = ${id} AND ${users.emailNormalized} = ${taken}`,
      ),
    ),
    prepare(
      update(
        users,
        { status: 'inactive' },
        sql`${users.accountId} = ${id} AND ${users.kind} = 'person' AND ${users.id} NOT IN
        (SELECT value FROM json_each(${JSON.stringify(members)}))`,
      ),
    ),
    prepare(update(users, { passwordHash: null }, sql`${users.accountId} = ${id}`)),
    prepare(update(apiKeys, { revokedAt: Date.now() }, sql`${apiKeys.accountId} = ${id}`)),
    prepare(
      insertSelect(
        users,
        {
          accountId: id,
          id: sql`'key_' || ${id} || i`,
          kind: 'key',
          name: 'K',
          email: sql`i || '@keys.invalid'`,
          emailNormalized: sql`i || '@keys.invalid'`,
          role: 'agent',
          status: 'active',
          tokenVersion: 1,
          createdAt: 0,
        },
        sql`FROM ${numbers(1, 20)}`,
      ),
    ),
    prepare(
      insertSelect(
        apiKeys,
        { accountId: id, id: sql`'key_' || ${id} || i`, lastFour: 'abcd', hash: sql`${id} || i`, createdAt: 0 },
        sql`FROM ${numbers(1, 20)}`,
      ),
    ),
    prepare(
      insertSelect(
        webhooks,
        {
          accountId: id,
          id: sql`'webhook_' || i`,
          url: sql`coalesce(url, 'https://hooks.example.com/' || i)`,
          events: '["*"]',
          includeInternal: 0,
          active: 1,
          secret: 'sealed',
          createdAt: 0,
          sinceSequence: 0,
          fannedOutSequence: 0,
        },
        sql`FROM (SELECT i, ${urls} ->> ('$[' || (i - 1) || ']') AS url FROM ${numbers(1, 10)})`,
      ),
    ),
  ])
  if (email !== undefined) await createTestMember(id, 'customer', { email })
}

/** Their responses show texts of the ticket, which `moveOn` deletes. */
const SHOWS_TEXTS = ['createTicket', 'updateTicket', 'createComment', 'uploadAttachment']

const BLANKS: Record<string, unknown> = {
  title: '',
  description: '',
  content: '',
  tags: [],
  custom_fields: {},
  filename: '',
  mime_type: 'application/octet-stream',
}

function erased(body: { data: object }) {
  const { data } = JSON.parse(JSON.stringify(body), (name, value) => (name in BLANKS ? BLANKS[name] : value))
  return { data: { ...data, redacted: true } }
}

/** The URL of a file has its name and a signature. */
function withoutUrls(body: unknown): unknown {
  return JSON.parse(JSON.stringify(body), (name, value) => (name === 'url' ? undefined : value))
}

describe('every operation that takes an Idempotency-Key', () => {
  it('is a write of an authenticated caller outside of /auth', () => {
    const all = CALLER_WRITES.filter(({ path }) => !path.startsWith('/auth/'))
    expect(KEYED.map(({ name }) => name)).toEqual(all.map(({ name }) => name))
  })

  it.each(byName(KEYED))(
    'C01 C02 runs once: %s, and returns the same response again after any change',
    async (name, operation) => {
      const request = await prepareRequest(operation, account)
      const idempotencyKey = name
      const first = await send(request, { idempotencyKey })
      expect(first.status, first.text).toBe(operation.successStatus)
      expect(first.headers.get('Idempotent-Replayed')).toBeNull()
      for (const hasMovedOn of [false, true]) {
        if (hasMovedOn) await moveOn(request)
        await eventually(async () => expect(await intents()).toEqual([]))
        const before = await stored()
        const again = await send(request, { idempotencyKey })
        if (hasMovedOn && SHOWS_TEXTS.includes(operation.operationId))
          expect([again.status, withoutUrls(again.body)]).toEqual([first.status, withoutUrls(erased(first.body))])
        else expect([again.status, again.text]).toEqual([first.status, first.text])
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

describe('a replay with the current rights', () => {
  const OF_TICKETS = SHOWS_TEXTS.map(operationOf)

  it.each(byName(OF_TICKETS))(
    'S09 %s: returns 404 to a customer who no longer sees the ticket',
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

  it.each(byName(KEYED))(
    '%s: returns the response for the current role to a user who has lost a role',
    async (name, operation) => {
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
    },
  )

  it('S09 contains no internal data for a former agent, even for their own ticket', async () => {
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
