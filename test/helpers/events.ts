import { env } from 'cloudflare:workers'
import { expect, vi } from 'vitest'
import { type Account, call, type Member, type TestResponse } from './api'

export interface Page {
  data: { sequence: number; event: string }[]
  pagination: { per_page: number; next_cursor: string; has_more: boolean }
}

export interface SeededEvents {
  type?: 'ticket.deleted' | 'webhook.test'
  ticketId?: string
  createdAt?: number
}

/** Inserts events by SQL as already fanned out. */
export async function seedEvents(account: Account, count: number, seed: SeededEvents = {}): Promise<void> {
  const { type = 'ticket.deleted', ticketId = 'ticket_seeded', createdAt = Date.now() } = seed
  const snapshot =
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
    ).bind(account.id, count, type, type === 'webhook.test' ? null : ticketId, JSON.stringify(snapshot), createdAt),
    env.DB.prepare(
      `UPDATE account_state SET event_sequence = event_sequence + ?2, fanned_out_sequence = event_sequence + ?2
      WHERE account_id = ?1`,
    ).bind(account.id, count),
  ])
}

export function listEvents(by: Member, query = '', cursor?: string): Promise<TestResponse> {
  const parameters = [query, ...(cursor === undefined ? [] : [`cursor=${cursor}`])].filter(
    (parameter) => parameter !== '',
  )
  return call('GET', `events?${parameters.join('&')}`, { token: by.token })
}

export async function pageOf(by: Member, query = '', cursor?: string): Promise<Page> {
  const response = await listEvents(by, query, cursor)
  expect(response.status, response.text).toBe(200)
  return response.body
}

/** All pages from the cursor on, while `has_more` is true. */
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

export function sequencesOf(page: Page): number[] {
  return page.data.map(({ sequence }) => sequence)
}

/** From the request's log line. */
export async function rowsReadBy(by: Member, query: string, cursor?: string): Promise<number> {
  const log = vi.spyOn(console, 'info')
  await pageOf(by, query, cursor)
  const lines = log.mock.calls.map(([line]) => JSON.parse(String(line)))
  log.mockRestore()
  return lines.find((line) => line.route?.endsWith('/events')).db.rows_read
}
