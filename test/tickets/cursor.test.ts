import { beforeAll, describe, expect, it } from 'vitest'
import { tickets } from '../../src/db/schema/tickets'
import { sql } from '../../src/db/sql'
import { select } from '../../src/db/statement'
import { deleteFrom } from '../../src/db/write'
import { type Account, createTestAccount, createTestMember, type Member } from '../helpers/api'
import { createTestKey } from '../helpers/credentials'
import { execute, row } from '../helpers/database'
import {
  anyTicket,
  churn,
  dice,
  expectedOf,
  type ListQuery,
  queryOf,
  START,
  storedTickets,
} from '../helpers/ticket-model'
import { callAs, detailsOf, getOk, idsOf, type Seed, seedTickets, walk } from '../helpers/tickets'
import { walkFrom } from '../helpers/walks'

const die = dice(7)

let account: Account
let foreign: Account

beforeAll(async () => {
  account = await createTestAccount()
  foreign = await createTestAccount()
  await seedTickets(
    foreign,
    Array.from({ length: 30 }, () => anyTicket(die, foreign)),
  )
})

describe('C07 a walk by cursor', () => {
  const SORTS = (['created_at', 'updated_at', 'priority'] as const).flatMap((sort) =>
    (['desc', 'asc'] as const).map((order) => ({ sort, order })),
  )
  const byCreation = (a: Seed, b: Seed) => (a.createdAt ?? 0) - (b.createdAt ?? 0)
  const FILTERS: [filter: () => ListQuery, perPage: number][] = [
    [() => ({}), 100],
    [() => ({ status: ['open', 'closed'], priority: ['low', 'critical'] }), 43],
    [() => ({ assigned_to: ['none', account.agent.id] }), 100],
    [() => ({ created_by: [account.customer.id], assigned_to: [account.admin.id] }), 29],
    [() => ({ q: 'print' }), 100],
    [() => ({ tag: 'even' }), 71],
    [() => ({ created_after: START + 10_000, updated_before: START + 90_000 }), 97],
  ]

  beforeAll(async () => {
    const seeds = Array.from({ length: 1_000 }, () => anyTicket(die, account)).toSorted(byCreation)
    for (let from = 0; from < seeds.length; from += 250) await seedTickets(account, seeds.slice(from, from + 250))
  })

  /** To the end or back, while more than 200 tickets are created and deleted. */
  async function expectWalk(listQuery: ListQuery, perPage: number, direction: 'next' | 'prev') {
    const by = await createTestMember(account.id, 'agent')
    const path = `tickets?${queryOf(listQuery)}&per_page=${perPage}`
    let first = await getOk(by, `${path}&cursor=`)
    if (direction === 'prev')
      while (first.body.pagination.next_cursor !== null) first = await getOk(by, first.body.pagination.next_page_url)
    const before = await storedTickets(account)
    const touched = new Set<string>()
    const pages = await walkFrom(by, path, first, direction, async (at) => {
      // Sometimes the ticket of the cursor is deleted, too.
      const standing = die.chance(0.5) ? at.at(direction === 'next' ? -1 : 0) : undefined
      if (standing) touched.add(standing)
      const untouched = idsOf(before).filter((id) => !touched.has(id))
      const chosen = die.some(30, untouched)
      for (const id of chosen) touched.add(id)
      await churn(account, die, [...(standing ? [standing] : []), ...chosen.slice(8)], chosen.slice(0, 8))
    })
    expect(pages.length).toBeGreaterThan(3)
    const found = (direction === 'next' ? pages : pages.toReversed()).flat()
    const expected = idsOf(expectedOf(listQuery, before)).filter((id) => !touched.has(id))
    const known = new Set(expected)
    expect(found.filter((id) => known.has(id))).toEqual(expected)
    const others = found.filter((id) => !touched.has(id))
    expect(new Set(others).size).toBe(others.length)
  }

  it.each(SORTS)('C07 by $sort $order: none twice, no other missing', { timeout: 60_000 }, async (sorting) => {
    for (const [index, [filter, perPage]] of FILTERS.entries()) {
      const listQuery = { ...filter(), ...sorting }
      // Each filter in four of the six sort orders, two per direction; no filter in all of them.
      const turn = (index + SORTS.indexOf(sorting)) % 3
      if (index === 0 || turn === 0) await expectWalk(listQuery, perPage, 'next')
      if (index === 0 || turn === 1) await expectWalk(listQuery, perPage, 'prev')
    }
  })
})

