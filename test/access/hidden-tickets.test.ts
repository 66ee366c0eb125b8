import { env } from 'cloudflare:workers'
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { attachments, comments, ticketHistory, tickets } from '../../src/db/schema/tickets'
import { sql } from '../../src/db/sql'
import { insertSelect, update } from '../../src/db/write'
import { type Account, createTestAccount, createTestMember, createTicket, type Member } from '../helpers/api'
import { warmUp } from '../helpers/credentials'
import { numbers, prepare } from '../helpers/database'
import { fetchFile } from '../helpers/files'
import { resolved } from '../helpers/openapi'
import { API_OPERATIONS, type ApiOperation, accessOf, byName } from '../helpers/operations'
import { fillPath, missingIds, type PathIds } from '../helpers/path-ids'
import { prepareRequest, type SampleRequest, send } from '../helpers/sample-requests'
import { createComment } from '../helpers/tickets'
import { silenceQueue } from '../helpers/webhooks'

/**
 * The cost of a 404 must not reveal whether the ticket exists, or what it holds: a hidden ticket of the largest size costs
 * as much as one that does not exist.
 */

const CHILDREN = 400
const FILES = { attachments: [{ filename: 'a.txt', content: 'YWJj', mime_type: 'text/plain' }] }
const LONGEST_TEXT = 'x'.repeat(65_536)

let account: Account
let other: Account
/** Of the account's customer. */
let hidden: Pick<PathIds, 'ticket_id' | 'attachment_id' | 'comment_id'>
/** An internal comment and its file, on a ticket that the stranger may see. */
let internal: typeof hidden

type Part = { name: string; in: string }
const partsOf = ({ parameters }: ApiOperation) => parameters.map((part) => resolved<Part>(part))

const WITH_TICKET = API_OPERATIONS.filter(({ pathIds }) => pathIds.some((name) => name in missingTicket()))
const FILTERED = API_OPERATIONS.filter((operation) =>
  partsOf(operation).some((part) => part.in === 'query' && part.name === 'ticket_id'),
)

function missingTicket(): typeof hidden {
  const { ticket_id, attachment_id, comment_id } = missingIds()
  return { ticket_id, attachment_id, comment_id }
}

beforeAll(async () => {
  silenceQueue()
  account = await createTestAccount()
  other = await createTestAccount()
  const ticket = await createTicket(account.customer, { description: LONGEST_TEXT, ...FILES })
  hidden = {
    ticket_id: ticket.id,
    attachment_id: ticket.attachments[0].id,
    comment_id: (await createComment(account.customer, ticket.id)).id,
  }
  const own = await createTicket(account.stranger)
  const note = await createComment(account.agent, own.id, { is_internal: true, ...FILES })
  internal = { ticket_id: own.id, attachment_id: note.attachments[0].id, comment_id: note.id }
  await fill(hidden.ticket_id)
})

beforeEach(() => silenceQueue())

async function fill(ticketId: string): Promise<void> {
  const id = sql<string>`${ticketId} || i`
  const createdAt = sql<number>`i`
  const child = { accountId: account.id, id, ticketId, isInternal: sql<number>`i % 3 = 0`, createdAt }
  const change = { accountId: account.id, ticketId, changeId: id, actorId: account.agent.id, createdAt }
  const file = { filename: 'f', size: 1, mimeType: 'text/plain', sha256: sql<string>`hex(zeroblob(32))` }
  const from = sql`FROM ${numbers(1, CHILDREN)}`
  await env.DB.batch(
    [
      insertSelect(comments, { ...child, createdBy: account.agent.id, content: LONGEST_TEXT.slice(0, 1_000) }, from),
      insertSelect(attachments, { ...child, ...file }, from),
      insertSelect(ticketHistory, { ...change, field: 'title', previous: '"a"', current: '"b"' }, from),
      update(
        tickets,
        { customFields: JSON.stringify({ a: LONGEST_TEXT }) },
        sql`${tickets.accountId} = ${account.id} AND ${tickets.id} = ${ticketId}`,
      ),
    ].map(prepare),
  )
}

/** Each form of the request that takes another path through the service. */
async function variantsOf(operation: ApiOperation): Promise<Record<string, SampleRequest>> {
  const sample = await prepareRequest(operation, account, missingIds())
  const parts = partsOf(operation).map(({ name }) => name)
  const withHeader = (name: string, value: string) =>
    parts.includes(name) && { [name]: { ...sample, headers: { ...sample.headers, [name]: value } } }
  const withQuery = (name: string, query: string) =>
    parts.includes(name) && { [query]: { ...sample, path: `${sample.path}?${query}` } }
  return {
    plain: sample,
    ...withHeader('If-Match', '"1"'),
    ...withHeader('If-None-Match', '"1"'),
    ...withHeader('Idempotency-Key', crypto.randomUUID()),
    ...withQuery('cursor', 'cursor=&per_page=100'),
    ...withQuery('page', 'page=3&per_page=100'),
    ...(operation.operationId === 'createComment' && {
      'without files': { ...sample, body: { content: 'A comment' } },
    }),
    ...(operation.operationId === 'updateTicket' && {
      'every field of a customer': {
        ...sample,
        body: { title: 'T', description: 'D', tags: ['x'], custom_fields: { a: 1 }, status: 'closed' },
      },
    }),
  }
}

