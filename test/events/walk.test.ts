import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { writeCursor } from '../../src/http/pagination/cursor'
import { type Account, createTestAccount, createTicket } from '../helpers/api'
import { listEvents, pageOf, rowsReadBy, seedEvents, sequencesOf, walkEvents } from '../helpers/events'
import { detailWith } from '../helpers/messages'
import { callAs, createComment, detailsOf, patchTicket } from '../helpers/tickets'
import { createTestWebhook, silenceQueue } from '../helpers/webhooks'

let account: Account

beforeEach(async () => {
  silenceQueue()
  account = await createTestAccount()
})
afterEach(() => {
  vi.restoreAllMocks()
})

const READER = { bookmark: null, notBefore: () => undefined }

const upTo = (count: number, first = 1) => Array.from({ length: count }, (_, index) => first + index)

describe('a walk', () => {
  it.each([
    [0, 3, [[]]],
    [2, 3, [[1, 2]]],
    [6, 3, [upTo(3), upTo(3, 4)]],
    [7, 3, [upTo(3), upTo(3, 4), [7]]],
    [25, undefined, [upTo(20), upTo(5, 21)]],
    [100, 100, [upTo(100)]],
  ])('over %i events by %s gives each once, in order, and always a cursor', async (count, perPage, expected) => {
    if (count > 0) await seedEvents(account, count)
    const pages = await walkEvents(account.agent, perPage === undefined ? '' : `per_page=${perPage}`)
    expect(pages.map(sequencesOf)).toEqual(expected)
    for (const [index, { pagination }] of pages.entries())
      expect(pagination).toEqual({
        per_page: perPage ?? 20,
        next_cursor: expect.stringMatching(/^[\w-]+$/),
        has_more: index < expected.length - 1,
      })
    const end = pages.at(-1)?.pagination.next_cursor
    const again = await pageOf(account.agent, '', end)
    expect(again).toMatchObject({ data: [], pagination: { has_more: false } })
    await createTicket(account.agent)
    for (const cursor of [end, again.pagination.next_cursor])
      expect(sequencesOf(await pageOf(account.agent, '', cursor))).toEqual([count + 1])
  })

  it('W21 goes on from any cursor, however much has happened since, and misses nothing', async () => {
    const { id } = await createTicket(account.agent)
    await patchTicket(account.agent, id, { status: 'closed' })
    const first = await walkEvents(account.agent, 'per_page=1')
    const cursors = ['', ...first.map((page) => page.pagination.next_cursor)]
    expect(cursors).toHaveLength(1 + 3)
    await seedEvents(account, 30)
    await createComment(account.agent, id)
    for (const [after, cursor] of cursors.entries()) {
      const pages = await walkEvents(account.admin, 'per_page=7', cursor)
      expect(pages.flatMap(sequencesOf)).toEqual(upTo(34 - after, after + 1))
    }
  })
})

