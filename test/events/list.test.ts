import { beforeAll, describe, expect, it, vi } from 'vitest'
import { type Account, call, createTestAccount, createTicket, type Member } from '../helpers/api'
import { createTestKey } from '../helpers/credentials'
import { listEvents, type Page, pageOf, sequencesOf } from '../helpers/events'
import { callAs, createComment, detailsOf, patchTicket } from '../helpers/tickets'
import { createTestWebhook, deliver, type Hook, type Received, receive, silenceQueue } from '../helpers/webhooks'

const WIRE_TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
const FILE = { filename: 'é 1.txt', content: 'aGVsbG8=', mime_type: 'text/plain' }
const TITLE = 'Né\u2028w "title" 😀'
const LONG = 'é😀'.repeat(2_000)
const USER = { name: 'Jo', email: 'Jo@Example.com', role: 'agent', password: 'correct horse battery' }

let account: Account
let results: Awaited<ReturnType<typeof act>>
/** The events as they were before the ticket was deleted, and the one of its deletion. */
let listed: Page['data']
let text: string
let hook: Hook
let received: Received[]

async function act({ admin, agent, customer }: Account, hook: { id: string }) {
  const ticket = await createTicket(customer, { tags: ['a'], custom_fields: { x: 1 }, attachments: [FILE] })
  const changed = await patchTicket(agent, ticket.id, { status: 'in_progress', title: TITLE })
  await patchTicket(agent, ticket.id, { status: 'in_progress', title: TITLE, tags: ['a'], custom_fields: { x: 1 } })
  const assigned = await patchTicket(agent, ticket.id, { description: LONG, assigned_to: admin.id })
  const comment = await createComment(customer, ticket.id, { attachments: [FILE] })
  const note = await createComment(agent, ticket.id, { is_internal: true, attachments: [FILE] })
  const user = (await callAs(admin, 'POST', 'users', USER)).body.data
  const test = await callAs(admin, 'POST', `webhooks/${hook.id}/test`)
  expect(test.status).toBe(202)
  return { ticket, changed, assigned, comment, note, user, hook }
}

beforeAll(async () => {
  silenceQueue()
  received = receive()
  account = await createTestAccount()
  hook = await createTestWebhook(account, { include_internal: true })
  results = await act(account, hook)
  const before = await listEvents(account.agent)
  await deliver(account)
  expect((await callAs(account.admin, 'DELETE', `tickets/${results.ticket.id}`)).status).toBe(204)
  const after = await listEvents(account.agent, '', before.body.pagination.next_cursor)
  await deliver(account)
  listed = [...before.body.data, ...after.body.data]
  text = `${before.text} ${after.text}`
  vi.restoreAllMocks()
})

const ref = ({ id, name, email }: Member) => ({ id, name, email })

interface WithFiles {
  attachments: { id: string }[]
}

function asStored<T extends WithFiles>(resource: T) {
  const attachments = resource.attachments.map((file) => ({ ...file, url: `/attachments/${file.id}` }))
  expect(attachments).toHaveLength(1)
  return { ...resource, attachments }
}

function withoutFiles<T extends WithFiles>({ attachments, ...ticket }: T) {
  return ticket
}

const EXPECTED: [sequence: number, event: string, data: () => object][] = [
  [1, 'ticket.created', () => ({ ticket: asStored(results.ticket) })],
  [
    2,
    'ticket.status_changed',
    () => ({
      ticket: {
        id: results.ticket.id,
        title: TITLE,
        status: { previous: 'open', current: 'in_progress' },
        updated_by: ref(account.agent),
      },
    }),
  ],
  [
    3,
    'ticket.updated',
    () => ({
      ticket: withoutFiles(results.changed),
      changes: {
        title: { previous: 'A title', current: TITLE },
        status: { previous: 'open', current: 'in_progress' },
      },
      updated_by: ref(account.agent),
    }),
  ],
  [
    4,
    'ticket.updated',
    () => ({
      ticket: { ...withoutFiles(results.assigned), version: 3, description: LONG, assigned_to: ref(account.admin) },
      changes: { description: { truncated: true }, assigned_to: { previous: null, current: account.admin.id } },
      updated_by: ref(account.agent),
    }),
  ],
  [
    5,
    'comment.created',
    () => ({ comment: { ...asStored(results.comment), is_internal: false }, ticket: visibleTypes() }),
  ],
  [6, 'comment.created', () => ({ comment: { ...asStored(results.note), is_internal: true }, ticket: visibleTypes() })],
  [
    7,
    'user.created',
    () => ({
      user: {
        id: results.user.id,
        name: USER.name,
        email: USER.email,
        role: 'agent',
        status: 'active',
        created_at: WIRE_TIME,
        last_login_at: null,
        email_verified: true,
      },
    }),
  ],
  [8, 'webhook.test', () => ({ webhook: { id: results.hook.id } })],
  [
    9,
    'ticket.deleted',
    () => ({ ticket: { id: results.ticket.id, number: 1, title: '' }, deleted_by: ref(account.admin) }),
  ],
]

