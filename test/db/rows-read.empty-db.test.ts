import { beforeAll, describe, expect, it } from 'vitest'
import { sql } from '../../src/db/sql'
import { type Account, createTestAccount, createTestMember, type Member } from '../helpers/api'
import { execute, row } from '../helpers/database'
import {
  CHANGES,
  costOf,
  DAY,
  expectFlat,
  forgetMeasurements,
  grow,
  measure,
  OLD,
  ticketWith,
} from '../helpers/scale-fixtures'
import { silenceQueue } from '../helpers/webhooks'

/**
 * The rows that a request reads must not grow with the account: the same requests at 2,000 tickets, and at 20,000 with
 * ten times the users and events.
 */

const SIZES = [OLD, 20_000] as const
const PAGE = 20

let account: Account
/** Has nearly all tickets; `account.customer` has 50. */
let busy: Member

const iso = (time: number) => new Date(time).toISOString()
const CREATED = `created_after=${iso(1_000 * DAY)}&created_before=${iso(1_050 * DAY)}`
const CHANGED = `updated_after=${iso(CHANGES + 500 * DAY)}&updated_before=${iso(CHANGES + 550 * DAY)}`

/** The number of partitions is values × statuses × priorities; 0 if there are none but those of an order by rank. */
const OF_FACETS: [filter: string, facets: number][] = [
  ['', 0],
  ['q=%20+', 0],
  ['status=open', 4],
  ['status=open,closed', 8],
  ['priority=high', 4],
  ['status=open&priority=high', 1],
  ['assigned_to=AGENT', 16],
  ['assigned_to=none', 16],
  ['assigned_to=none,AGENT', 32],
  ['assigned_to=none&status=open', 4],
  ['created_by=BUSY', 16],
  ['created_by=CUSTOMER', 16],
  ['created_by=BUSY&priority=low&status=closed,open', 2],
  ['tag=common', 16],
  ['tag=rare', 16],
  ['tag=common&status=open', 4],
  ['tag=common&status=open,closed&priority=high', 2],
]

/** Filters that read all of their matches, and the number of matches. */
const OF_MATCHES: [filter: string, matches: number][] = [
  ['number=77', 1],
  ['number=7&q=printer&tag=common', 1],
  ['q=needle', 20],
  ['q=needle&tag=common', 20],
  ['q=needle&status=open&assigned_to=none', 20],
  [CREATED, 50],
  [CHANGED, 50],
  [`status=open&${CHANGED}`, 50],
  [`assigned_to=none&${CREATED}`, 50],
  ['created_by=CUSTOMER&assigned_to=none', 50],
]

const SORTS = ['created_at', 'updated_at', 'priority'].flatMap((sort) =>
  ['desc', 'asc'].map((order) => `sort=${sort}&order=${order}`),
)
const facetsOf = (facets: number, sort: string) => (facets === 0 && sort.includes('priority') ? 16 : facets)

/**
 * The most rows a page may read: each ticket from the index and the table, with two members; the first row of each
 * partition; the counters of a value, twice for later pages; each skipped ticket.
 */
function budgetOf(facets: number, offset = 0): number {
  const counters = Math.max(facets, 16) * (offset > 0 ? 2 : 1)
  return 4 * PAGE + 10 + facets + counters + 1.1 * offset
}
const budgetOfMatches = (matches: number) => 6 * matches + 80

const OTHERS: [path: string, budget: number][] = [
  ['tickets/stats', 100],
  ['tickets/seeded9', 20],
  ['tickets/export?q=needle', 350],
  ['users?', 90],
  ['users?cursor=', 90],
  ['users?page=2', 120],
  ['users?page=900000', 30],
  ['users?role=agent', 60],
  ['users?role=agent&status=inactive&page=2', 90],
  ['users?email=77@seeded.example', 10],
  ['events?', 135],
  ['events?ticket_id=seeded7', 135],
  ['events?event=ticket.created', 2_200],
]
const OF_CUSTOMERS: [path: string, budget: number][] = [
  ['tickets?', budgetOf(16)],
  ['tickets?status=open', budgetOf(4)],
  ['tickets?assigned_to=none', budgetOfMatches(20)],
  ['tickets?q=printer', budgetOfMatches(20)],
  ['tickets?q=needle', budgetOfMatches(20)],
  ['tickets?q=nowhere', 10],
  ['tickets?tag=rare', budgetOfMatches(20)],
  [`tickets?${CHANGED}`, budgetOfMatches(50)],
  ['tickets/stats', 40],
]
const WRITES: [name: string, method: string, path: string, read: number, written: number, body?: unknown][] = [
  ['a ticket', 'POST', 'tickets', 30, 30, { title: 'One two', description: 'Three', tags: ['a', 'b'] }],
  ['a status', 'PATCH', 'tickets/ID', 120, 40, { status: 'resolved' }],
  [
    'everything',
    'PATCH',
    'tickets/ID',
    120,
    50,
    { status: 'closed', priority: 'critical', title: 'Four', tags: ['c'] },
  ],
  ['nothing', 'PATCH', 'tickets/ID', 20, 0, { title: 'Four' }],
  ['a comment', 'POST', 'tickets/ID/comments', 34, 20, { content: 'Done' }],
  ['a note', 'POST', 'tickets/ID/comments', 30, 20, { content: 'Done', is_internal: true }],
  ['a deletion', 'DELETE', 'tickets/ID', 60, 40],
]

