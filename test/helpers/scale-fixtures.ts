import { env } from 'cloudflare:workers'
import { expect, vi } from 'vitest'
import { accountCounters, users } from '../../src/db/schema/accounts'
import { attachments as attachmentsTable, comments as commentsTable, tickets } from '../../src/db/schema/tickets'
import { events } from '../../src/db/schema/webhooks'
import { newSearchId } from '../../src/db/search-id'
import { tokenText } from '../../src/db/search-text'
import { sql } from '../../src/db/sql'
import { insertSelect, update } from '../../src/db/write'
import { type Account, call, createTicket, type Member, type TestResponse } from './api'
import { numbers, prepare } from './database'

/** Accounts that grow by SQL, and the cost of requests in them. */

export const DAY = 86_400_000
/** The number of the last old ticket. All tickets with rare values are old. */
export const OLD = 2_000
/** Later than every creation (ms). */
export const CHANGES = 4e12

/**
 * Adds tickets with these numbers, events, and a tenth as many users. Each ticket is a day younger than the one before;
 * the update times of old ones are shuffled. `account.customer` has 50 tickets, `busy` the others.
 */
export async function grow({ id, agent, admin, customer }: Account, busy: Member, from: number, to: number) {
  await env.DB.batch([
    prepare(
      insertSelect(
        tickets,
        {
          accountId: id,
          id: sql`'seeded' || i`,
          number: sql`i`,
          version: 1,
          title: sql`'Printer ' || i`,
          description: sql`CASE WHEN i <= 20 THEN 'needle' ELSE 'Jam' END`,
          status: sql`CASE i % 4 WHEN 0 THEN 'open' WHEN 1 THEN 'closed' WHEN 2 THEN 'in_progress' ELSE 'resolved' END`,
          priority: sql`CASE i / 4 % 4 WHEN 0 THEN 'low' WHEN 1 THEN 'medium' WHEN 2 THEN 'high' ELSE 'critical' END`,
          createdBy: sql`CASE WHEN i <= 50 THEN ${customer.id} ELSE ${busy.id} END`,
          assignedTo: sql`CASE i % 3 WHEN 0 THEN ${agent.id} WHEN 1 THEN ${admin.id} END`,
          tags: sql`CASE WHEN i <= ${OLD} AND i % 100 = 1 THEN '["rare"]' ELSE '["common"]' END`,
          customFields: '{}',
          createdAt: sql`i * ${DAY}`,
          updatedAt: sql`${CHANGES} + CASE WHEN i <= ${OLD} THEN i * 7919 % ${OLD} ELSE i END * ${DAY}`,
          searchId: newSearchId(sql`i * ${DAY}`, sql`i`),
          titleTokens: sql`${tokenText(id, 'Printer ')} || ' ' || i`,
          descriptionTokens: sql`CASE WHEN i <= 20 THEN ${tokenText(id, 'needle')} ELSE ${tokenText(id, 'Jam')} END`,
        },
        sql`FROM ${numbers(from, to)}`,
      ),
    ),
    prepare(
      insertSelect(
        users,
        {
          accountId: id,
          id: sql`'user_seeded' || i`,
          kind: 'person',
          name: sql`'Person ' || i`,
          email: sql`i || '@seeded.example'`,
          emailNormalized: sql`i || '@seeded.example'`,
          role: sql`CASE i % 3 WHEN 0 THEN 'admin' WHEN 1 THEN 'agent' ELSE 'customer' END`,
          status: sql`CASE i % 2 WHEN 0 THEN 'active' ELSE 'inactive' END`,
          tokenVersion: 1,
          createdAt: sql`i`,
          foldedName: sql`'person ' || i`,
          foldedEmail: sql`i || '@seeded.example'`,
        },
        sql`FROM ${numbers(Math.ceil(from / 10), to / 10)}`,
      ),
    ),
    prepare(
      insertSelect(
        events,
        {
          accountId: id,
          sequence: sql`i`,
          id: sql`'evt_seeded' || i`,
          type: 'ticket.deleted',
          ticketId: sql`'seeded' || i % 1000`,
          isInternal: 0,
          data: '{"ticket":{"id":"a","number":1,"title":"A"},"actor":{"id":"a","name":"A","email":"a@seeded.example"}}',
          createdAt: sql`i`,
        },
        sql`FROM ${numbers(from, to)}`,
      ),
    ),
    prepare(
      update(
        accountCounters,
        { ticketNumber: to, eventSequence: to, fannedOutSequence: to },
        sql`${accountCounters.accountId} = ${id}`,
      ),
    ),
  ])
}

/** A third of each is internal; each of the first comments has an attachment. */
export async function ticketWith(account: Account, comments: number, attachments: number): Promise<string> {
  const { id } = await createTicket(account.customer)
  await env.DB.batch([
    prepare(
      insertSelect(
        commentsTable,
        {
          accountId: account.id,
          id: sql`${id} || i`,
          ticketId: id,
          createdBy: account.agent.id,
          content: 'C',
          isInternal: sql`i % 3 = 0`,
          createdAt: sql`i`,
        },
        sql`FROM ${numbers(1, comments)}`,
      ),
    ),
    prepare(
      insertSelect(
        attachmentsTable,
        {
          accountId: account.id,
          id: sql`${id} || i`,
          ticketId: id,
          commentId: sql`${id} || i`,
          isInternal: sql`i % 3 = 0`,
          filename: 'f',
          size: 1,
          mimeType: 'text/plain',
          sha256: sql`hex(zeroblob(32))`,
          createdAt: sql`i`,
        },
        sql`FROM ${numbers(1, attachments)}`,
      ),
    ),
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

export function forgetMeasurements(): void {
  measured.clear()
}

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
