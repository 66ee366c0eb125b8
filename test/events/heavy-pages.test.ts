import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Account, createTicket, mintAccount } from '../helpers/api'
import { pageOf, sequencesOf, walkEvents } from '../helpers/events'
import { got } from '../helpers/tickets'

const MIB = 1_024 * 1_024
const HEAVY = 30

let account: Account
let ticketId: string

/** An account with 30 events and 30 changes of 300 KB each: more than two pages by weight, less than one by number. */
beforeAll(async () => {
  account = await mintAccount()
  ticketId = (await createTicket(account.agent)).id
  const text = `"${'x'.repeat(150_000)}"`
  const data = JSON.stringify({
    ticket: { id: ticketId, number: 1, title: 'x'.repeat(300_000) },
    actor: { id: account.agent.id, name: 'A', email: 'a@example.com' },
  })
  const numbers = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${HEAVY})`
  await env.DB.batch([
    env.DB.prepare(
      `INSERT INTO events (account_id, sequence, id, type, ticket_id, is_internal, data, created_at)
      ${numbers} SELECT ?1, i + 1, 'evt_heavy' || i, 'ticket.deleted', ?2, 0, ?3, ?4 FROM n`,
    ).bind(account.id, ticketId, data, Date.now()),
    env.DB.prepare('UPDATE account_state SET event_sequence = ? WHERE account_id = ?').bind(HEAVY + 1, account.id),
    env.DB.prepare(
      `INSERT INTO ticket_history (account_id, ticket_id, change_id, actor_id, field, previous, current, created_at)
      ${numbers} SELECT ?1, ?2, 'change_heavy' || i, ?3, 'description', ?4, ?4, ?5 FROM n`,
    ).bind(account.id, ticketId, account.agent.id, text, Date.now()),
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
      expect(pages.flatMap(sequencesOf)).toEqual(Array.from({ length: HEAVY + 1 }, (_, index) => index + 1))
      expect(pages).toHaveLength(3)
    },
  )

  it('of history ends at 4 MiB, in both directions, and nothing is left out or told twice', async () => {
    const forth: string[][] = []
    let path: string | null = `tickets/${ticketId}/history?per_page=100`
    let back: string | null = null
    while (path) {
      const { body } = await got(account.agent, path)
      expect(weightOf(body)).toBeLessThan(4.2 * MIB)
      forth.push(body.data.map((change: { id: string }) => change.id))
      back = body.pagination.prev_page_url
      path = body.pagination.next_page_url
    }
    expect(forth.map((page) => page.length)).toEqual([13, 13, 4])
    const backwards: string[][] = []
    while (back) {
      const { body } = await got(account.agent, back)
      expect(weightOf(body)).toBeLessThan(4.2 * MIB)
      backwards.unshift(body.data.map((change: { id: string }) => change.id))
      back = body.pagination.prev_page_url
    }
    expect(backwards.flat()).toEqual(forth.slice(0, -1).flat())
  })
})
