import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { type Account, call, createTicket, mintAccount } from '../helpers/api'

/** What a request reads and writes at D1 must not grow with the account. */

const TICKETS = 5_000
const PAGE = 20

let account: Account
let ticketId: string

beforeAll(async () => {
  account = await mintAccount()
  await env.DB.batch([
    env.DB.prepare(
      `INSERT INTO tickets (account_id, id, number, version, title, description, status, priority, created_by,
        assigned_to, tags, custom_fields, created_at, updated_at)
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?3)
      SELECT ?1, 'seeded' || i, i, 1, 'Printer ' || i, 'Jam', CASE i % 4 WHEN 0 THEN 'open' WHEN 1 THEN 'closed' ELSE 'resolved' END,
        CASE i % 3 WHEN 0 THEN 'low' ELSE 'high' END, ?2, NULL, '[]', '{}', i, i FROM n`,
    ).bind(account.id, account.stranger.id, TICKETS),
    env.DB.prepare('UPDATE account_state SET ticket_number = ? WHERE account_id = ?').bind(TICKETS, account.id),
  ])
  ticketId = (await createTicket(account.customer, { tags: ['rare'] })).id
  for (let index = 0; index < 5; index += 1)
    await call('POST', `tickets/${ticketId}/comments`, { token: account.agent.token, body: { content: `${index}` } })
})

async function costs(method: string, path: string, body?: unknown): Promise<{ read: number; written: number }> {
  const log = vi.spyOn(console, 'info')
  const answer = await call(method, path, { token: account.agent.token, body })
  const lines = log.mock.calls.map(([line]) => JSON.parse(String(line)))
  log.mockRestore()
  expect(answer.status).toBeLessThan(300)
  const { rows_read, rows_written } = lines.find((line) => line.method === method).db
  return { read: rows_read, written: rows_written }
}

describe(`an account of ${TICKETS} tickets`, () => {
  it.each([
    ['the list', '', 150],
    ['by last change', '?sort=updated_at', 150],
    ['oldest first', '?order=asc', 150],
    ['of a status', '?status=open', 300],
    ['of nobody', '?assigned_to=none', 700],
    ['of a creator', '?created_by=me', 150],
    ['a number', '?number=77', 20],
    ['a rare word', '?q=printer+4321', 150],
    ['a rare word of a status', '?q=4321&status=closed,open&sort=priority', 150],
    ['a rare tag', '?tag=rare', 150],
    ['a rare tag by last change', '?tag=rare&sort=updated_at&assigned_to=none', 150],
  ])('%s reads in proportion to a page of %s', async (_name, query, budget) => {
    expect((await costs('GET', `tickets${query}`)).read).toBeLessThanOrEqual(budget)
  })

  it('reads the comments of a ticket, not those of the account', async () => {
    await env.DB.prepare(
      `INSERT INTO comments (account_id, id, ticket_id, created_by, content, is_internal, created_at)
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
      SELECT ?1, 'seeded' || i, 'seeded' || i, ?2, 'Jam', 0, i FROM n`,
    )
      .bind(account.id, account.agent.id)
      .run()
    expect((await costs('GET', `tickets/${ticketId}/comments`)).read).toBeLessThanOrEqual(60)
    expect((await costs('GET', `tickets/${ticketId}`)).read).toBeLessThanOrEqual(60)
  })

  it('reads a ticket, its comments and members, and no more', async () => {
    expect((await costs('GET', `tickets/${ticketId}`)).read).toBeLessThanOrEqual(3 * PAGE)
    expect((await costs('GET', `tickets/${ticketId}/comments`)).read).toBeLessThanOrEqual(3 * PAGE)
  })

  it('writes in proportion to the change', async () => {
    const created = await costs('POST', 'tickets', { title: 'New', description: 'Text', tags: ['a', 'b'] })
    expect(created.written).toBeLessThanOrEqual(40)
    expect(created.read).toBeLessThanOrEqual(100)
    const changed = await costs('PATCH', `tickets/${ticketId}`, { status: 'resolved', priority: 'critical' })
    expect(changed.written).toBeLessThanOrEqual(60)
    expect(changed.read).toBeLessThanOrEqual(200)
    const commented = await costs('POST', `tickets/${ticketId}/comments`, { content: 'Done' })
    expect(commented.written).toBeLessThanOrEqual(30)
    expect(commented.read).toBeLessThanOrEqual(100)
  })

  it('deletes without looking at other tickets', async () => {
    expect((await costs('DELETE', 'tickets/seeded9')).read).toBeLessThanOrEqual(200)
  })
})
