import type { DatabaseSync } from 'node:sqlite'
import { sqlText } from '../scripts/lib/sql-text.ts'
import { alias } from '../src/db/alias.ts'
import { accountCounters } from '../src/db/schema/accounts.ts'
import { deliveryAttempts, webhooks } from '../src/db/schema/webhooks.ts'
import { type SQL, sql } from '../src/db/sql.ts'
import { update } from '../src/db/write.ts'
import { insertAccount } from './account-sql.ts'
import type { Bundle } from './build.ts'
import { CALLER_ID } from './dataset.ts'
import { openConsumer, openWorker } from './in-process.ts'
import type { SqliteD1 } from './sqlite-d1.ts'
import { issueToken } from './token.ts'

/** Bytes of the description of each ticket, and of each of its comments. */
const DESCRIPTION_BYTES = 200
const COMMENT_BYTES = 500
const COMMENTS = 4
/** Six changes of one field. */
const CHANGES = [
  { priority: 'high' },
  { assigned_to: CALLER_ID },
  { add_tags: ['urgent'] },
  { title: 'The export of monthly reports stops' },
  { priority: 'low' },
  { custom_fields: { os: 'MacOS 13.4' } },
]
const NOW = Date.UTC(2026, 10, 1)
const ADMIN = { id: CALLER_ID, name: 'Ada Lovelace', email: 'ada@example.com', role: 'admin' } as const

const a = alias(deliveryAttempts, 'a')
const s = alias(accountCounters, 's')

/**
 * What the service writes for tickets that are created, commented on and changed, with an idempotency key on each write and
 * one webhook, whose deliveries succeed.
 */
export async function runTicketLives(
  bundle: Bundle,
  d1: SqliteD1,
  database: DatabaseSync,
  accountId: string,
  tickets: number,
): Promise<void> {
  const account = { id: accountId, slug: 'bench', tickets: 0, user: ADMIN, createdAt: NOW }
  for (const statement of insertAccount(account)) database.exec(sqlText(statement))
  const request = await openWorker(bundle, d1, accountId, 'admin')
  const post = (path: string, body: object) => send(request, accountId, 'POST', path, body)
  await post('/webhooks', { url: 'https://subscriber.example.com/tickets', events: ['*'] })
  // Deliveries of a webhook without a success are sent slowly.
  database.exec(sqlText(update(webhooks, { confirmedAt: NOW }, sql`true`)))
  for (let number = 1; number <= tickets; number += 1) {
    const { id } = await post('/tickets', newTicket(number))
    for (let comment = 1; comment <= COMMENTS; comment += 1)
      await post(`/tickets/${id}/comments`, { content: textOf(COMMENT_BYTES, number * COMMENTS + comment) })
    for (const change of CHANGES) await send(request, accountId, 'PATCH', `/tickets/${id}`, change)
  }
  await deliverAll(await openConsumer(bundle, d1, accountId), database, accountId)
}

function newTicket(number: number) {
  return {
    title: `Report ${number} cannot be exported`,
    description: textOf(DESCRIPTION_BYTES, number),
    tags: ['reports', `tag${number % 50}`],
    custom_fields: { browser: 'Firefox 102.0' },
  }
}

/** Text of a length, the same for the same seed. */
function textOf(bytes: number, seed: number): string {
  let text = ''
  for (let word = seed; text.length < bytes; word = (word * 7_919 + 1) % 99_991) text += `word${word % 500} `
  return text
    .slice(0, bytes - 1)
    .trim()
    .padEnd(bytes, '.')
}

async function send(
  request: Awaited<ReturnType<typeof openWorker>>,
  accountId: string,
  method: string,
  path: string,
  body: object,
) {
  const headers = {
    Authorization: `Bearer ${issueToken({ accountId, userId: CALLER_ID, role: 'admin' }, Date.now())}`,
    'Content-Type': 'application/json',
    'Idempotency-Key': crypto.randomUUID(),
  }
  const response = await request(`/api/v1${path}`, { method, headers, body: JSON.stringify(body) })
  const text = await response.text()
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
  return JSON.parse(text).data
}

/** No delivery leaves this process. Throws if a run of the consumer makes no progress. */
async function deliverAll(consume: () => Promise<void>, database: DatabaseSync, accountId: string): Promise<void> {
  globalThis.fetch = async () => new Response(null, { status: 204 })
  const events = countOf(database, sql`SELECT ${s.eventSequence} FROM ${s} WHERE ${s.accountId} = ${accountId}`)
  let delivered = 0
  while (delivered < events) {
    await consume()
    const sent = countOf(database, sql`SELECT count(*) FROM ${a} WHERE ${a.accountId} = ${accountId}`)
    if (sent === delivered) throw new Error(`${events - delivered} events were not delivered`)
    delivered = sent
  }
}

function countOf(database: DatabaseSync, query: SQL): number {
  return Number(Object.values(database.prepare(sqlText(query)).get() ?? {})[0])
}
