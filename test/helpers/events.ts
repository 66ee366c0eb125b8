import { env } from 'cloudflare:workers'
import { expect, vi } from 'vitest'
import { type Account, type Answer, call, type Member } from './api'

export interface Page {
  data: { sequence: number; event: string }[]
  pagination: { per_page: number; next_cursor: string; has_more: boolean }
}

export interface SeededEvents {
  type?: 'ticket.deleted' | 'webhook.test'
  ticketId?: string
  createdAt?: number
}

/** Inserts events by SQL, for many of them or for times of their own, as if they had been fanned out. */
export async function seedEvents(account: Account, count: number, seed: SeededEvents = {}): Promise<void> {
  const { type = 'ticket.deleted', ticketId = 'ticket_seeded', createdAt = Date.now() } = seed
  const image =
    type === 'webhook.test'
      ? { webhook: { id: 'webhook_seeded' } }
      : {
          ticket: { id: ticketId, number: 1, title: 'A title' },
          actor: { id: 'user_seeded', name: 'A', email: 'a@seeded.example' },
        }
  await env.DB.batch([
    env.DB.prepare(
      `INSERT INTO events (account_id, sequence, id, type, ticket_id, is_internal, data, created_at)
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
      SELECT account_id, event_sequence + i, 'evt_' || lower(hex(randomblob(13))), ?3, ?4, 0, ?5, ?6
      FROM n, account_state WHERE account_id = ?1`,
    ).bind(account.id, count, type, type === 'webhook.test' ? null : ticketId, JSON.stringify(image), createdAt),
    env.DB.prepare(
      `UPDATE account_state SET event_sequence = event_sequence + ?2, fanned_out_sequence = event_sequence + ?2
      WHERE account_id = ?1`,
    ).bind(account.id, count),
  ])
}

/** Asks for events; a cursor may be added to the query. */
export function askEvents(by: Member, query = '', cursor?: string): Promise<Answer> {
  const parameters = [query, ...(cursor === undefined ? [] : [`cursor=${cursor}`])].filter((part) => part !== '')
  return call('GET', `events?${parameters.join('&')}`, { token: by.token })
}

/** A page of events, which must be one. */
export async function pageOf(by: Member, query = '', cursor?: string): Promise<Page> {
  const answer = await askEvents(by, query, cursor)
  expect(answer.status, answer.text).toBe(200)
  return answer.body
}

/** The pages from a cursor on until nothing more is said to be there. */
export async function walkEvents(by: Member, query = '', cursor = ''): Promise<Page[]> {
  const pages: Page[] = []
  for (let next = cursor, more = true; more; ) {
    const page = await pageOf(by, query, next)
    pages.push(page)
    next = page.pagination.next_cursor
    more = page.pagination.has_more
    expect(pages.length).toBeLessThan(50)
  }
  return pages
}

/** The sequences of a page. */
export function sequencesOf(page: Page): number[] {
  return page.data.map(({ sequence }) => sequence)
}

/** The rows that asking for events reads at D1, by the request's log line. */
export async function rowsReadBy(by: Member, query: string, cursor?: string): Promise<number> {
  const log = vi.spyOn(console, 'info')
  await pageOf(by, query, cursor)
  const lines = log.mock.calls.map(([line]) => JSON.parse(String(line)))
  log.mockRestore()
  return lines.find((line) => line.route?.endsWith('/events')).db.rows_read
}
