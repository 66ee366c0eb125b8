import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { tickets } from '../../src/db/schema/tickets'
import { createTestMember, type Member, type TestResponse } from '../helpers/api'
import { stopClock, warmUp } from '../helpers/credentials'
import { countD1Bytes } from '../helpers/d1'
import { createFullSizeAccount, FULL_SIZE_ROWS } from '../helpers/full-size-rows'
import { resolved } from '../helpers/openapi'
import { API_OPERATIONS, type ApiOperation, byName, operationOf } from '../helpers/operations'
import { fillPath } from '../helpers/path-ids'
import { callAs } from '../helpers/tickets'
import { silenceQueue } from '../helpers/webhooks'

/** A list must not read more bytes than it returns: an isolate has 128 MB for all requests that it serves. */

const MIB = 1_024 * 1_024
/** Of a page by cursor. */
const MAX_RESPONSE = 4 * MIB
const MAX_RECEIVED = 5 * MIB

const takes = ({ parameters }: ApiOperation, name: string) =>
  parameters.some((part) => resolved<{ name: string }>(part).name === name)
const LISTS = API_OPERATIONS.filter((operation) => operation.method === 'GET' && takes(operation, 'per_page'))
const BY_NUMBER = LISTS.filter((operation) => takes(operation, 'page'))
const BY_CURSOR = LISTS.filter((operation) => takes(operation, 'cursor'))

/** Lists whose full pages exceed 4 MiB. */
const LARGE = new Set(['listTickets', 'listComments', 'listTicketHistory', 'listEvents'])

/** One byte of text takes one in JSON, or two. */
const FILLERS = ['x', '"'] as const
type Filler = (typeof FILLERS)[number]
const accounts = new Map<Filler, Awaited<ReturnType<typeof createFullSizeAccount>>>()

beforeAll(async () => {
  // A stopped clock prevents that Durable Objects refresh cached members in the background.
  stopClock()
  silenceQueue()
  for (const filler of FILLERS) accounts.set(filler, await createFullSizeAccount(filler))
}, 120_000)

beforeEach(() => silenceQueue())

function accountOf(filler: Filler) {
  const found = accounts.get(filler)
  if (!found) throw new Error(`no account of ${filler}`)
  return found
}

/** With requests left in this minute. */
async function newAdmin(filler: Filler): Promise<Member> {
  const admin = await createTestMember(accountOf(filler).account.id, 'admin')
  await warmUp(admin)
  return admin
}

interface Page {
  body: TestResponse['body']
  /** Bytes from D1, and bytes of the response. */
  received: number
  sent: number
}

async function read(by: Member, path: string): Promise<Page> {
  const { result, received } = await countD1Bytes(() => callAs(by, 'GET', path))
  expect(result.status, result.text).toBe(200)
  expect(received).toHaveLength(1)
  return { body: result.body, received: received[0] ?? 0, sent: Buffer.byteLength(result.text) }
}

const pathOf = (operation: ApiOperation, filler: Filler) => `${fillPath(operation, accountOf(filler).ids)}?per_page=100`

/** The pages from a cursor to the end. Cursors of events have no end. */
async function walk(by: Member, path: string, start: string, direction: 'next' | 'prev', most = 50): Promise<Page[]> {
  const pages: Page[] = []
  for (let cursor: string | null = start; cursor !== null && pages.length < most; ) {
    const page = await read(by, `${path}&cursor=${cursor}`)
    const { pagination } = page.body
    pages.push(page)
    cursor = pagination.has_more === false ? null : (pagination[`${direction}_cursor`] ?? null)
  }
  return pages
}

const idsOf = (pages: Page[]): string[] => pages.flatMap(({ body }) => body.data.map(({ id }: { id: string }) => id))

describe('a page by number of rows of full size', () => {
  it.each(byName(BY_NUMBER))(
    '%s: has its length, and D1 sends at most 1.5 times its bytes',
    async (_name, operation) => {
      for (const filler of FILLERS) {
        const { body, received, sent } = await read(await newAdmin(filler), pathOf(operation, filler))
        expect(body.data).toHaveLength(100)
        expect(received / sent, filler).toBeLessThan(1.5)
      }
    },
  )
})

describe('pages by cursor of rows of full size', () => {
  it.each(byName(BY_CURSOR))('%s: hold 4 MiB at most, and each row once', async (_name, operation) => {
    const by = await newAdmin('x')
    const path = pathOf(operation, 'x')
    const next = await walk(by, path, '', 'next')
    const back = next.at(-1)?.body.pagination.prev_cursor
    const prev = back ? await walk(by, path, back, 'prev') : []
    for (const { sent, received } of [...next, ...prev]) {
      expect(sent).toBeLessThanOrEqual(MAX_RESPONSE)
      expect(received).toBeLessThan(MAX_RECEIVED)
      expect(received / sent).toBeLessThan(1.5)
    }
    const ids = idsOf(next)
    expect(ids.length).toBeGreaterThanOrEqual(FULL_SIZE_ROWS)
    expect(new Set(ids).size).toBe(ids.length)
    if (back) expect(idsOf(prev.toReversed())).toEqual(idsOf(next.slice(0, -1)))
    const cut = next.slice(0, -1).filter(({ body }) => body.data.length < 100)
    expect(cut.length > 0, 'has pages that are shorter than per_page').toBe(LARGE.has(operation.operationId))
    for (const { sent } of cut) expect(sent).toBeGreaterThan(3 * MIB)
  })

  it.each(byName(BY_CURSOR))('%s: hold 4 MiB at most of text that JSON escapes', async (_name, operation) => {
    const by = await newAdmin('"')
    const next = await walk(by, pathOf(operation, '"'), '', 'next', 2)
    const back = next.at(-1)?.body.pagination.prev_cursor
    for (const { sent, received } of [
      ...next,
      ...(back ? await walk(by, pathOf(operation, '"'), back, 'prev', 1) : []),
    ]) {
      expect(sent).toBeLessThanOrEqual(MAX_RESPONSE)
      expect(received).toBeLessThan(MAX_RECEIVED)
    }
  })
})

describe('lists of tickets', () => {
  it.each([
    '?per_page=100',
    '?per_page=100&page=2',
    '?cursor=',
    '?cursor=&per_page=100',
    '?cursor=&per_page=100&sort=priority&status=open',
    '?q=y',
    '?number=1',
    '?created_after=2020-01-01&sort=updated_at&cursor=&per_page=100',
  ])('do not read custom fields: %s', async (query) => {
    const by = await newAdmin('x')
    const path = `${fillPath(operationOf('listTickets'), {})}${query}`
    const { result, queries } = await countD1Bytes(() => callAs(by, 'GET', path))
    expect(result.status, result.text).toBe(200)
    const ofTickets = queries.filter((text) => text.includes(tickets.description.name))
    expect(ofTickets).toHaveLength(1)
    expect(ofTickets[0]).not.toContain(tickets.customFields.name)
  })
})

describe('an export of tickets of full size', () => {
  it('reads at most 5 MiB at a time', async () => {
    for (const filler of FILLERS) {
      const by = await newAdmin(filler)
      const path = fillPath(operationOf('exportTickets'), {})
      const { result, received } = await countD1Bytes(() => callAs(by, 'GET', path))
      expect(result.text.trim().split('\n')).toHaveLength(FULL_SIZE_ROWS + 2)
      expect(received.length).toBeGreaterThan(4)
      for (const bytes of received) expect(bytes).toBeLessThan(MAX_RECEIVED)
    }
  })
})
