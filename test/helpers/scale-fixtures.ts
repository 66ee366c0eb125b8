import { env } from 'cloudflare:workers'
import { expect, vi } from 'vitest'
import { type Account, call, createTicket, type Member, type TestResponse } from './api'

/** Accounts that grow by SQL, and the cost of requests in them. */

export const DAY = 86_400_000
/** The number of the last old ticket. All tickets with rare values are old. */
export const OLD = 2_000
/** Later than every creation (ms). */
export const CHANGES = 4e12

const numbers = (from: number, to: number) =>
  `WITH RECURSIVE n(i) AS (SELECT ${from} UNION ALL SELECT i + 1 FROM n WHERE i < ${to})`

/**
 * Adds tickets with these numbers, events, and a tenth as many users. Each ticket is a day younger than the one before;
 * the update times of old ones are shuffled. `account.customer` has 50 tickets, `busy` the others.
 */
export async function grow({ id, agent, admin, customer }: Account, busy: Member, from: number, to: number) {
  await env.DB.batch([
    env.DB.prepare(
      `INSERT INTO tickets (account_id, id, number, version, title, description, status, priority, created_by,
        assigned_to, tags, custom_fields, created_at, updated_at)
      ${numbers(from, to)}
      SELECT ?1, 'seeded' || i, i, 1, 'Printer ' || i, CASE WHEN i <= 20 THEN 'needle' ELSE 'Jam' END,
        CASE i % 4 WHEN 0 THEN 'open' WHEN 1 THEN 'closed' WHEN 2 THEN 'in_progress' ELSE 'resolved' END,
        CASE i / 4 % 4 WHEN 0 THEN 'low' WHEN 1 THEN 'medium' WHEN 2 THEN 'high' ELSE 'critical' END,
        CASE WHEN i <= 50 THEN ?2 ELSE ?3 END, CASE i % 3 WHEN 0 THEN ?4 WHEN 1 THEN ?5 END,
        CASE WHEN i <= ${OLD} AND i % 100 = 1 THEN '["rare"]' ELSE '["common"]' END, '{}',
        i * ${DAY}, ${CHANGES} + CASE WHEN i <= ${OLD} THEN i * 7919 % ${OLD} ELSE i END * ${DAY} FROM n`,
    ).bind(id, customer.id, busy.id, agent.id, admin.id),
    env.DB.prepare(
      `INSERT INTO users (account_id, id, kind, name, email, email_key, role, status, credential_generation, created_at)
      ${numbers(Math.ceil(from / 10), to / 10)}
      SELECT ?1, 'user_seeded' || i, 'person', 'Person ' || i, i || '@seeded.example', i || '@seeded.example',
        CASE i % 3 WHEN 0 THEN 'admin' WHEN 1 THEN 'agent' ELSE 'customer' END,
        CASE i % 2 WHEN 0 THEN 'active' ELSE 'inactive' END, 1, i FROM n`,
    ).bind(id),
    env.DB.prepare(
      `INSERT INTO events (account_id, sequence, id, type, ticket_id, is_internal, data, created_at)
      ${numbers(from, to)} SELECT ?1, i, 'evt_seeded' || i, 'ticket.deleted', 'seeded' || i % 1000, 0,
        '{"ticket":{"id":"a","number":1,"title":"A"},"actor":{"id":"a","name":"A","email":"a@seeded.example"}}', i FROM n`,
    ).bind(id),
    env.DB.prepare(
      'UPDATE account_state SET ticket_number = ?2, event_sequence = ?2, fanned_out_sequence = ?2 WHERE account_id = ?1',
    ).bind(id, to),
  ])
}

/** A third of each is internal; each of the first comments has an attachment. */
export async function ticketWith(account: Account, comments: number, attachments: number): Promise<string> {
  const { id } = await createTicket(account.customer)
  await env.DB.batch([
    env.DB.prepare(
      `INSERT INTO comments (account_id, id, ticket_id, created_by, content, is_internal, created_at)
      ${numbers(1, comments)} SELECT ?1, ?2 || i, ?2, ?3, 'C', i % 3 = 0, i FROM n`,
    ).bind(account.id, id, account.agent.id),
    env.DB.prepare(
      `INSERT INTO attachments (account_id, id, ticket_id, comment_id, is_internal, filename, size, mime_type, sha256,
        created_at)
      ${numbers(1, attachments)} SELECT ?1, ?2 || i, ?2, ?2 || i, i % 3 = 0, 'f', 1, 'text/plain', hex(zeroblob(32)), i FROM n`,
    ).bind(account.id, id),
  ])
  return id
}

/** Rows read and written at D1. */
interface Cost {
  read: number
  written: number
}

/** From the request's log line. Expects success. */
export async function costOf(
  by: Member,
  method: string,
  path: string,
  body?: unknown,
): Promise<Cost & { body: TestResponse['body'] }> {
  const log = vi.spyOn(console, 'info')
  const response = await call(method, path, { token: by.token, body })
  const lines = log.mock.calls.map(([line]) => JSON.parse(String(line)))
  log.mockRestore()
  expect(response.status, response.text).toBeLessThan(300)
  const { rows_read, rows_written } = lines.find((line) => line.method === method).db
  return { read: rows_read, written: rows_written, body: response.body }
}

/** Costs at each size, by name of the request. */
const measured = new Map<string, Cost[]>()

export async function measure(by: Member, path: string, name = path, method = 'GET', body?: unknown) {
  const { body: response, ...cost } = await costOf(by, method, path, body)
  measured.set(name, [...(measured.get(name) ?? []), cost])
  return response
}

/** Expects a cost within the budget at 20,000 tickets, and about the same as at 2,000. */
export function expectFlat(name: string, budget: number, toWrite = 0): void {
  const [small, large] = measured.get(name) ?? []
  if (!small || !large) throw new Error(`${name} was not measured`)
  expect(large.read, `${name}: ${small.read} at ${OLD}`).toBeLessThanOrEqual(Math.min(budget, small.read * 1.2 + 20))
  expect(large.written, name).toBeLessThanOrEqual(Math.min(toWrite, small.written * 1.2 + 2))
}
