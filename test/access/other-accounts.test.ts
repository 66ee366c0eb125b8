import { env } from 'cloudflare:workers'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { apiKeys, loginIdentities, users } from '../../src/db/schema/accounts'
import { attachments, comments, objectIntents, ticketHistory, tickets } from '../../src/db/schema/tickets'
import { deliveries, deliveryAttempts, events, replays, webhooks } from '../../src/db/schema/webhooks'
import { sql } from '../../src/db/sql'
import { select } from '../../src/db/statement'
import { newId } from '../../src/lib/ids'
import { type Account, createTestAccount, createTestMember, createTicket, type Member } from '../helpers/api'
import { createTestKey, type Key } from '../helpers/credentials'
import { rows } from '../helpers/database'
import { fetchFile } from '../helpers/files'
import { API_OPERATIONS, type ApiOperation, byName } from '../helpers/operations'
import { createIds, fillPath, missingIds, PATH_ID_NAMES, type PathIdName, type PathIds } from '../helpers/path-ids'
import { prepareRequest, sendAs } from '../helpers/sample-requests'
import { callAs, createComment } from '../helpers/tickets'
import { createTestWebhook, deliver, deliveriesOf, receive, silenceQueue } from '../helpers/webhooks'
import { ACTORS, type Actor, allowedActors } from './actors'

const FILES = { attachments: [{ filename: 'a.txt', content: 'YWJj', mime_type: 'text/plain' }] }

let a: Account
let idsOfA: Record<PathIdName, string[]>
let b: Account
let idsOfB: Partial<PathIds>
let tokens: Record<Actor, string>
const withId = API_OPERATIONS.filter(({ pathIds }) => pathIds.length > 0)

beforeAll(async () => {
  silenceQueue()
  receive()
  a = await createTestAccount()
  b = await createTestAccount()
  const [ofA, alsoOfA] = [await createTestWebhook(a), await createTestWebhook(a)]
  const tickets = [await createTicket(a.customer, FILES), await createTicket(a.admin)]
  const note = await createComment(a.agent, tickets[0].id, { is_internal: true, ...FILES })
  const keys: Key[] = [await createTestKey(a), await createTestKey(a, { role: 'admin' })]
  const users: Member[] = [a.admin, a.agent, a.customer, await createTestMember(a.id, 'agent', { status: 'inactive' })]
  idsOfB = await createIds(PATH_ID_NAMES, b)
  await deliver(a, b)
  const deliveries = [...(await deliveriesOf(a, ofA)), ...(await deliveriesOf(a, alsoOfA))]
  const [one, other] = [await createIds(PATH_ID_NAMES, a), await createIds(PATH_ID_NAMES, a)]
  idsOfA = {
    ...(Object.fromEntries(PATH_ID_NAMES.map((name) => [name, [one[name], other[name]]])) as typeof idsOfA),
    webhook_id: [ofA.id, alsoOfA.id],
    delivery_id: [deliveries[0].id, deliveries.at(-1).id],
    ticket_id: tickets.map((ticket) => ticket.id),
    comment_id: [note.id, (await createComment(a.customer, tickets[0].id)).id],
    attachment_id: [note.attachments[0].id, tickets[0].attachments[0].id],
    user_id: [...users, ...keys].map((member) => member.id),
    key_id: keys.map((key) => key.id),
  }
  tokens = {
    admin: b.admin.token,
    agent: b.agent.token,
    customer: b.customer.token,
    'agent key': (await createTestKey(b)).key,
    'admin key': (await createTestKey(b, { role: 'admin' })).key,
  }
})
beforeEach(() => {
  silenceQueue()
})
afterEach(() => {
  vi.restoreAllMocks()
})

/**
 * Every combination of missing IDs, IDs of A and, if the path has another ID, IDs of B. The first has only missing IDs.
 */
function combinationsOf(operation: ApiOperation): Partial<PathIds>[] {
  const names = operation.pathIds as PathIdName[]
  const nothing = missingIds()
  const all = names.reduce<Partial<PathIds>[]>(
    (before, name) => {
      const ids = [nothing[name], ...idsOfA[name], ...(idsOfB[name] ? [idsOfB[name]] : [])]
      return before.flatMap((each) => ids.map((id) => ({ ...each, [name]: id })))
    },
    [{}],
  )
  return all.filter((ids) => names.some((name) => ids[name] !== idsOfB[name]))
}

