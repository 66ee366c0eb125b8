import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Account, createTestAccount, createTicket } from '../helpers/api'
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
  const numbers = (count: number) =>
    `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})`
  await env.DB.batch([
    env.DB.prepare(
      `INSERT INTO events (account_id, sequence, id, type, ticket_id, is_internal, data, created_at)
      ${numbers(EVENTS - 1)} SELECT account_id, i + 1, 'evt_heavy' || i, type, ticket_id, is_internal, data, created_at
      FROM n CROSS JOIN events WHERE account_id = ? AND sequence = 1`,
    ).bind(account.id),
    env.DB.prepare('UPDATE account_state SET event_sequence = ? WHERE account_id = ?').bind(EVENTS, account.id),
    env.DB.prepare(
      `INSERT INTO ticket_history (account_id, ticket_id, change_id, actor_id, field, previous, current, created_at)
      ${numbers(CHANGES)} SELECT ?1, ?2, 'change_heavy' || i, ?3, 'description', ?4, ?4, ?5 FROM n`,
    ).bind(account.id, ticketId, account.agent.id, JSON.stringify('x'.repeat(LONGEST_TEXT)), Date.now()),
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