function pathOf(filter: string, sort: string): string {
  const ids = { AGENT: account.agent.id, CUSTOMER: account.customer.id, BUSY: busy.id }
  const named = Object.entries(ids).reduce((text, [word, id]) => text.replaceAll(word, id), filter)
  return `tickets?${named}${named === '' ? '' : '&'}${sort}`
}

async function pagesOf(by: Member, path: string): Promise<[name: string, parameters: string][]> {
  const { body } = await costOf(by, 'GET', `${path}&cursor=&per_page=1`)
  const cursor = body.pagination.next_cursor ?? body.pagination.prev_cursor
  const [scope, , bookmark] = cursor === null ? [] : JSON.parse(Buffer.from(cursor, 'base64url').toString())
  const at = (position: unknown) => Buffer.from(JSON.stringify([scope, position, bookmark])).toString('base64url')
  const place = { rank: 1, at: (path.includes('updated_at') ? CHANGES : 0) + 1_000 * DAY, number: 1_000 }
  const byCursor: [string, string][] = [
    ['middle', `&cursor=${at({ towards: 'next', place })}`],
    ['last', `&cursor=${at({ towards: 'prev', place: null })}`],
  ]
  return [['first', ''], ['next', '&page=2'], ['past', '&page=900000'], ...(scope ? byCursor : [])]
}

async function measureAll(): Promise<void> {
  for (const [filter] of [...OF_FACETS, ...OF_MATCHES]) {
    const by = await createTestMember(account.id, 'agent')
    for (const sort of SORTS)
      for (const [page, parameters] of await pagesOf(by, pathOf(filter, sort)))
        await measure(by, `${pathOf(filter, sort)}${parameters}`, `${filter} ${sort} ${page}`)
  }
  for (const [path] of OTHERS) await measure(account.admin, path)
  for (const [path] of OF_CUSTOMERS) await measure(account.customer, path, `customer ${path}`)
  let id = ''
  for (const [name, method, path, , , body] of WRITES) {
    const response = await measure(account.agent, path.replace('ID', id), name, method, body)
    if (name === 'a ticket') id = response.data.id
  }
}

/** Statistics change the plans of SQLite: operators who follow D1's advice create them. */
const analyze = async () => {
  await execute(sql`ANALYZE`)
  const found = await row<{ indexes: number }>(sql`SELECT count(*) AS indexes FROM sqlite_stat1 WHERE tbl = 'tickets'`)
  expect(found?.indexes).toBeGreaterThan(5)
}