/** The costs of a request in its log line. */
async function costsOf(operation: ApiOperation, request: SampleRequest, ids: typeof hidden, caller: Member) {
  const log = vi.spyOn(console, 'info')
  const [, query = ''] = request.path.split('?')
  const path = `${fillPath(operation, ids)}${query === '' ? '' : `?${query}`}`
  const headers = request.headers?.['Idempotency-Key'] && { 'Idempotency-Key': crypto.randomUUID() }
  const response = await send({ ...request, path, caller, headers: { ...request.headers, ...headers } })
  const lines = log.mock.calls.map(([line]) => JSON.parse(String(line))).filter((line) => line.request_id)
  log.mockRestore()
  expect(lines).toHaveLength(1)
  return { status: response.status, text: response.text, ...lines[0].db }
}

/** Those who may call the operation and cannot see the ticket: customers, and everyone in another account. */
async function outsidersOf(operation: ApiOperation): Promise<[string, Member][]> {
  const roles = accessOf(operation).roles ?? []
  const foreign = roles.map((role) => [`${role} of another account`, { accountId: other.id, role }] as const)
  const customers = roles.includes('customer')
    ? [['another customer', { accountId: account.id, role: 'customer' }] as const]
    : []
  return Promise.all(
    [...customers, ...foreign].map(async ([name, { accountId, role }]): Promise<[string, Member]> => {
      const member = await createTestMember(accountId, role)
      await warmUp(member)
      return [name, member]
    }),
  )
}

describe('a ticket that the caller may not see', () => {
  it.each(byName(WITH_TICKET))('%s: costs as much as one that does not exist', async (_name, operation) => {
    const outsiders = await outsidersOf(operation)
    expect(outsiders.length).toBeGreaterThan(0)
    for (const [variant, request] of Object.entries(await variantsOf(operation)))
      for (const [who, caller] of outsiders) {
        const unknown = await costsOf(operation, request, missingTicket(), caller)
        expect(unknown.status, `${who}, ${variant}`).toBe(404)
        expect(await costsOf(operation, request, hidden, caller), `${who}, ${variant}`).toEqual(unknown)
      }
  })

  it.each(byName(FILTERED))('%s: costs as much as a filter by one that does not exist', async (_name, operation) => {
    for (const [who, caller] of await outsidersOf(operation)) {
      const request = await prepareRequest(operation, account)
      const withId = (id: string) => ({ ...request, path: `${fillPath(operation, {})}?ticket_id=${id}` })
      const costs = async (id: string) => {
        const log = vi.spyOn(console, 'info')
        const { status } = await send({ ...withId(id), caller })
        const lines = log.mock.calls.map(([line]) => JSON.parse(String(line))).filter((line) => line.request_id)
        log.mockRestore()
        return { status, ...lines[0].db }
      }
      expect(await costs(hidden.ticket_id), who).toEqual(await costs(missingTicket().ticket_id))
    }
  })
})

describe('an internal comment or file of a ticket that the caller may see', () => {
  const OF_CHILD = WITH_TICKET.filter(
    (operation) => operation.pathIds.at(-1) !== 'ticket_id' && accessOf(operation).roles?.includes('customer'),
  )

  it.each(byName(OF_CHILD))('%s: costs as much as one that does not exist', async (_name, operation) => {
    await warmUp(account.stranger)
    for (const [variant, request] of Object.entries(await variantsOf(operation))) {
      const missing = { ...missingTicket(), ticket_id: internal.ticket_id }
      const unknown = await costsOf(operation, request, missing, account.stranger)
      expect(unknown.status, variant).toBe(404)
      expect(await costsOf(operation, request, internal, account.stranger), variant).toEqual(unknown)
    }
  })
})

describe('the URL of a file', () => {
  it('without a valid signature costs nothing, whether or not the file exists', async () => {
    const responses = []
    for (const id of [hidden.attachment_id, missingTicket().attachment_id]) {
      const log = vi.spyOn(console, 'info')
      const url = `http://localhost:3000/files/${id}/a.txt?expires=4102444800&signature=${'A'.repeat(43)}`
      const { status, text } = await fetchFile(url)
      const { db } = JSON.parse(String(log.mock.calls.at(-1)?.[0]))
      log.mockRestore()
      responses.push({ status, text, ...db })
    }
    expect(responses[0]).toEqual(responses[1])
    expect(responses[0]).toMatchObject({ round_trips: 0, rows_read: 0 })
  })
})
