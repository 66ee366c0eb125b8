import { env } from 'cloudflare:workers'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { newId } from '../../src/lib/ids'
import { type Account, call, createTicket, type Member, mintAccount, mintMember, rows } from '../helpers/api'
import { type Key, mintKey } from '../helpers/credentials'
import { fetchFile } from '../helpers/files'
import { type Operation, operations } from '../helpers/operations'
import { ask, commented } from '../helpers/tickets'
import { deliver, deliveriesOf, mintWebhook, receive, silenceQueue } from '../helpers/webhooks'
import { BODIES, QUERIES } from './bodies'

/** How an ID of nothing looks, by the name that it has in a path. */
const PREFIXES: Record<string, Parameters<typeof newId>[0]> = {
  ticket_id: 'ticket',
  comment_id: 'comment',
  attachment_id: 'attach',
  user_id: 'user',
  key_id: 'key',
  webhook_id: 'webhook',
  delivery_id: 'dlv',
}

const ADMINS_ALONE = new Set([
  ...['deactivateUser', 'setPassword', 'deleteApiKey', 'rotateApiKey', 'getWebhook', 'updateWebhook', 'deleteWebhook'],
  ...['rotateWebhookSecret', 'testWebhook', 'replayWebhook', 'listDeliveries', 'getDelivery', 'redeliver'],
])
const STAFF_ALONE = new Set(['deleteTicket', 'deleteComment', 'deleteAttachment', 'listTicketHistory'])
const PEOPLE_ALONE = new Set(['deleteApiKey', 'rotateApiKey'])

/** Whether the operation's own role check, before anything is looked up, lets the actor through. */
function passes(operation: string, actor: string): boolean {
  if (PEOPLE_ALONE.has(operation) && actor.endsWith('key')) return false
  if (ADMINS_ALONE.has(operation)) return actor.startsWith('admin')
  // Agents may read everybody, and so are told that they may change none but themselves.
  if (operation === 'updateUser') return !actor.startsWith('agent')
  return !STAFF_ALONE.has(operation) || actor !== 'customer'
}

const FILES = { attachments: [{ filename: 'a.txt', content: 'YWJj', mime_type: 'text/plain' }] }

let a: Account
let things: Record<string, string[]>
/** Things of B, to stand beside one of A in a path with two IDs. */
let own: Record<string, string>
let actors: [string, string][]
let withId: Operation[]

beforeAll(async () => {
  silenceQueue()
  receive()
  a = await mintAccount()
  const b = await mintAccount()
  const [ofA, alsoOfA, ofB] = [await mintWebhook(a), await mintWebhook(a), await mintWebhook(b)]
  const tickets = [await createTicket(a.customer, FILES), await createTicket(a.admin)]
  const note = await commented(a.agent, tickets[0].id, { is_internal: true, ...FILES })
  const keys: Key[] = [await mintKey(a), await mintKey(a, { role: 'admin' })]
  const people: Member[] = [a.admin, a.agent, a.customer, await mintMember(a.id, 'agent', { status: 'inactive' })]
  const ticketOfB = await createTicket(b.customer, FILES)
  const commentOfB = await commented(b.agent, ticketOfB.id)
  await deliver(a, b)
  const deliveries = [...(await deliveriesOf(a, ofA)), ...(await deliveriesOf(a, alsoOfA))]
  own = {
    webhook_id: ofB.id,
    delivery_id: (await deliveriesOf(b, ofB))[0].id,
    ticket_id: ticketOfB.id,
    comment_id: commentOfB.id,
    attachment_id: ticketOfB.attachments[0].id,
  }
  things = {
    webhook_id: [ofA.id, alsoOfA.id],
    delivery_id: [deliveries[0].id, deliveries.at(-1).id],
    ticket_id: tickets.map((ticket) => ticket.id),
    comment_id: [note.id, (await commented(a.customer, tickets[0].id)).id],
    attachment_id: [note.attachments[0].id, tickets[0].attachments[0].id],
    user_id: [...people, ...keys].map((member) => member.id),
    key_id: keys.map((key) => key.id),
  }
  actors = [
    ['admin', b.admin.token],
    ['agent', b.agent.token],
    ['customer', b.customer.token],
    ['agent key', (await mintKey(b)).key],
    ['admin key', (await mintKey(b, { role: 'admin' })).key],
  ]
  withId = (await operations()).filter((operation) => operation.path.includes('{'))
})
beforeEach(() => {
  silenceQueue()
})
afterEach(() => {
  vi.restoreAllMocks()
})

const placeholders = (path: string) => [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '')

function nothingOf(placeholder: string): string {
  const prefix = PREFIXES[placeholder]
  if (!prefix) throw new Error(`no form of ${placeholder}`)
  return newId(prefix, Date.now())
}

/**
 * Every way to fill a path with IDs of nothing, of A and, where another ID stands beside it, of B. The first is of nothing
 * alone.
 */
function fillings(path: string): string[] {
  const names = placeholders(path)
  const filled = names.reduce(
    (paths, name) => {
      const ids = [nothingOf(name), ...(things[name] ?? []), ...(own[name] ? [own[name]] : [])]
      return paths.flatMap((each) => ids.map((id) => each.replace(`{${name}}`, id)))
    },
    [path.slice(1)],
  )
  const ofB = names.reduce((each, name) => each.replace(`{${name}}`, own[name] ?? ''), path.slice(1))
  return filled.filter((each) => each !== ofB)
}

async function attempt(operation: Operation, token: string, path: string) {
  const body = BODIES[operation.operationId]
  const url = `${path}${QUERIES[operation.operationId] ?? ''}`
  const answer = await call(operation.method, url, { token, ...(body !== undefined && { body }) })
  const headers = [...answer.headers]
    .map(([name, value]) =>
      [name, /request-id|server-timing|ratelimit|d1-bookmark/.test(name) ? '…' : value].join(': '),
    )
    .join('\n')
  return { status: answer.status, bytes: `${headers}\n\n${answer.text}` }
}

