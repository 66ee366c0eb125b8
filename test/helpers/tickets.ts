import { env } from 'cloudflare:workers'
import { expect } from 'vitest'
import { newId } from '../../src/lib/ids'
import { type Account, type Answer, call, type Member, rows } from './api'

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

/** Inserts tickets by SQL, for many of them or for times of their own. Gives them in the order of insertion: by age. */
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

/** Asks as a member, and gives the answer. */
export function ask(by: Member, method: string, path: string, body?: unknown): Promise<Answer> {
  return call(method, path, { token: by.token, ...(body !== undefined && { body }) })
}

/** Changes a ticket, which must succeed, and gives it. */
export async function patched(by: Member, id: string, body: unknown) {
  const answer = await ask(by, 'PATCH', `tickets/${id}`, body)
  expect(answer.status, answer.text).toBe(200)
  return answer.body.data
}

/** Adds a comment, which must succeed, and gives it. */
export async function commented(by: Member, id: string, body: Record<string, unknown> = {}) {
  const answer = await ask(by, 'POST', `tickets/${id}/comments`, { content: 'A comment', ...body })
  expect(answer.status, answer.text).toBe(201)
  return answer.body.data
}

/** The `details` of an answer that must be a failure of that status and code. */
export function detailsOf(answer: Answer, status: number, code: string): { field: string; message: string }[] {
  expect([answer.status, answer.body.error?.code], answer.text).toEqual([status, code])
  return answer.body.error.details
}

export const idsOf = (things: { id: string }[]) => things.map(({ id }) => id)

/** What a path answers, which must be a 200. */
export async function got(by: Member, path: string): Promise<Answer> {
  const answer = await ask(by, 'GET', path)
  expect(answer.status, answer.text).toBe(200)
  return answer
}

/** The items of a whole list, followed from page to page by `next_page_url`, and the pages. */
export async function walk(by: Member, path: string) {
  const pages: Answer[] = []
  for (let next: string | null = path; next !== null; ) {
    const answer: Answer = await got(by, next)
    pages.push(answer)
    next = answer.body.pagination.next_page_url
    expect(pages.length).toBeLessThan(50)
  }
  return { pages, items: pages.flatMap((page) => page.body.data) }
}

export interface StoredEvent {
  sequence: number
  type: string
  is_internal: number
  ticket_id: string
  // biome-ignore lint/suspicious/noExplicitAny: the image of an event has a shape for each type
  data: any
}

/** The events of an account (of one ticket, where it is named) in order. */
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

/** The history of a ticket in order, its JSON parsed. */
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

/** Fails unless an account's event sequences are 1, 2, 3 … without a hole. */
export async function expectNoHoles(accountId: string): Promise<void> {
  const sequences = (await eventsOf(accountId)).map((event) => event.sequence)
  expect(sequences).toEqual(sequences.map((_, index) => index + 1))
}