describe('the pages', () => {
  let own: Account
  const path = 'tickets?status=open%2Cclosed&tag=paper%2C+black&q=print&sort=priority&order=asc&per_page=10'

  beforeAll(async () => {
    own = await createTestAccount()
    const common = { title: 'Printer', tags: ['paper, black'], createdAt: START }
    await seedTickets(
      own,
      Array.from({ length: 300 }, (_, i) => ({
        ...anyTicket(die, own),
        ...common,
        status: i < 243 ? ((['open', 'closed'] as const)[i % 2] ?? 'open') : 'resolved',
      })),
    )
  })

  it.each(['', '&cursor='])('C07 by next_page_url are 243 rows, each once, with all filters kept%s', async (start) => {
    const { pages, items } = await walk(own.agent, `/ticketing/v1/${path}${start}`)
    expect(pages).toHaveLength(25)
    expect(idsOf(items)).toEqual(
      idsOf(expectedOf({ status: ['open', 'closed'], sort: 'priority', order: 'asc' }, await storedTickets(own))),
    )
    for (const page of pages.slice(0, -1))
      expect(page.body.pagination.next_page_url).toContain(`/ticketing/v1/${path}&`)
  })

  it('by cursor have no total; their URLs and Link lead on and back', async () => {
    const first = await getOk(own.agent, `${path}&cursor=`)
    const { next_cursor: next } = first.body.pagination
    const url = (cursor: string) => `/api/v1/${path}&cursor=${cursor}`
    expect(first.body.pagination).toEqual({
      per_page: 10,
      next_cursor: expect.stringMatching(/^[\w-]+$/),
      prev_cursor: null,
      next_page_url: url(next),
      prev_page_url: null,
    })
    expect(first.headers.get('Link')).toBe(`<${url(next)}>; rel="next"`)
    const second = await getOk(own.agent, url(next))
    const { prev_cursor: prev, next_cursor: further } = second.body.pagination
    expect(second.headers.get('Link')).toBe(`<${url(prev)}>; rel="prev", <${url(further)}>; rel="next"`)
    const back = await getOk(own.agent, url(prev))
    expect(idsOf(back.body.data)).toEqual(idsOf(first.body.data))
    expect(back.body.pagination.prev_cursor).toBeNull()
    expect(idsOf((await getOk(own.agent, url(back.body.pagination.next_cursor))).body.data)).toEqual(
      idsOf(second.body.data),
    )
  })

  it('may change their size on the way', async () => {
    const expected = idsOf((await getOk(own.agent, 'tickets?per_page=100&cursor=')).body.data)
    const found: string[] = []
    for (let size = 1, cursor = ''; found.length < 91; size += 1) {
      const page = await getOk(own.agent, `tickets?per_page=${size}&cursor=${cursor}`)
      found.push(...idsOf(page.body.data))
      cursor = page.body.pagination.next_cursor
    }
    expect(found).toEqual(expected.slice(0, 91))
  })

  it.each(['asc', 'desc'])('C07 that are empty lead back to all that is left, %s', async (order) => {
    const few = await createTestAccount()
    const nine = Array.from({ length: 9 }, () => ({ createdAt: START }))
    const all = idsOf(
      (await seedTickets(few, nine)).toSorted((a, b) => (b.number - a.number) * (order === 'asc' ? -1 : 1)),
    )
    const at = async (cursor: string) => {
      const { body } = await getOk(few.agent, `tickets?order=${order}&per_page=3&cursor=${cursor}`)
      return { ids: idsOf(body.data), next: body.pagination.next_cursor, prev: body.pagination.prev_cursor }
    }
    const remove = (ids: string[]) =>
      execute(deleteFrom(tickets, sql`${tickets.id} IN (SELECT value FROM json_each(${JSON.stringify(ids)}))`))
    const first = await at('')
    const second = await at(first.next)

    await remove(all.slice(6))
    const end = await at(second.next)
    expect(end).toEqual({ ids: [], next: null, prev: expect.any(String) })
    expect((await at(end.prev)).ids).toEqual(all.slice(3, 6))

    await remove(all.slice(0, 3))
    const start = await at(second.prev)
    expect(start).toEqual({ ids: [], next: expect.any(String), prev: null })
    expect((await at(start.next)).ids).toEqual(all.slice(3, 6))

    await remove(all)
    expect(await at('')).toEqual({ ids: [], next: null, prev: null })
  })
})