describe.each([
  ['without statistics', async () => undefined],
  ['with the statistics of ANALYZE', analyze],
])('%s', (_, prepare) => {
  beforeAll(async () => {
    silenceQueue()
    forgetMeasurements()
    account = await createTestAccount()
    busy = await createTestMember(account.id, 'customer')
    await grow(account, busy, 1, SIZES[0])
    await measureAll()
    await grow(account, busy, SIZES[0] + 101, SIZES[1])
    await prepare()
    await measureAll()
  }, 300_000)

  describe('the rows that lists of tickets read at 2,000 and at 20,000 tickets', () => {
    it.each(OF_FACETS)('%s: are the same, within the budget of %i partitions', (filter, facets) => {
      for (const sort of SORTS) {
        const budget = budgetOf(facetsOf(facets, sort))
        for (const page of ['first', 'middle', 'last']) expectFlat(`${filter} ${sort} ${page}`, budget)
        expectFlat(`${filter} ${sort} next`, budgetOf(facetsOf(facets, sort), PAGE))
        expectFlat(`${filter} ${sort} past`, 90)
      }
    })

    it.each(OF_MATCHES)('%s: are the same, in proportion to %i matches', (filter, matches) => {
      for (const sort of SORTS)
        for (const page of ['first', 'next', 'past', ...(matches > 1 ? ['middle', 'last'] : [])])
          expectFlat(`${filter} ${sort} ${page}`, budgetOfMatches(matches))
    })

    it('are at most 150 for any single filter and any order', () => {
      for (const [filter] of OF_FACETS.filter(([filter]) => !/[&,]/.test(filter)))
        for (const sort of SORTS) expectFlat(`${filter} ${sort} first`, 150)
    })

    it.each([
      ['', 0],
      ['sort=priority', 16],
      ['status=open', 4],
      ['assigned_to=none', 16],
      ['tag=common', 16],
    ])('%s: are in proportion to the offset, far from the start', async (query, facets) => {
      for (const page of [10, 50]) {
        const { read } = await costOf(account.admin, 'GET', `tickets?${query}&page=${page}`)
        expect(read, `page ${page}`).toBeLessThanOrEqual(budgetOf(facets, page * PAGE))
      }
    })

    it.each<[query: string, matches: number, each: number]>([
      ['q=printer', SIZES[1], 1],
      ['q=printer&cursor=', 0, 1],
      ['q=printer&status=open&cursor=', 0, 1],
      ['q=printer&sort=updated_at', SIZES[1], 4],
      ['q=printer&status=open', SIZES[1], 2],
      ['tag=common&assigned_to=none', SIZES[1], 2],
      ['q=printer&tag=rare', SIZES[1], 4],
      ['created_by=BUSY&assigned_to=none', 0, 2],
      ['created_by=BUSY&assigned_to=none&status=open', SIZES[1] / 4, 1],
      ['updated_after=2000-01-01', SIZES[1], 4],
    ])('%s: are in proportion to the matches, even if everything matches', async (query, matches, each) => {
      const { read } = await costOf(account.admin, 'GET', pathOf(query, ''))
      expect(read).toBeLessThanOrEqual(each * matches + 250)
    })
  })

  describe('the rows that other requests read and write at 2,000 and at 20,000 tickets', () => {
    it.each(OTHERS)('%s: are the same, at most %i', (path, budget) => expectFlat(path, budget))

    it.each(OF_CUSTOMERS)('%s of a customer with 50 tickets: are the same, at most %i', (path, budget) =>
      expectFlat(`customer ${path}`, budget),
    )

    it.each(WRITES)(
      '%s (%s %s): are the same, at most %i to read and %i to write',
      (name, _method, _path, read, written) => expectFlat(name, read, written),
    )

    it('are in proportion to the users for a search of users', async () => {
      const { read } = await costOf(account.admin, 'GET', 'users?q=person')
      expect(read).toBeLessThanOrEqual(SIZES[1] / 10 + 100)
    })
  })

  describe('a ticket with 10,000 comments and 500 attachments', () => {
    let few: string
    let many: string

    beforeAll(async () => {
      few = await ticketWith(account, 100, 100)
      many = await ticketWith(account, 10_000, 500)
      await prepare()
    })

    it.each([
      '',
      '/comments',
      '/comments?page=2',
      '/comments?page=900000',
      '/comments?cursor=',
      '/comments?per_page=100',
    ])('%s: reads as many rows as for a ticket with 100', async (path) => {
      for (const by of [account.agent, account.customer]) {
        const small = await costOf(by, 'GET', `tickets/${few}${path}`)
        const large = await costOf(by, 'GET', `tickets/${many}${path}`)
        // A customer may see only 67 of the hundred.
        const visible = by === account.customer && /^$|100/.test(path) ? 1.5 : 1
        expect(large.read, by.role).toBeLessThanOrEqual(small.read * 1.2 * visible + 20)
        expect(large.read, by.role).toBeLessThanOrEqual(path === '/comments?per_page=100' ? 1_000 : 650)
      }
    })

    it('has its comments read by cursor at the same cost at every position', async () => {
      const path = `tickets/${many}/comments?per_page=100&cursor=`
      let page = await costOf(account.agent, 'GET', path)
      const reads = [page.read]
      for (let pages = 0; pages < 30; pages += 1) {
        page = await costOf(account.agent, 'GET', `${path}${page.body.pagination.next_cursor}`)
        reads.push(page.read)
      }
      expect(Math.max(...reads)).toBeLessThanOrEqual((reads[0] ?? 0) + 20)
    })
  })
})
