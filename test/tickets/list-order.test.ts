import { beforeAll, describe, expect, it } from 'vitest'
import { type Account, createTestAccount } from '../helpers/api'
import { callAs, createComment, patchTicket, type Seeded, seedTickets, walk } from '../helpers/tickets'

const START = Date.UTC(2026, 2, 1)
const PRIORITIES = ['high', 'low', 'critical', 'medium', 'low'] as const
const RANK = { low: 0, medium: 1, high: 2, critical: 3 }

let account: Account
let seeded: Seeded[]

beforeAll(async () => {
  account = await createTestAccount()
  seeded = await seedTickets(
    account,
    Array.from({ length: 45 }, (_, i) => ({
      title: `Ticket ${i}`,
      status: i % 3 === 0 ? ('closed' as const) : ('open' as const),
      priority: PRIORITIES[i % 5] ?? 'low',
      // Three tickets share a creation time; update times are in reverse order, within one second.
      createdAt: START + Math.floor(i / 3) * 1_000,
      updatedAt: START + 100_000_000 - Math.floor(i / 2),
    })),
  )
})

const at = (ticket: Seeded) => seeded.indexOf(ticket)

const ORDERS: [query: string, compare: (a: Seeded, b: Seeded) => number][] = [
  ['', (a, b) => b.createdAt - a.createdAt || at(b) - at(a)],
  ['sort=created_at', (a, b) => b.createdAt - a.createdAt || at(b) - at(a)],
  ['order=asc', (a, b) => a.createdAt - b.createdAt || at(a) - at(b)],
  ['sort=updated_at', (a, b) => b.updatedAt - a.updatedAt || at(b) - at(a)],
  ['sort=updated_at&order=asc', (a, b) => a.updatedAt - b.updatedAt || at(a) - at(b)],
  ['sort=priority', (a, b) => RANK[b.priority] - RANK[a.priority] || at(b) - at(a)],
  ['sort=priority&order=desc', (a, b) => RANK[b.priority] - RANK[a.priority] || at(b) - at(a)],
  ['sort=priority&order=asc', (a, b) => RANK[a.priority] - RANK[b.priority] || at(b) - at(a)],
]

describe('the order of GET /tickets', () => {
  it.each(ORDERS)('is correct for %s, in one page, for an agent', async (query, compare) => {
    const response = await callAs(account.agent, 'GET', `tickets?${query}&per_page=100`)
    expect(response.body.data.map((ticket: Seeded) => ticket.id)).toEqual(seeded.toSorted(compare).map((t) => t.id))
  })

  it.each(ORDERS)(
    'is correct for %s, in several pages, for a customer, filtered and searched',
    async (query, compare) => {
      const expected = seeded.filter((ticket) => ticket.status === 'open').toSorted(compare)
      const { items } = await walk(account.customer, `tickets?status=open&q=ticket&${query}&per_page=7`)
      expect(items.map((ticket) => ticket.id)).toEqual(expected.map((ticket) => ticket.id))
    },
  )

  it('moves a ticket to the front of sort=updated_at after an update or a public comment', async () => {
    const own = await createTestAccount()
    const [a, b, c] = await seedTickets(
      own,
      [1, 2, 3].map((i) => ({ createdAt: START + i })),
    )
    const order = async () => {
      const response = await callAs(own.agent, 'GET', 'tickets?sort=updated_at')
      return response.body.data.map((ticket: Seeded) => ticket.id)
    }
    expect(await order()).toEqual([c?.id, b?.id, a?.id])
    await patchTicket(own.agent, b?.id ?? '', { title: 'Changed' })
    expect(await order()).toEqual([b?.id, c?.id, a?.id])
    await createComment(own.customer, a?.id ?? '')
    expect(await order()).toEqual([a?.id, b?.id, c?.id])
    await createComment(own.agent, c?.id ?? '', { is_internal: true })
    expect(await order()).toEqual([a?.id, b?.id, c?.id])
  })
})