describe('a cursor', () => {
  const cursorOf = async (query: string, by = account.agent): Promise<string> =>
    (await getOk(by, `tickets?${query}&per_page=2&cursor=`)).body.pagination.next_cursor

  beforeAll(async () => {
    const seeds = Array.from({ length: 100 }, () => anyTicket(die, account))
    await seedTickets(account, seeds)
  })

  const rejection = async (by: Member, query: string, cursor: string) =>
    detailsOf(await callAs(by, 'GET', `tickets?${query}&cursor=${cursor}`), 400, 'invalid_input').map(
      ({ field }) => field,
    )

  it('is of one list, and 400 in another', async () => {
    const own = await cursorOf('')
    const { id } = account.customer
    const decoded = JSON.parse(Buffer.from(own, 'base64url').toString())
    const encoded = (content: unknown) => Buffer.from(JSON.stringify(content)).toString('base64url')
    const [scope, position, bookmark] = decoded
    const odd = ['nonsense', 'bnVsbA', '1', own.slice(0, -9), own.slice(20), 'x'.repeat(501), encoded([scope])]
    const positions = [null, 7, {}, { ...position, towards: 'up' }, { ...position, place: { number: '1' } }]
    const cases: [query: string, cursor: string][] = [
      ['status=open', own],
      ['', await cursorOf('status=open')],
      ['status=open', await cursorOf('status=open,closed')],
      ['sort=priority', own],
      ['order=asc', own],
      ['q=printer', await cursorOf('q=print')],
      ['tag=odd', await cursorOf('tag=even')],
      ['', await cursorOf('', foreign.agent)],
      ['', await cursorOf('', account.customer)],
      ['created_by=me', await cursorOf(`created_by=${id}`)],
      ['', (await getOk(account.agent, 'users?cursor=&per_page=1')).body.pagination.next_cursor],
      ...odd.map((cursor): [string, string] => ['', cursor]),
      ...positions.map((at): [string, string] => ['', encoded([scope, at, bookmark])]),
    ]
    for (const [query, cursor] of cases)
      expect(await rejection(account.agent, query, cursor), cursor).toEqual(['cursor'])
    expect(await rejection(account.customer, '', await cursorOf('', account.stranger))).toEqual(['cursor'])
    expect(await rejection(account.customer, '', own)).toEqual(['cursor'])
  })

  it('does not come beside a page', async () => {
    for (const cursor of ['', await cursorOf('')])
      expect(await rejection(account.agent, 'page=1', cursor)).toEqual(['page'])
  })

  it('is good for whoever sees the same list: agents, admins and keys of the account', async () => {
    const cursor = await cursorOf('status=open')
    const expected = idsOf((await getOk(account.agent, `tickets?status=open&cursor=${cursor}`)).body.data)
    const key = { ...account.agent, token: (await createTestKey(account)).key }
    for (const by of [account.admin, await createTestMember(account.id, 'agent'), key])
      expect(idsOf((await getOk(by, `tickets?status=open&cursor=${cursor}`)).body.data)).toEqual(expected)
  })

  it('tells nothing but what its bearer has seen: no row number, which would count other accounts’ tickets', async () => {
    const page = await getOk(account.agent, 'tickets?sort=priority&cursor=&per_page=1')
    const [ticket] = page.body.data
    const stored = await row(
      select(
        { seq: tickets.rowId, created_at: tickets.createdAt },
        sql`FROM ${tickets} WHERE ${tickets.id} = ${ticket.id}`,
      ),
    )
    expect(stored?.seq).not.toBe(ticket.number)
    expect(JSON.parse(Buffer.from(page.body.pagination.next_cursor, 'base64url').toString())).toEqual([
      expect.stringMatching(/^[\w-]{8}$/),
      { towards: 'next', place: { rank: 3, at: stored?.created_at, number: ticket.number } },
      page.headers.get('X-D1-Bookmark'),
    ])
  })
})