/** All that is kept of an account's people, keys and tickets. */
async function stored(account: Account): Promise<string> {
  const tables = [
    ...['users', 'api_keys', 'tickets', 'comments', 'attachments', 'object_intents', 'ticket_history', 'logins'],
    ...['webhooks', 'deliveries', 'delivery_attempts', 'replays'],
  ]
  const kept: unknown[] = [await rows('SELECT sequence, data FROM events WHERE account_id = ?', account.id)]
  for (const table of tables) kept.push(await rows(`SELECT * FROM ${table} WHERE account_id = ?`, account.id))
  return JSON.stringify(kept)
}

describe('S07 the matrix of every route with an ID × every actor of B', () => {
  it('S07 names a real thing of A for every ID, and a body for every route that wants one', () => {
    expect(withId.length).toBeGreaterThanOrEqual(11)
    for (const { path, name, hasBody, operationId } of withId) {
      for (const placeholder of placeholders(path)) {
        expect(things[placeholder], `${name} needs a thing of A for its ${placeholder}`).toBeTruthy()
        expect(PREFIXES[placeholder], `${name} needs the form of a ${placeholder}`).toBeTruthy()
      }
      if (hasBody) expect(BODIES, `${name} needs a body`).toHaveProperty(operationId)
    }
  })

  it('S07 every answer is a 404 (403 where the role is refused first), the same bytes as for nothing at all', async () => {
    const before = await stored(a)
    const touched: string[] = []
    const original = env.RATE_LIMITER.getByName.bind(env.RATE_LIMITER)
    vi.spyOn(env.RATE_LIMITER, 'getByName').mockImplementation((name) => {
      touched.push(name)
      return original(name)
    })
    let attempts = 0
    for (const operation of withId)
      for (const [actor, token] of actors) {
        const [first = '', ...others] = fillings(operation.path)
        const nothing = await attempt(operation, token, first)
        const expected = passes(operation.operationId, actor) ? 404 : 403
        expect(nothing.status, `${actor}: ${operation.name} of nothing`).toBe(expected)
        const answers = await Promise.all(others.map((path) => attempt(operation, token, path)))
        for (const [index, answer] of answers.entries())
          expect(answer, `${actor}: ${operation.method} ${others[index]}`).toEqual(nothing)
        attempts += answers.length
      }
    expect(attempts).toBeGreaterThanOrEqual(withId.length * actors.length * 2)
    expect(touched.filter((name) => name.includes(a.id))).toEqual([])
    expect(await stored(a)).toBe(before)
  })

  it('S07 the same routes do reach a thing of A for its own admin, so that the 404s are B’s', async () => {
    const ok: Record<string, number> = {}
    for (const operation of withId) {
      const ids = await sacrifices(operation.path)
      const path = operation.path.slice(1).replace(/\{(\w+)\}/g, (_, name) => ids[name] ?? '')
      ok[operation.name] = (await attempt(operation, a.admin.token, path)).status
    }
    for (const [name, status] of Object.entries(ok)) expect([200, 201, 202, 204], name).toContain(status)
  })
})

/** Things of A that a route may change or end, by the placeholders of its path. */
async function sacrifices(path: string): Promise<Record<string, string>> {
  if (path.includes('{ticket_id}') || path.includes('{attachment_id}')) {
    const { id, attachments } = await createTicket(a.customer, FILES)
    return { ticket_id: id, attachment_id: attachments[0].id, comment_id: (await commented(a.agent, id)).id }
  }
  if (path.includes('{key_id}')) return { key_id: (await mintKey(a)).id }
  if (path.includes('{user_id}')) return { user_id: (await mintMember(a.id, 'customer')).id }
  const { id } = await mintWebhook(a)
  return { webhook_id: id, delivery_id: (await ask(a.admin, 'POST', `webhooks/${id}/test`)).body.data.id }
}

describe('S07 one account’s IDs in what another asks', () => {
  it('S07 a file’s address is good for its own file alone', async () => {
    const file = { filename: 'a.txt', content: 'YWJj', mime_type: 'text/plain' }
    const [mine, theirs] = await Promise.all(
      [a, await mintAccount()].map(
        async (account) => (await createTicket(account.agent, { attachments: [file] })).attachments[0],
      ),
    )
    const swapped = mine.url.replace(mine.id, theirs.id)
    const nobody = mine.url.replace(mine.id, newId('attach', Date.now()))
    const answers = [await fetchFile(swapped), await fetchFile(nobody)]
    expect(answers.map((answer) => answer.status)).toEqual([403, 403])
    expect(answers[0]?.bytes).toEqual(answers[1]?.bytes)
    expect((await fetchFile(mine.url)).status).toBe(200)
  })

  it('S08 in filters find nothing, in fields are 422 as unknown ones are', async () => {
    const b = await mintAccount()
    await createTicket(b.customer)
    for (const id of [...(things.user_id ?? []), 'user_unknown']) {
      for (const filter of ['created_by', 'assigned_to']) {
        const list = await ask(b.agent, 'GET', `tickets?${filter}=${id}`)
        expect([list.status, list.body.data, list.body.pagination.total]).toEqual([200, [], 0])
      }
      for (const field of ['created_by', 'assigned_to']) {
        const body = { title: 'T', description: 'D', [field]: id }
        const answer = await ask(b.agent, 'POST', 'tickets', body)
        expect([answer.status, answer.text.includes(id)]).toEqual([422, false])
      }
    }
  })
})