describe('a filter', () => {
  let busy: Account
  let tickets: { FIRST: string; SECOND: string }

  beforeAll(async () => {
    silenceQueue()
    busy = await createTestAccount()
    const { admin, agent } = busy
    const [first, second] = [await createTicket(agent), await createTicket(agent)]
    await patchTicket(agent, first.id, { status: 'closed' })
    await patchTicket(agent, second.id, { title: 'New' })
    await createComment(agent, first.id, { is_internal: true })
    await createComment(agent, second.id)
    const hook = await createTestWebhook(busy)
    await callAs(admin, 'POST', `webhooks/${hook.id}/test`)
    tickets = { FIRST: first.id, SECOND: second.id }
  })

  it.each([
    ['event=ticket.created', [1, 2]],
    ['event=comment.created,ticket.created', [1, 2, 6, 7]],
    ['event=user.created', []],
    ['event=webhook.test', [8]],
    ['ticket_id=FIRST', [1, 3, 4, 6]],
    ['ticket_id=FIRST&event=ticket.updated,comment.created', [4, 6]],
    ['ticket_id=SECOND&event=ticket.status_changed', []],
    ['ticket_id=nothing', []],
  ])('%s gives what it names, by pages of any size', async (query, expected) => {
    const wanted = query.replace('FIRST', tickets.FIRST).replace('SECOND', tickets.SECOND)
    for (const perPage of [1, 2, 20]) {
      const pages = await walkEvents(busy.agent, `${wanted}&per_page=${perPage}`)
      expect(pages.flatMap(sequencesOf)).toEqual(expected)
    }
  })

  it('does not care for the order of types', async () => {
    await seedEvents(account, 3)
    const { pagination } = await pageOf(account.agent, 'event=ticket.deleted,ticket.created&per_page=1')
    const again = await pageOf(
      account.agent,
      'event=ticket.created,ticket.deleted,ticket.created',
      pagination.next_cursor,
    )
    expect(sequencesOf(again)).toEqual([2, 3])
  })

  it.each([
    ['1,000 events', [998], 2, [[1, 1_000], []]],
    ['2,502 events', [2_500], 2, [[1], [], [2_502]]],
    ['3,003 events, and pages that are full', [0, 0, 1_500, 1_499], 2, [[1, 2], [3], [1_504], [], [3_004]]],
  ])('of a rare type walks %s in bounded steps, and finds all', async (_name, gaps, perPage, expected) => {
    await seedEvents(account, 1, { type: 'webhook.test' })
    for (const gap of gaps) {
      if (gap > 0) await seedEvents(account, gap)
      await seedEvents(account, 1, { type: 'webhook.test' })
    }
    const pages = await walkEvents(account.agent, `event=webhook.test&per_page=${perPage}`)
    expect(pages.map(sequencesOf)).toEqual(expected)
  })

  it('reads a bounded number of rows at 3,000 events', async () => {
    await seedEvents(account, 3_000)
    const { id } = await createTicket(account.agent)
    const end = (await walkEvents(account.agent, 'event=webhook.test')).at(-1)?.pagination.next_cursor
    for (const [query, cursor, budget] of [
      ['', undefined, 135],
      ['per_page=100', undefined, 625],
      [`ticket_id=${id}`, undefined, 20],
      ['ticket_id=ticket_seeded', undefined, 135],
      ['event=ticket.deleted', undefined, 1_200],
      ['event=webhook.test', undefined, 2_200],
      ['event=webhook.test', end, 10],
    ] as const)
      expect(await rowsReadBy(account.agent, query, cursor), query).toBeLessThanOrEqual(budget)
  })
})

describe('a cursor', () => {
  it('is of one list, one account and one filter, and a 400 elsewhere', async () => {
    await seedEvents(account, 3)
    const other = await createTestAccount()
    await seedEvents(other, 3)
    const hook = await createTestWebhook(account)
    for (let tests = 0; tests < 2; tests += 1) await callAs(account.admin, 'POST', `webhooks/${hook.id}/test`)
    const deliveries = await callAs(account.admin, 'GET', `webhooks/${hook.id}/deliveries?per_page=1`)
    const nextOf = async (query: string, by = account.agent) => (await pageOf(by, query)).pagination.next_cursor
    const own = await nextOf('')
    const scope = { list: 'events', accountId: account.id }
    const foreign: [query: string, cursor: string][] = [
      ['', await nextOf('', other.agent)],
      ['', await nextOf('event=ticket.deleted')],
      ['', await nextOf('ticket_id=ticket_seeded')],
      ['event=ticket.deleted', own],
      ['event=ticket.deleted', await nextOf('event=ticket.deleted,ticket.created')],
      ['ticket_id=ticket_seeded', own],
      ['ticket_id=ticket_seeded', await nextOf('ticket_id=another')],
      ['', deliveries.body.pagination.next_cursor],
      ...[-1, 1.5, '1', null, [1], { after: 1 }].map((at): [string, string] => ['', writeCursor(READER, scope, at)]),
    ]
    for (const [query, cursor] of foreign)
      expect(detailsOf(await listEvents(account.agent, query, cursor), 400, 'invalid_input')).toEqual([
        { field: 'cursor', message: 'Cursor does not belong to this list and these filters', code: 'invalid_value' },
      ])
    for (const cursor of ['nonsense', 'bnVsbA', '4', 'W10', '%00', own.slice(0, -4)])
      expect(detailsOf(await listEvents(account.agent, '', cursor), 400, 'invalid_input')).toEqual([
        detailWith('cursor', 'Cursor is not a complete cursor: send next_cursor of a response'),
      ])
    expect(sequencesOf(await pageOf(account.agent, 'per_page=1', writeCursor(READER, scope, 1)))).toEqual([2])
  })
})
