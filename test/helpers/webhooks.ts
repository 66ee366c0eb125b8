import { createExecutionContext, createMessageBatch, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { expect, vi } from 'vitest'
import type { Bindings } from '../../src/core/config'
import worker from '../../src/index'
import type { FanOutMessage } from '../../src/service/wake-up-queue'
import { type Account, row } from './api'
import { createTestKey } from './credentials'
import { callAs } from './tickets'

export interface Hook {
  id: string
  url: string
  secret: string
}

/** A URL that no other test of the file subscribes. */
export function freshUrl(): string {
  return `https://hooks.example.com/${crypto.randomUUID()}`
}

export async function createTestWebhook(account: Account, input: Record<string, unknown> = {}): Promise<Hook> {
  const response = await callAs(account.admin, 'POST', 'webhooks', { url: freshUrl(), events: ['*'], ...input })
  expect(response.status, response.text).toBe(201)
  return response.body.data
}

export interface Received {
  url: string
  headers: Headers
  body: string
  // biome-ignore lint/suspicious/noExplicitAny: bodies of every event
  event: any
  redirect: string | undefined
}

/**
 * Mocks all subscribers: `respond` returns the response, or throws like `fetch`. Returns the requests as they arrive.
 * `vi.restoreAllMocks()` ends it.
 */
export function receive(
  response: (request: Received, signal: AbortSignal) => Response | Promise<Response> = () =>
    new Response(null, { status: 204 }),
): Received[] {
  const received: Received[] = []
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
    const body = String(init?.body)
    const request = {
      url: String(input),
      headers: new Headers(init?.headers),
      body,
      event: JSON.parse(body),
      redirect: init?.redirect,
    }
    received.push(request)
    return response(request, init?.signal ?? new AbortController().signal)
  })
  return received
}

/** A response that never arrives: rejects like `fetch` at the timeout. */
export function neverResponds(_request: Received, signal: AbortSignal): Promise<Response> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason))
  })
}

/** Keeps the queue from delivering, so that only the test calls the consumer. Returns the sent messages. */
export function silenceQueue() {
  return {
    send: vi.spyOn(env.WEBHOOKS, 'send').mockResolvedValue(undefined as never),
    sendBatch: vi.spyOn(env.WEBHOOKS, 'sendBatch').mockResolvedValue(undefined as never),
  }
}

/** Prevents alarms, so that no sweep runs during a long test. */
export function silenceSweeper(): void {
  vi.spyOn(env.SWEEPER, 'getByName').mockReturnValue({ ensureScheduled: () => Promise.resolve() } as never)
}

type Recipient = Account | string | null

/**
 * Passes the consumer a message for each account (null for one without an account), and returns what it did with each.
 */
export async function deliver(...accounts: Recipient[]) {
  const { outcomes, ended } = startConsumer({}, ...accounts)
  await ended
  return outcomes
}

/**
 * Starts the consumer with other variables. `outcomes` resolves when it returns, `ended` when its background work is
 * done.
 */
export function startConsumer(variables: Partial<Bindings>, ...accounts: Recipient[]) {
  const batch = createMessageBatch<FanOutMessage>(
    'ticketing-webhooks',
    accounts.map((account, index) => ({
      id: `message-${index}`,
      timestamp: new Date(),
      attempts: 1,
      body: { account_id: account === null || typeof account === 'string' ? account : account.id },
    })),
  )
  const spies = batch.messages.map((message) => ({ ack: vi.spyOn(message, 'ack'), retry: vi.spyOn(message, 'retry') }))
  const ctx = createExecutionContext()
  const outcomes = worker
    .queue(batch, { ...env, ...variables }, ctx)
    .then(() => spies.map(({ ack, retry }) => ({ acked: ack.mock.calls.length, retried: retry.mock.calls })))
  return { outcomes, ended: outcomes.then(() => waitOnExecutionContext(ctx)) }
}

/** Repeats messages until nothing is left to send, because a slow machine needs several. */
export async function drain(variables: Partial<Bindings>, ...accounts: Recipient[]): Promise<void> {
  for (let [before, attempts] = [-1, 0]; before < attempts; ) {
    before = attempts
    await startConsumer(variables, ...accounts).ended
    attempts = (await row<{ count: number }>('SELECT count(*) AS count FROM delivery_attempts'))?.count ?? 0
  }
}

