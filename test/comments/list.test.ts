import { env } from 'cloudflare:workers'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { comments } from '../../src/db/schema/tickets'
import { sql } from '../../src/db/sql'
import { select } from '../../src/db/statement'
import { deleteFrom, insertSelect } from '../../src/db/write'
import { type Account, createTestAccount, createTicket } from '../helpers/api'
import { advanceClock, stopClock } from '../helpers/credentials'
import { execute, prepare, rows } from '../helpers/database'
import { dice } from '../helpers/ticket-model'
import { callAs, createComment, detailsOf, getOk, idsOf, walk } from '../helpers/tickets'
import { expectWalksBothWays } from '../helpers/walks'

let account: Account
let foreign: Account
let ticketId: string

beforeAll(async () => {
  account = await createTestAccount()
  foreign = await createTestAccount()
  ticketId = (await createTicket(account.customer)).id
  await env.DB.batch(
    Array.from({ length: 45 }, (_, i) =>
      prepare(
        insertSelect(comments, {
          accountId: account.id,
          id: `comment${i}`,
          ticketId,
          createdBy: account.agent.id,
          content: `Comment ${i}`,
          isInternal: i % 3 === 0 ? 1 : 0,
          createdAt: 1_000,
        }),
      ),
    ),
  )
})

const path = (id: string) => `tickets/${id}/comments`
const contents = (found: { content: string }[]) => found.map((comment) => comment.content)
const all = Array.from({ length: 45 }, (_, i) => i)
const named = (indexes: number[]) => indexes.map((i) => `Comment ${i}`)

describe('GET /tickets/{id}/comments', () => {
  it('pages oldest first, each comment once, with URLs that keep the prefix and the parameters', async () => {
    const { pages, items } = await walk(account.agent, `/ticketing/v1/${path(ticketId)}?per_page=20`)
    expect(contents(items)).toEqual(named(all))
    expect(pages.map((page) => page.body.data.length)).toEqual([20, 20, 5])
    expect(pages[1]?.body.pagination).toEqual({
      total: 45,
      per_page: 20,
      current_page: 2,
      last_page: 3,
      next_page_url: `/ticketing/v1/${path(ticketId)}?per_page=20&page=3`,
      prev_page_url: `/ticketing/v1/${path(ticketId)}?per_page=20&page=1`,
    })
    expect(pages[0]?.headers.get('Link')).toContain(`<${pages[0]?.body.pagination.next_page_url}>; rel="next"`)
  })

  it('S09 pages a customer through the public ones alone', async () => {
    const { pages, items } = await walk(account.customer, `${path(ticketId)}?per_page=7`)
    expect(contents(items)).toEqual(named(all.filter((i) => i % 3 !== 0)))
    expect(pages.map((page) => page.body.data.length)).toEqual([7, 7, 7, 7, 2])
    expect(pages.every((page) => page.body.pagination.total === 30)).toBe(true)
  })

  it('is an empty 200 past the end, and one page when there is nothing', async () => {
    const past = await callAs(account.agent, 'GET', `${path(ticketId)}?page=9`)
    expect(past.body).toMatchObject({ data: [], pagination: { total: 45, current_page: 9, next_page_url: null } })
    const { id } = await createTicket(account.customer)
    const none = await callAs(account.customer, 'GET', path(id))
    expect(none.body).toMatchObject({ data: [], pagination: { total: 0, last_page: 1 } })
  })

  it('gives each comment its own attachments, on whatever page it is', async () => {
    const { id } = await createTicket(account.customer)
    for (const name of ['a', 'b', 'c']) {
      const attachments = [{ filename: `${name}.txt`, content: 'YWJj', mime_type: 'text/plain' }]
      await createComment(account.agent, id, { content: name, ...(name !== 'b' && { attachments }) })
    }
    const { items } = await walk(account.customer, `${path(id)}?per_page=1`)
    const shown = items.map(({ content, attachments }) => [
      content,
      attachments.map((f: { filename: string }) => f.filename),
    ])
    expect(shown).toEqual([
      ['a', ['a.txt']],
      ['b', []],
      ['c', ['c.txt']],
    ])
  })

  it.each([
    ['per_page=0', 'per_page', 'per_page must be between 1 and 100', 'invalid_value'],
    ['page=0', 'page', 'Page must be between 1 and 1,000,000,000', 'invalid_value'],
    ['is_internal=true', 'is_internal', 'is_internal is not a known parameter', 'unknown_parameter'],
    ["order=desc'", 'order', 'Order is not a known parameter', 'unknown_parameter'],
  ])('refuses %s', async (query, field, message, code) => {
    const response = await callAs(account.agent, 'GET', `${path(ticketId)}?${query}`)
    expect(detailsOf(response, 400, 'invalid_input')).toEqual([{ field, message, code }])
  })

  it('S07 is the same 404 for whoever may not see the ticket as for a random ID', async () => {
    for (const by of [account.stranger, foreign.customer, foreign.agent, foreign.admin]) {
      const random = await callAs(by, 'GET', path('ticket_01jaaaaaaaaaaaaaaaaaaaaaaa'))
      detailsOf(random, 404, 'not_found')
      const response = await callAs(by, 'GET', path(ticketId))
      expect([response.status, response.text]).toEqual([404, random.text])
    }
  })
})