async function attempt(operation: ApiOperation, token: string, ids: Partial<PathIds>) {
  const response = await sendAs(token, await prepareRequest(operation, b, ids))
  const headers = [...response.headers]
    .map(([name, value]) =>
      [name, /request-id|server-timing|ratelimit|d1-bookmark/.test(name) ? '…' : value].join(': '),
    )
    .join('\n')
  return { status: response.status, bytes: `${headers}\n\n${response.text}` }
}

async function stored(account: Account): Promise<string> {
  const tables = [
    ...[users, apiKeys, tickets, comments, attachments, objectIntents, ticketHistory, loginIdentities],
    ...[webhooks, deliveries, deliveryAttempts, replays],
  ]
  const data: unknown[] = [
    await rows(
      select(
        { sequence: events.sequence, data: events.data },
        sql`FROM ${events} WHERE ${events.accountId} = ${account.id}`,
      ),
    ),
  ]
  for (const table of tables)
    data.push(await rows(sql`SELECT * FROM ${table} WHERE ${table.accountId} = ${account.id}`))
  return JSON.stringify(data)
}

describe('S07 the matrix of every route with an ID × every actor of B', () => {
  it('S07 covers every kind of ID, each with something that A has', () => {
    expect(withId.length).toBeGreaterThanOrEqual(11)
    for (const operation of withId) {
      expect(fillPath(operation, missingIds()), operation.name).not.toContain('{')
      for (const name of operation.pathIds) expect(Reflect.get(idsOfA, name), operation.name).not.toContain(undefined)
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
      for (const actor of ACTORS) {
        const token = tokens[actor]
        const [first = {}, ...others] = combinationsOf(operation)
        const nothing = await attempt(operation, token, first)
        const expected = (allowedActors(operation) ?? ACTORS).includes(actor) ? 404 : 403
        expect(nothing.status, `${actor}: ${operation.name} of nothing`).toBe(expected)
        const responses = await Promise.all(others.map((ids) => attempt(operation, token, ids)))
        for (const [index, response] of responses.entries())
          expect(response, `${actor}: ${operation.method} ${fillPath(operation, others[index] ?? {})}`).toEqual(nothing)
        attempts += responses.length
      }
    expect(attempts).toBeGreaterThanOrEqual(withId.length * ACTORS.length * 2)
    expect(touched.filter((name) => name.includes(a.id))).toEqual([])
    expect(await stored(a)).toBe(before)
  })

  it.each(byName(withId))(
    'S07 reaches what A has for A’s own admin, so that the 404s are B’s: %s',
    async (_, operation) => {
      const response = await sendAs(a.admin.token, await prepareRequest(operation, a))
      expect(response.status, response.text).toBe(operation.successStatus)
    },
  )
})

describe('S07 one account’s IDs in what another asks', () => {
  it('S07 a file’s address is good for its own file alone', async () => {
    const file = { filename: 'a.txt', content: 'YWJj', mime_type: 'text/plain' }
    const [mine, theirs] = await Promise.all(
      [a, await createTestAccount()].map(
        async (account) => (await createTicket(account.agent, { attachments: [file] })).attachments[0],
      ),
    )
    const swapped = mine.url.replace(mine.id, theirs.id)
    const unknownFile = mine.url.replace(mine.id, newId('attach', Date.now()))
    const responses = [await fetchFile(swapped), await fetchFile(unknownFile)]
    expect(responses.map((response) => response.status)).toEqual([403, 403])
    expect(responses[0]?.text).toBe(responses[1]?.text)
    expect((await fetchFile(mine.url)).status).toBe(200)
  })

  it('S08 in filters find nothing, in fields are 422 as unknown ones are', async () => {
    const b = await createTestAccount()
    await createTicket(b.customer)
    for (const id of [...idsOfA.user_id, 'user_unknown']) {
      for (const filter of ['created_by', 'assigned_to']) {
        const list = await callAs(b.agent, 'GET', `tickets?${filter}=${id}`)
        expect([list.status, list.body.data, list.body.pagination.total]).toEqual([200, [], 0])
      }
      for (const field of ['created_by', 'assigned_to']) {
        const body = { title: 'T', description: 'D', [field]: id }
        const response = await callAs(b.agent, 'POST', 'tickets', body)
        expect([response.status, response.text.includes(id)]).toEqual([422, false])
      }
    }
  })
})
