import { env } from 'cloudflare:workers'
import { expect } from 'vitest'
import type { ErrorDetail } from '../../src/core/errors'
import { newId } from '../../src/lib/ids'
import { type Account, call, type Member, rows, type TestResponse } from './api'

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
  const [state] = await rows<{ ticket_number: number }>(
    'UPDATE account_state SET ticket_number = ticket_number + ? WHERE account_id = ? RETURNING ticket_number',
    seeds.length,
    account.id,
  )
  const first = (state?.ticket_number ?? 0) - seeds.length + 1
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
  const insert = env.DB.prepare(
    `INSERT INTO tickets (account_id, id, number, version, title, description, status, priority, created_by,
      assigned_to, tags, custom_fields, created_at, updated_at) VALUES (?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?, '{}', ?, ?)`,
  )
  await env.DB.batch(
    seeded.map((t) =>
      insert.bind(
        account.id,
        t.id,
        t.number,
        t.title,
        t.description,
        t.status,
        t.priority,
        t.createdBy.id,
        t.assignedTo?.id ?? null,
        JSON.stringify(t.tags),
        t.createdAt,
        t.updatedAt,
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
  ticket_id: string
  // biome-ignore lint/suspicious/noExplicitAny: the data of an event has a shape for each type
  data: any
}

export async function eventsOf(accountId: string, ticketId?: string): Promise<StoredEvent[]> {
  const found = await rows<Omit<StoredEvent, 'data'> & { data: string }>(
    'SELECT sequence, type, is_internal, ticket_id, data FROM events WHERE account_id = ? ORDER BY sequence',
    accountId,
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
  const found = await rows<StoredChange & { previous: string; current: string }>(
    `SELECT change_id, actor_id, field, previous, current FROM ticket_history
    WHERE account_id = ? AND ticket_id = ? ORDER BY seq`,
    accountId,
    ticketId,
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
