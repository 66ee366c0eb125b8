import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { accountCounters } from '../../src/db/schema/accounts'
import { ticketHistory } from '../../src/db/schema/tickets'
import { events } from '../../src/db/schema/webhooks'
import { sql } from '../../src/db/sql'
import { insertSelect, update } from '../../src/db/write'
import { type Account, createTestAccount, createTicket } from '../helpers/api'
import { numbers, prepare } from '../helpers/database'
import { pageOf, sequencesOf, walkEvents } from '../helpers/events'
import { getOk } from '../helpers/tickets'

const MIB = 1_024 * 1_024
const LONGEST_TEXT = 65_536
/** More than two pages, because pages are limited by size. */
const EVENTS = 150
const CHANGES = 70

let account: Account
let ticketId: string

beforeAll(async () => {
  account = await createTestAccount()
  ticketId = (await createTicket(account.agent, { description: 'x'.repeat(LONGEST_TEXT) })).id
  await env.DB.batch([
    prepare(
      insertSelect(
        events,
        {
          accountId: events.accountId,
          sequence: sql`i + 1`,
          id: sql`'evt_heavy' || i`,
          type: events.type,
          ticketId: events.ticketId,
          isInternal: events.isInternal,
          data: events.data,
          createdAt: events.createdAt,
        },
        sql`FROM ${numbers(1, EVENTS - 1)} CROSS JOIN ${events}
          WHERE ${events.accountId} = ${account.id} AND ${events.sequence} = 1`,
      ),
    ),
    prepare(update(accountCounters, { eventSequence: EVENTS }, sql`${accountCounters.accountId} = ${account.id}`)),
    prepare(
      insertSelect(
        ticketHistory,
        {
          accountId: account.id,
          ticketId,
          changeId: sql`'change_heavy' || i`,
          actorId: account.agent.id,
          field: 'description',
          previous: JSON.stringify('x'.repeat(LONGEST_TEXT)),
          current: JSON.stringify('x'.repeat(LONGEST_TEXT)),
          createdAt: Date.now(),
        },
        sql`FROM ${numbers(1, CHANGES)}`,
      ),
    ),
  ])
})

const weightOf = (page: unknown) => JSON.stringify(page).length

describe('a page of heavy rows', () => {
  it.each(['', 'event=ticket.deleted,ticket.created'])(
    'of events (%s) ends at 4 MiB, and its cursor goes on behind it',
    async (query) => {
      const first = await pageOf(account.agent, `${query}&per_page=100`)
      expect(weightOf(first)).toBeGreaterThan(3.5 * MIB)
      expect(first.pagination).toMatchObject({ per_page: 100, has_more: true })
      const pages = await walkEvents(account.agent, `${query}&per_page=100`)
      for (const page of pages) expect(weightOf(page)).toBeLessThan(4.2 * MIB)
      expect(pages.flatMap(sequencesOf)).toEqual(Array.from({ length: EVENTS }, (_, index) => index + 1))
      expect(pages).toHaveLength(3)
    },
  )

  it('of history ends at 4 MiB, in both directions, and nothing is left out or told twice', async () => {
    const forth: string[][] = []
    let path: string | null = `tickets/${ticketId}/history?per_page=100`
    let back: string | null = null
    while (path) {
      const { body } = await getOk(account.agent, path)
      expect(weightOf(body)).toBeLessThan(4.2 * MIB)
      forth.push(body.data.map((change: { id: string }) => change.id))
      back = body.pagination.prev_page_url
      path = body.pagination.next_page_url
    }
    expect(forth.map((page) => page.length)).toEqual([31, 31, 8])
    const backwards: string[][] = []
    while (back) {
      const { body } = await getOk(account.agent, back)
      expect(weightOf(body)).toBeLessThan(4.2 * MIB)
      backwards.unshift(body.data.map((change: { id: string }) => change.id))
      back = body.pagination.prev_page_url
    }
    expect(backwards.flat()).toEqual(forth.slice(0, -1).flat())
  })
})