/** Inserts due deliveries of all events of the account, as if they had been fanned out. */
export async function seedDeliveries(account: Account, { id }: Pick<Hook, 'id'>): Promise<void> {
  await env.DB.batch([
    env.DB.prepare(
      `INSERT INTO deliveries (account_id, webhook_id, sequence, id, event_id, event, created_at, retry_at)
      SELECT account_id, ?2, sequence, 'dlv_' || substr(id, 5, 10) || lower(hex(randomblob(8))), id, type, ?3, ?3
      FROM events WHERE account_id = ?1`,
    ).bind(account.id, id, Date.now()),
    env.DB.prepare('UPDATE webhooks SET next_at = ? WHERE account_id = ? AND id = ?').bind(Date.now(), account.id, id),
    env.DB.prepare('UPDATE account_state SET fanned_out_sequence = event_sequence WHERE account_id = ?').bind(
      account.id,
    ),
  ])
}

/** The number of events that are not fanned out, or undefined without active webhooks. */
export async function countPendingEvents(account: Account): Promise<number | undefined> {
  const found = await row<{ count: number }>(
    'SELECT event_sequence - fanned_out_sequence AS count FROM account_state WHERE account_id = ?',
    account.id,
  )
  return found?.count
}

/** Leaves a gap in the sequences, like `npm run admin -- after-restore`. */
export async function skipSequences(account: Account, by: number): Promise<void> {
  const statement = 'UPDATE account_state SET event_sequence = event_sequence + ? WHERE account_id = ?'
  await env.DB.prepare(statement).bind(by, account.id).run()
}

/** Nothing of one test may be due in the next. */
export async function deleteAllWebhooks(): Promise<void> {
  const tables = ['delivery_attempts', 'deliveries', 'webhooks']
  await env.DB.batch(tables.map((table) => env.DB.prepare(`DELETE FROM ${table}`)))
}

export async function deliveriesOf(account: Account, hook: Hook, query = '') {
  const response = await callAs(account.admin, 'GET', `webhooks/${hook.id}/deliveries?per_page=100${query}`)
  expect(response.status, response.text).toBe(200)
  return response.body.data
}

export async function deliveryOf(account: Account, hook: Hook, id: string) {
  return (await callAs(account.admin, 'GET', `webhooks/${hook.id}/deliveries/${id}`)).body.data
}

/** Inserts events by SQL, as a batch writes them. Returns the last sequence. */
export async function seedEvents(account: Account, count: number, at = Date.now(), type = 'ticket.deleted') {
  const data = JSON.stringify({
    ticket: { id: 'ticket_seeded', number: 1, title: 'Seeded' },
    actor: { id: account.admin.id, name: account.admin.name, email: account.admin.email },
  })
  const insert = env.DB.prepare(
    `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
    INSERT INTO events (account_id, sequence, id, type, ticket_id, is_internal, data, created_at)
    SELECT ?1, s.event_sequence + i, 'evt_' || lower(hex(randomblob(13))), ?3, NULL, 0, ?4, ?5
    FROM n CROSS JOIN account_state s WHERE s.account_id = ?1`,
  ).bind(account.id, count, type, data, at)
  const reserve = env.DB.prepare(
    'UPDATE account_state SET event_sequence = event_sequence + ? WHERE account_id = ? RETURNING event_sequence',
  ).bind(count, account.id)
  const [, reserved] = await env.DB.batch<{ event_sequence: number }>([insert, reserve])
  return reserved?.results[0]?.event_sequence ?? 0
}

/** The admin uses an API key, which stays valid when the clock moves. */
export async function createTimelessWebhook(account: Account): Promise<Account> {
  return { ...account, admin: { ...account.admin, token: (await createTestKey(account, { role: 'admin' })).key } }
}

export async function onlyDelivery(account: Account, hook: Hook) {
  const [listed, ...others] = await deliveriesOf(account, hook)
  expect(others).toEqual([])
  return deliveryOf(account, hook, listed.id)
}

/** Milliseconds; null if no delivery is due. */
export async function dueIn({ id }: Hook): Promise<number | null> {
  const found = await row<{ due_at: number | null }>(
    'SELECT min(due_at) AS due_at FROM deliveries WHERE webhook_id = ?',
    id,
  )
  return found && found.due_at !== null ? found.due_at - Date.now() : null
}
