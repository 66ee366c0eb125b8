import { env } from 'cloudflare:workers'
import { expect, vi } from 'vitest'
import { accountCounters } from '../../src/db/schema/accounts'
import { events } from '../../src/db/schema/webhooks'
import { sql } from '../../src/db/sql'
import { insertSelect, update } from '../../src/db/write'
import { type Account, call, type Member, type TestResponse } from './api'
import { numbers, prepare } from './database'

export interface Page {
  data: { sequence: number; event: string; data: Record<string, unknown>; redacted?: true }[]
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
    prepare(
      insertSelect(
        events,
        {
          accountId: accountCounters.accountId,
          sequence: sql`${accountCounters.eventSequence} + i`,
          id: sql`'evt_' || lower(hex(randomblob(13)))`,
          type,
          ticketId: type === 'webhook.test' ? null : ticketId,
          isInternal: 0,
          data: JSON.stringify(snapshot),
          createdAt,
        },
        sql`FROM ${numbers(1, count)}, ${accountCounters} WHERE ${accountCounters.accountId} = ${account.id}`,
      ),
    ),
    prepare(
      update(
        accountCounters,
        {
          eventSequence: sql`${accountCounters.eventSequence} + ${count}`,
          fannedOutSequence: sql`${accountCounters.eventSequence} + ${count}`,
        },
        sql`${accountCounters.accountId} = ${account.id}`,
      ),
    ),
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