describe('the pages of GET /tickets', () => {
  it('C07 contain each ticket once, along next_page_url, with the filters', async () => {
    const query = 'q=ticket&status=open%2Cclosed&sort=priority&order=asc&per_page=10'
    const { pages, items } = await walk(account.agent, `tickets?${query}`)
    expect(pages.map((page) => page.body.data.length)).toEqual([10, 10, 10, 10, 5])
    expect(new Set(items.map((ticket) => ticket.id)).size).toBe(45)
    for (const [index, page] of pages.entries()) {
      const { next_page_url: next, prev_page_url: prev, ...rest } = page.body.pagination
      expect(rest).toEqual({ total: 45, per_page: 10, current_page: index + 1, last_page: 5 })
      expect(next).toBe(index === 4 ? null : `/api/v1/tickets?${query}&page=${index + 2}`)
      expect(prev).toBe(index === 0 ? null : `/api/v1/tickets?${query}&page=${index}`)
    }
  })

  it('lead back by prev_page_url', async () => {
    const last = await callAs(account.agent, 'GET', 'tickets?page=3&per_page=20')
    const middle = await callAs(account.agent, 'GET', last.body.pagination.prev_page_url)
    const first = await callAs(account.agent, 'GET', middle.body.pagination.prev_page_url)
    const found = [first, middle, last].flatMap((page) => page.body.data.map((ticket: Seeded) => ticket.id))
    expect(found).toEqual(seeded.toReversed().map((ticket) => ticket.id))
    expect(first.body.pagination.prev_page_url).toBeNull()
  })

  it('have 20 tickets by default', async () => {
    const response = await callAs(account.agent, 'GET', 'tickets')
    expect(response.body.data).toHaveLength(20)
    expect(response.body.pagination).toEqual({
      total: 45,
      per_page: 20,
      current_page: 1,
      last_page: 3,
      next_page_url: '/api/v1/tickets?page=2',
      prev_page_url: null,
    })
  })

  it('are the same in the Link header', async () => {
    const response = await callAs(account.agent, 'GET', 'tickets?status=closed&per_page=5&page=2')
    const url = (page: number) => `</api/v1/tickets?status=closed&per_page=5&page=${page}>`
    expect(response.headers.get('Link')).toBe(
      `${url(1)}; rel="first", ${url(1)}; rel="prev", ${url(3)}; rel="next", ${url(3)}; rel="last"`,
    )
  })

  it('have URLs with the prefix of the request', async () => {
    const response = await callAs(account.agent, 'GET', '/ticketing/v1/tickets?per_page=30')
    expect(response.body.data).toHaveLength(30)
    expect(response.body.pagination.next_page_url).toBe('/ticketing/v1/tickets?per_page=30&page=2')
    expect(response.headers.get('Link')).toContain('</ticketing/v1/tickets?per_page=30&page=2>; rel="next"')
    const next = await callAs(account.agent, 'GET', response.body.pagination.next_page_url)
    expect(next.body.data).toHaveLength(15)
    expect(next.body.pagination.prev_page_url).toBe('/ticketing/v1/tickets?per_page=30&page=1')
  })

  it('are an empty 200 past the end, with a previous page', async () => {
    const response = await callAs(account.agent, 'GET', 'tickets?page=900&per_page=20')
    expect(response.status).toBe(200)
    expect(response.body.data).toEqual([])
    expect(response.body.pagination).toMatchObject({ total: 45, current_page: 900, last_page: 3, next_page_url: null })
    const back = await callAs(account.agent, 'GET', response.body.pagination.prev_page_url)
    expect(back.body.data).toHaveLength(5)
  })

  it('are one for an empty list', async () => {
    const response = await callAs(account.stranger, 'GET', 'tickets')
    expect(response.body).toEqual({
      data: [],
      pagination: {
        total: 0,
        per_page: 20,
        current_page: 1,
        last_page: 1,
        next_page_url: null,
        prev_page_url: null,
      },
    })
  })

  it('end exactly on a full page', async () => {
    const response = await callAs(account.agent, 'GET', 'tickets?per_page=45')
    expect(response.body.pagination).toMatchObject({ last_page: 1, next_page_url: null })
    const second = await callAs(account.agent, 'GET', 'tickets?per_page=15&page=3')
    expect(second.body.data).toHaveLength(15)
    expect(second.body.pagination).toMatchObject({ last_page: 3, next_page_url: null })
  })
})
