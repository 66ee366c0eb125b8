import { env } from 'cloudflare:workers'
import { expect } from 'vitest'
import type { ErrorDetail } from '../../src/core/errors'
import { accountCounters } from '../../src/db/schema/accounts'
import { ticketHistory, tickets } from '../../src/db/schema/tickets'
import { events } from '../../src/db/schema/webhooks'
import { newSearchId } from '../../src/db/search-id'
import { ticketTokens } from '../../src/db/search-text'
import { listOf } from '../../src/db/selection'
import { sql } from '../../src/db/sql'
import { query, select } from '../../src/db/statement'
import { insertSelect, update } from '../../src/db/write'
import { newId } from '../../src/lib/ids'
import { type Account, call, type Member, type TestResponse } from './api'
import { prepare, row, rows } from './database'

export interface Seed {
  title?: string
  description?: string
  status?: 'open' | 'in_progress' | 'resolved' | 'closed'
  priority?: 'low' | 'medium' | 'high' | 'critical'
  createdBy?: Member
  assignedTo?: Member | null
  tags?: string[]
  createdAt?: number
  updatedAt?: number
}

export interface Seeded extends Required<Seed> {
  id: string
  number: number
}

/** Inserts tickets by SQL, and returns them in the order of insertion, the oldest first. */
export async function seedTickets(account: Account, seeds: Seed[]): Promise<Seeded[]> {
  const taken = { last: accountCounters.ticketNumber }
  const take = update(
    accountCounters,
    { ticketNumber: sql`${accountCounters.ticketNumber} + ${seeds.length}` },
    sql`${accountCounters.accountId} = ${account.id}`,
  )
  const state = await row(query(taken, sql`${take.query} RETURNING ${listOf(taken)}`))
  const first = (state?.last ?? 0) - seeds.length + 1
  const now = Date.now()
  const aged = seeds.map((seed) => ({ ...seed, createdAt: seed.createdAt ?? now }))
  const seeded = aged
    .toSorted((a, b) => a.createdAt - b.createdAt)
    .map((seed, index) => ({
      id: newId('ticket', seed.createdAt),
      number: first + index,
      title: 'A title',
      description: 'A text',
      status: 'open' as const,
      priority: 'medium' as const,
      createdBy: account.customer,
      assignedTo: null,
      tags: [],
      updatedAt: seed.createdAt,
      ...seed,
    }))
  await env.DB.batch(
    seeded.map((t) =>
      prepare(
        insertSelect(tickets, {
          accountId: account.id,
          id: t.id,
          number: t.number,
          version: 1,
          title: t.title,
          description: t.description,
          status: t.status,
          priority: t.priority,
          createdBy: t.createdBy.id,
          assignedTo: t.assignedTo?.id ?? null,
          tags: JSON.stringify(t.tags),
          customFields: '{}',
          createdAt: t.createdAt,
          updatedAt: t.updatedAt,
          searchId: newSearchId(sql`${t.createdAt}`, sql`${t.number}`),
          ...ticketTokens(account.id, t),
        }),
      ),
    ),
  )
  return seeded
}

export function callAs(by: Member, method: string, path: string, body?: unknown): Promise<TestResponse> {
  return call(method, path, { token: by.token, ...(body !== undefined && { body }) })
}

export async function patchTicket(by: Member, id: string, body: unknown) {
  const response = await callAs(by, 'PATCH', `tickets/${id}`, body)
  expect(response.status, response.text).toBe(200)
  return response.body.data
}

export async function createComment(by: Member, id: string, body: Record<string, unknown> = {}) {
  const response = await callAs(by, 'POST', `tickets/${id}/comments`, { content: 'A comment', ...body })
  expect(response.status, response.text).toBe(201)
  return response.body.data
}

/** Expects an error with this status and code. */
export function detailsOf(response: TestResponse, status: number, code: string): ErrorDetail[] {
  expect([response.status, response.body.error?.code], response.text).toEqual([status, code])
  return response.body.error.details
}

export const idsOf = (items: { id: string }[]) => items.map(({ id }) => id)

export async function getOk(by: Member, path: string): Promise<TestResponse> {
  const response = await callAs(by, 'GET', path)
  expect(response.status, response.text).toBe(200)
  return response
}

/** All items of a list, by `next_page_url`, and its pages. */
export async function walk(by: Member, path: string) {
  const pages: TestResponse[] = []
  for (let next: string | null = path; next !== null; ) {
    const response: TestResponse = await getOk(by, next)
    pages.push(response)
    next = response.body.pagination.next_page_url
    expect(pages.length).toBeLessThan(50)
  }
  return { pages, items: pages.flatMap((page) => page.body.data) }
}

export interface StoredEvent {
  sequence: number
  type: string
  is_internal: number
  ticket_id: string | null
  // biome-ignore lint/suspicious/noExplicitAny: the data of an event has a shape for each type
  data: any
}

export async function eventsOf(accountId: string, ticketId?: string): Promise<StoredEvent[]> {
  const found = await rows(
    select(
      {
        sequence: events.sequence,
        type: events.type,
        is_internal: events.isInternal,
        ticket_id: events.ticketId,
        data: events.data,
      },
      sql`FROM ${events} WHERE ${events.accountId} = ${accountId} ORDER BY ${events.sequence}`,
    ),
  )
  return found
    .filter((event) => ticketId === undefined || event.ticket_id === ticketId)
    .map((event) => ({ ...event, data: JSON.parse(event.data) }))
}

export interface StoredChange {
  change_id: string
  actor_id: string
  field: string
  previous: unknown
  current: unknown
}

export async function historyOf(accountId: string, ticketId: string): Promise<StoredChange[]> {
  const found = await rows(
    select(
      {
        change_id: ticketHistory.changeId,
        actor_id: ticketHistory.actorId,
        field: ticketHistory.field,
        previous: ticketHistory.previous,
        current: ticketHistory.current,
      },
      sql`FROM ${ticketHistory}
    WHERE ${ticketHistory.accountId} = ${accountId} AND ${ticketHistory.ticketId} = ${ticketId} ORDER BY ${ticketHistory.rowId}`,
    ),
  )
  return found.map((change) => ({
    ...change,
    previous: JSON.parse(change.previous),
    current: JSON.parse(change.current),
  }))
}

/** Expects consecutive event sequences 1, 2, 3 …. */
export async function expectNoHoles(accountId: string): Promise<void> {
  const sequences = (await eventsOf(accountId)).map((event) => event.sequence)
  expect(sequences).toEqual(sequences.map((_, index) => index + 1))
}