function visibleTypes() {
  return { id: results.ticket.id, number: 1, title: TITLE, status: 'in_progress' }
}

describe('the events of an account', () => {
  it('W03 are one for each change, in order, and none for an update that changes nothing', () => {
    expect(listed.map(({ sequence, event }) => [sequence, event])).toEqual(
      EXPECTED.map(([sequence, event]) => [sequence, event]),
    )
  })

  it.each(EXPECTED)('W03 have every key of event %i, %s', (sequence, event, data) => {
    expect(listed[sequence - 1]).toEqual({
      id: expect.stringMatching(/^evt_[0-9a-z]{26}$/),
      sequence,
      event,
      timestamp: WIRE_TIME,
      data: data(),
      ...(event === 'ticket.deleted' && { redacted: true }),
    })
  })

  it('W03 have the keys of `ticket.status_changed` in the order of the reference', () => {
    const [, , expected] = EXPECTED[1] ?? []
    expect(JSON.stringify(listed[1]?.data)).toBe(JSON.stringify(expected?.()))
  })

  it('W03 are byte for byte the deliveries of webhooks', () => {
    // Deliveries of other files in the same runtime may be sent as well.
    const own = received.filter(({ url }) => url === hook.url)
    const sent = own.toSorted((a, b) => a.event.sequence - b.event.sequence)
    expect(sent.map(({ body }) => body)).toEqual(listed.map((item) => JSON.stringify(item)))
    for (const { body, headers } of sent) {
      expect(text).toContain(body)
      expect(headers.get('webhook-id')).toBe(JSON.parse(body).id)
    }
  })

  it('W03 contain no signature, no password, no hash and no secret', () => {
    for (const secret of ['signature', 'expires', '/files/', USER.password, 'password', 'scrypt', 'whsec_', 'token'])
      expect(text).not.toContain(secret)
  })
})

describe('the roles that may list events', () => {
  it.each([
    ['a customer', 403, () => account.customer.token],
    ['nobody', 401, () => undefined],
    ['an agent', 200, () => account.agent.token],
    ['an admin', 200, () => account.admin.token],
  ])('%s: %i', async (_caller, status, token) => {
    expect((await call('GET', 'events', { token: token() })).status).toBe(status)
  })

  it('an API key of an agent', async () => {
    const { key } = await createTestKey(account)
    expect((await call('GET', 'events?per_page=1', { headers: { 'X-API-Key': key } })).body.data).toHaveLength(1)
  })

  it('S07 list no event of another account for any parameters', async () => {
    const other = await createTestAccount()
    const ticket = await createTicket(other.agent)
    expect((await pageOf(other.admin)).data).toMatchObject([{ sequence: 1, data: { ticket: { id: ticket.id } } }])
    for (const query of [`ticket_id=${results.ticket.id}`, 'event=user.created', 'event=webhook.test,ticket.deleted'])
      expect((await pageOf(other.admin, query)).data).toEqual([])
    expect(sequencesOf(await pageOf(account.agent, `ticket_id=${ticket.id}`))).toEqual([])
  })

  it.each([
    ['event=ticket.gone', 'event'],
    ['event=', 'event'],
    ['event=ticket.created,', 'event'],
    ['event=*', 'event'],
    ['event=ticket.created&event=ticket.updated', 'event'],
    ['ticket_id=', 'ticket_id'],
    ['ticket_id=a%20b', 'ticket_id'],
    ['per_page=0', 'per_page'],
    ['per_page=101', 'per_page'],
    ['page=1', 'page'],
    ['since=2025-01-01', 'since'],
    [`cursor=${'x'.repeat(501)}`, 'cursor'],
  ])('reject %.30s', async (query, field) => {
    expect(detailsOf(await listEvents(account.agent, query), 400, 'invalid_input')).toMatchObject([{ field }])
  })
})
