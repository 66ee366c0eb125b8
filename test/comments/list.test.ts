import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Account, createTicket, mintAccount } from '../helpers/api'
import { ask, commented, detailsOf, walk } from '../helpers/tickets'

let account: Account
let foreign: Account
let ticketId: string

beforeAll(async () => {
  account = await mintAccount()
  foreign = await mintAccount()
  ticketId = (await createTicket(account.customer)).id
  const insert =
    env.DB.prepare(`INSERT INTO comments (account_id, id, ticket_id, created_by, content, is_internal, created_at)
    VALUES (?, ?, ?, ?, ?, ?, 1000)`)
  await env.DB.batch(
    Array.from({ length: 45 }, (_, i) =>
      insert.bind(account.id, `comment${i}`, ticketId, account.agent.id, `Comment ${i}`, i % 3 === 0 ? 1 : 0),
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
    const past = await ask(account.agent, 'GET', `${path(ticketId)}?page=9`)
    expect(past.body).toMatchObject({ data: [], pagination: { total: 45, current_page: 9, next_page_url: null } })
    const { id } = await createTicket(account.customer)
    const none = await ask(account.customer, 'GET', path(id))
    expect(none.body).toMatchObject({ data: [], pagination: { total: 0, last_page: 1 } })
  })

  it('gives each comment its own attachments, on whatever page it is', async () => {
    const { id } = await createTicket(account.customer)
    for (const name of ['a', 'b', 'c']) {
      const attachments = [{ filename: `${name}.txt`, content: 'YWJj', mime_type: 'text/plain' }]
      await commented(account.agent, id, { content: name, ...(name !== 'b' && { attachments }) })
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
    ['per_page=0', 'per_page', 'Per page must be between 1 and 100'],
    ['page=0', 'page', 'Page must be a whole number of 1 or more'],
    ['is_internal=true', 'is_internal', 'Is internal is not a known parameter'],
    ["order=desc'", 'order', 'Order is not a known parameter'],
  ])('refuses %s', async (query, field, message) => {
    const answer = await ask(account.agent, 'GET', `${path(ticketId)}?${query}`)
    expect(detailsOf(answer, 400, 'invalid_input')).toEqual([{ field, message }])
  })

  it('S07 is the same 404 for whoever may not see the ticket as for a random ID', async () => {
    for (const by of [account.stranger, foreign.customer, foreign.agent, foreign.admin]) {
      const random = await ask(by, 'GET', path('ticket_01jaaaaaaaaaaaaaaaaaaaaaaa'))
      detailsOf(random, 404, 'not_found')
      const answer = await ask(by, 'GET', path(ticketId))
      expect([answer.status, answer.text]).toEqual([404, random.text])
    }
  })
})