describe('C07 GET /tickets/{id}/comments by cursor', () => {
  const die = dice(5)

  afterEach(() => {
    vi.useRealTimers()
  })

  /** Every third comment is internal; each is newer than the one before. */
  async function seed(id: string, from: number, to: number) {
    const numbers = Array.from({ length: to - from }, (_, index) => from + index)
    await env.DB.batch(
      numbers.map((i) =>
        prepare(
          insertSelect(comments, {
            accountId: account.id,
            id: `comment_${crypto.randomUUID()}`,
            ticketId: id,
            createdBy: account.agent.id,
            content: 'C',
            isInternal: i % 3 === 0 ? 1 : 0,
            createdAt: 5_000 + i,
          }),
        ),
      ),
    )
  }
  const remove = (ids: (string | undefined)[]) =>
    execute(deleteFrom(comments, sql`${comments.id} IN (SELECT value FROM json_each(${JSON.stringify(ids)}))`))

  it.each(['agent', 'customer'] as const)(
    'C07 walks there and back as %s, none twice, no other missing, whatever is deleted',
    async (role) => {
      const { id } = await createTicket(account.customer)
      const isVisible = role === 'agent' ? sql`true` : sql`${comments.isInternal} = 0`
      const present = () =>
        rows(
          select(
            { id: comments.id },
            sql`FROM ${comments} WHERE ${comments.ticketId} = ${id} AND ${isVisible} ORDER BY ${comments.rowId}`,
          ),
        )
      let count = 60
      await seed(id, 0, count)
      await expectWalksBothWays(account[role], `${path(id)}?per_page=7`, present, async (standing, before) => {
        await seed(id, count, count + 3)
        count += 3
        await remove([...(die.chance(0.5) ? [standing] : []), ...die.some(2, before)])
      })
    },
  )

  it.each([0, -5_000])(
    'finds its place where the comment it stood at is gone, also of comments of one moment (%i ms on)',
    async (step) => {
      const { id } = await createTicket(account.customer)
      stopClock()
      const made: string[] = []
      for (let index = 0; index < 7; index += 1) {
        made.push((await createComment(account.agent, id, { content: `${index}` })).id)
        advanceClock(step)
      }
      expect((await walk(account.agent, path(id))).items.map((comment) => comment.id)).toEqual(made)
      const at = async (cursor: string) => (await getOk(account.agent, `${path(id)}?per_page=3&cursor=${cursor}`)).body
      const first = await at('')
      const second = await at(first.pagination.next_cursor)
      await remove([made[2], made[3]])
      expect(idsOf((await at(first.pagination.next_cursor)).data)).toEqual(made.slice(4, 7))
      expect(idsOf((await at(second.pagination.prev_cursor)).data)).toEqual(made.slice(0, 2))
    },
  )

  it('leads back from an empty page, and has no cursor where there is nothing', async () => {
    const { id } = await createTicket(account.customer)
    const at = async (cursor: string) => (await getOk(account.customer, `${path(id)}?per_page=2&cursor=${cursor}`)).body
    expect(await at('')).toMatchObject({ data: [], pagination: { next_cursor: null, prev_cursor: null } })
    await seed(id, 1, 6)
    const all = idsOf((await walk(account.customer, path(id))).items)
    const first = await at('')
    await remove(all.slice(2))
    const end = await at(first.pagination.next_cursor)
    expect(end).toMatchObject({ data: [], pagination: { next_cursor: null } })
    expect(idsOf((await at(end.pagination.prev_cursor)).data)).toEqual(all.slice(0, 2))
  })

  it('S09 refuses a cursor of another ticket, and to a customer one of a list with internal comments', async () => {
    const { id } = await createTicket(account.customer)
    await seed(id, 0, 6)
    const cursorOf = async (of: string, by = account.customer): Promise<string> =>
      (await getOk(by, `${path(of)}?per_page=2&cursor=`)).body.pagination.next_cursor
    const own = await cursorOf(id)
    const rejection = async (cursor: string) =>
      detailsOf(await callAs(account.customer, 'GET', `${path(id)}?cursor=${cursor}`), 400, 'invalid_input')
    for (const cursor of [await cursorOf(ticketId), await cursorOf(id, account.agent)])
      expect(await rejection(cursor)).toEqual([
        { field: 'cursor', message: 'Cursor does not belong to this list and these filters', code: 'invalid_value' },
      ])
    const message = 'Cursor is not a complete cursor: send next_cursor of a response'
    expect(await rejection(own.slice(4))).toEqual([{ field: 'cursor', message, code: 'invalid_format' }])
    expect((await callAs(account.customer, 'GET', `${path(id)}?page=1&cursor=${own}`)).status).toBe(400)
    const [comment] = (await getOk(account.customer, `${path(id)}?cursor=${own}`)).body.data
    const { pagination } = (await getOk(account.customer, `${path(id)}?cursor=${own}`)).body
    expect(JSON.parse(Buffer.from(pagination.prev_cursor, 'base64url').toString())[1]).toEqual({
      towards: 'prev',
      place: { id: comment.id, at: expect.any(Number) },
    })
  })
})
