import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { attachments, ticketHistory } from '../../src/db/schema/tickets'
import { sql } from '../../src/db/sql'
import { insertSelect } from '../../src/db/write'
import { type Account, createTestAccount, createTicket } from '../helpers/api'
import { numbers, prepare } from '../helpers/database'
import { upload } from '../helpers/files'
import { callAs, createComment } from '../helpers/tickets'

/** The rows read and written must not depend on the size of the account or the ticket. */

const OTHERS = 3_000
const OWN = 400

let account: Account
let ticketId: string

beforeAll(async () => {
  account = await createTestAccount()
  const [ticket, other] = [await createTicket(account.customer), await createTicket(account.stranger)]
  ticketId = ticket.id
  for (const [id, count] of [
    [ticket.id, OWN],
    [other.id, OTHERS],
  ] as const)
    await env.DB.batch([
      prepare(sql`DROP TRIGGER IF EXISTS tickets_guard_attachments`),
      prepare(
        insertSelect(
          attachments,
          {
            accountId: account.id,
            id: sql`${id} || i`,
            ticketId: id,
            isInternal: sql`i % 2`,
            filename: 'a.txt',
            size: 3,
            mimeType: 'text/plain',
            sha256: sql`hex(zeroblob(32))`,
            createdAt: sql`i`,
          },
          sql`FROM ${numbers(1, count)}`,
        ),
      ),
      prepare(
        insertSelect(
          ticketHistory,
          {
            accountId: account.id,
            ticketId: id,
            changeId: sql`'change' || ${id} || i`,
            actorId: account.agent.id,
            field: 'title',
            previous: '"a"',
            current: '"b"',
            createdAt: sql`i`,
          },
          sql`FROM ${numbers(1, count)}`,
        ),
      ),
    ])
})

async function costs(
  send: () => Promise<{ status: number; text: string }>,
): Promise<{ read: number; written: number }> {
  const log = vi.spyOn(console, 'info')
  const response = await send()
  const lines = log.mock.calls.map(([line]) => JSON.parse(String(line))).filter((line) => line.request_id)
  log.mockRestore()
  expect(response.status, response.text).toBeLessThan(300)
  return { read: lines[0].db.rows_read, written: lines[0].db.rows_written }
}

const cursorOf = async (path: string) => (await callAs(account.agent, 'GET', path)).body.pagination.next_page_url

describe(`a ticket of ${OWN} attachments and changes, in an account of ${OTHERS} more`, () => {
  it.each([
    ['the first page of its attachments', async () => `tickets/${ticketId}/attachments`, 70],
    ['a page behind a cursor', () => cursorOf(`tickets/${ticketId}/attachments?cursor=&per_page=20`), 70],
    ['one attachment', async () => `attachments/${ticketId}7`, 10],
    ['the first page of its history', async () => `tickets/${ticketId}/history`, 110],
    ['a page of history behind a cursor', () => cursorOf(`tickets/${ticketId}/history?per_page=20`), 110],
  ])('reads of %s no more than that', async (_name, pathOf, budget) => {
    const path = await pathOf()
    expect((await costs(() => callAs(account.agent, 'GET', path))).read).toBeLessThanOrEqual(budget)
  })

  it('reads and writes for a deed what the deed is', async () => {
    const uploaded = await costs(() => upload(account.agent, ticketId))
    expect(uploaded.read).toBeLessThanOrEqual(60)
    expect(uploaded.written).toBeLessThanOrEqual(30)
    const removed = await costs(() => callAs(account.agent, 'DELETE', `tickets/${ticketId}/attachments/${ticketId}9`))
    expect(removed.read).toBeLessThanOrEqual(60)
    expect(removed.written).toBeLessThanOrEqual(30)
    const { id } = await createComment(account.agent, ticketId)
    const deleted = await costs(() => callAs(account.agent, 'DELETE', `tickets/${ticketId}/comments/${id}`))
    expect(deleted.read).toBeLessThanOrEqual(60)
    expect(deleted.written).toBeLessThanOrEqual(25)
  })
})
