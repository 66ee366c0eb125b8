import { createExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { createApp } from '../../src/app'
import { tickets as ticketsTable } from '../../src/db/schema/tickets'
import { sql } from '../../src/db/sql'
import {
  type Account,
  API,
  createTestAccount,
  createTicket,
  type Member,
  ORIGIN,
  type TestResponse,
} from '../helpers/api'
import { createTestKey, stopClock } from '../helpers/credentials'
import { sessions } from '../helpers/d1'
import { rows } from '../helpers/database'
import { anyTicket, dice, expectedOf, type ListQuery, queryOf, START, storedTickets } from '../helpers/ticket-model'
import { callAs, detailsOf, getOk, idsOf, seedTickets } from '../helpers/tickets'

const die = dice(13)

let account: Account

beforeAll(async () => {
  // A stopped clock prevents that Durable Objects refresh cached members, which would query D1.
  stopClock()
  account = await createTestAccount()
  const foreign = await createTestAccount()
  await seedTickets(foreign, [anyTicket(die, foreign)])
  const seeds = Array.from({ length: 650 }, () => anyTicket(die, account))
  for (let from = 0; from < seeds.length; from += 250) await seedTickets(account, seeds.slice(from, from + 250))
})

beforeEach(async () => {
  await getOk(account.agent, 'tickets?per_page=1')
})

afterEach(() => {
  vi.restoreAllMocks()
})

function linesOf({ text }: TestResponse): { tickets: { id: string }[]; cursor: string | null } {
  const lines = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  return { tickets: lines.slice(0, -1), cursor: lines.at(-1).next_cursor }
}

const exported = async (query = '', by: Member = account.agent) => linesOf(await getOk(by, `tickets/export?${query}`))

/** Counts the pages that are read from D1 from now on. Page `failing` fails. */
function watchPages(failing = -1): { count: number } {
  const pages = { count: 0 }
  const batch: (statements: D1PreparedStatement[]) => Promise<D1Result<never>[]> = sessions.batch
  vi.spyOn(sessions, 'batch').mockImplementation(function (this: D1DatabaseSession, statements) {
    // Queues and alarms query D1 for other things.
    const isPage = statements.some((statement) => String(Reflect.get(statement, 'statement')).includes('cursor_at'))
    if (!isPage) return batch.call(this, statements)
    pages.count += 1
    if (pages.count === failing) return Promise.reject(new Error('D1_ERROR: overloaded'))
    return batch.call(this, statements)
  })
  return pages
}

describe('GET /tickets/export', () => {
  const QUERIES: Record<string, () => ListQuery> = {
    everything: () => ({}),
    'by time of update': () => ({ sort: 'updated_at', order: 'asc' }),
    'by rank': () => ({ sort: 'priority', order: 'asc' }),
    'of statuses by rank': () => ({ status: ['open', 'closed'], sort: 'priority' }),
    'of assignees': () => ({ assigned_to: ['none', account.agent.id], priority: ['low', 'high', 'critical'] }),
    'of a creator': () => ({ created_by: [account.customer.id], order: 'asc' }),
    'with a search term': () => ({ q: 'print', sort: 'updated_at' }),
    'of a tag and times': () => ({ tag: 'even', created_after: START + 30_000, updated_before: START + 90_000 }),
    nothing: () => ({ q: 'nowhere' }),
  }

  it.each(Object.entries(QUERIES))(
    'returns %s, each once and in order, in pages of 200',
    async (_name, createQuery) => {
      const listQuery = createQuery()
      const watched = watchPages()
      const { tickets, cursor } = await exported(queryOf(listQuery))
      const { count } = watched
      vi.restoreAllMocks()
      const expected = expectedOf(listQuery, await storedTickets(account))
      expect([idsOf(tickets), cursor]).toEqual([idsOf(expected), null])
      expect(count).toBe(Math.ceil(expected.length / 200) + 1)
    },
  )

  it('is NDJSON: each ticket as in its events, with custom fields', async () => {
    const custom = { os: 'MacOS\n13.4', rank: 1.5, open: true }
    const { id } = await createTicket(account.customer, { title: 'Only "this"\u2028é', custom_fields: custom })
    const result = await getOk(account.agent, 'tickets/export?q=only')
    expect(result.headers.get('Content-Type')).toBe('application/x-ndjson')
    expect(result.headers.get('Cache-Control')).toBe('no-store')
    const { comments, comment_count, attachments, attachment_count, ...ticket } = (
      await getOk(account.agent, `tickets/${id}`)
    ).body.data
    expect(result.text).toBe(`${JSON.stringify(ticket)}\n{"next_cursor":null}\n`)
    await callAs(account.agent, 'DELETE', `tickets/${id}`)
  })

  it('is available to agents, admins and their API keys; errors come before the first line', async () => {
    const key = { ...account.agent, token: (await createTestKey(account)).key }
    for (const by of [account.agent, account.admin, key])
      expect((await exported('number=7', by)).tickets).toHaveLength(1)
    for (const query of ['', 'cursor=nonsense', 'colour=red'])
      detailsOf(await callAs(account.customer, 'GET', `tickets/export?${query}`), 403, 'forbidden')
    const list = await getOk(account.agent, 'tickets?status=open&cursor=&per_page=2')
    for (const [query, field] of [
      ['cursor=nonsense', 'cursor'],
      [`cursor=${list.body.pagination.next_cursor}`, 'cursor'],
      ['page=2', 'page'],
      ['per_page=2', 'per_page'],
      ['status=opened', 'status'],
    ]) {
      const result = await callAs(account.agent, 'GET', `tickets/export?${query}`)
      expect(detailsOf(result, 400, 'invalid_input').map((detail) => detail.field)).toEqual([field])
    }
  })

  it('continues from a cursor of the same list', async () => {
    const query = 'status=open,closed&sort=priority'
    const { tickets } = await exported(query)
    const list = await getOk(account.agent, `tickets?${query}&cursor=&per_page=77`)
    const rest = await exported(`${query}&cursor=${list.body.pagination.next_cursor}`)
    expect([rest.tickets, rest.cursor]).toEqual([tickets.slice(77), null])
    expect((await exported(`${query}&cursor=`)).tickets).toEqual(tickets)
  })
})

describe('an export during a failure of D1', () => {
  it('F03 returns 503 if its first page fails', async () => {
    watchPages(1)
    detailsOf(await callAs(account.agent, 'GET', 'tickets/export'), 503, 'unavailable')
  })

  it.each(['', 'sort=updated_at&order=asc', 'sort=priority&q=print'])(
    'F03 ends with the cursor to continue from, without loss: %s',
    async (query) => {
      const complete = await exported(query)
      const found: { id: string }[] = []
      const pages: number[] = []
      let cursor: string | null = ''
      for (const failing of [2, 2, -1]) {
        watchPages(failing)
        const part = await exported(`${query}&cursor=${cursor}`)
        vi.restoreAllMocks()
        found.push(...part.tickets)
        pages.push(part.tickets.length)
        cursor = part.cursor
      }
      expect(found).toEqual(complete.tickets)
      expect(pages).toEqual([200, Math.min(200, found.length - 200), Math.max(0, found.length - 400)])
      expect(cursor).toBeNull()
    },
  )
})

describe('the pages of an export', () => {
  it('end at a size limit for large tickets', async () => {
    const own = await createTestAccount()
    const description = 'é'.repeat(32_768)
    await seedTickets(
      own,
      Array.from({ length: 100 }, (_, index) => ({ description, createdAt: START + index })),
    )
    await getOk(own.agent, 'tickets?per_page=1')
    const watched = watchPages()
    const response = await openExport(own.agent)
    const sizes: number[] = []
    for await (const chunk of response.body ?? []) sizes.push(new TextDecoder().decode(chunk).trim().split('\n').length)
    expect(sizes).toEqual([63, 37, 1])
    expect(watched.count).toBe(3)
  })

  /** Without the test client in between, which would read ahead. */
  async function openExport(by: Member): Promise<Response> {
    const headers = { Authorization: `Bearer ${by.token}`, 'CF-Connecting-IP': '192.0.2.1' }
    const request = new Request(`${ORIGIN}${API}/tickets/export`, { headers })
    const response = await createApp().fetch(request, env, createExecutionContext())
    expect(response.status).toBe(200)
    return response
  }

  it('are queried one at a time, as they are read, and no more when the client has disconnected', async () => {
    const watched = watchPages()
    const reader = (await openExport(account.agent)).body?.getReader()
    // One page may be buffered, and the next one ready.
    for (let reads = 0; reads < 3; reads += 1) {
      await scheduler.wait(100)
      expect(watched.count).toBeLessThanOrEqual(reads + 2)
      if (reads < 2) await reader?.read()
    }
    await reader?.cancel()
    const { count } = watched
    await scheduler.wait(100)
    expect(watched.count).toBe(count)
  })

  it('are 500 at most: then the export ends with a cursor', async () => {
    const [row] = await rows(
      sql`SELECT *, 0 AS cursor_rank, ${ticketsTable.createdAt} AS cursor_at, 'user1' AS created_by_id, 'A' AS created_by_name,
        'a@b.c' AS created_by_email, NULL AS assigned_to_id, NULL AS assigned_to_name, NULL AS assigned_to_email
      FROM ${ticketsTable} WHERE ${ticketsTable.accountId} = ${account.id} LIMIT 1`,
    )
    let pages = 0
    const meta = { rows_read: 1, rows_written: 0 }
    // Every page but the first verifies the caller.
    const verified = { success: true, results: [{ problem: '' }], meta }
    vi.spyOn(sessions, 'batch').mockImplementation(async (statements) => {
      pages += 1
      return [...(statements.length === 2 ? [verified] : []), { success: true, results: [row], meta }] as never
    })
    const { tickets, cursor } = await exported()
    expect([tickets.length, pages, cursor]).toEqual([500, 500, expect.any(String)])
  })
})
