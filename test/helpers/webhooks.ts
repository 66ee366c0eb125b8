import { createExecutionContext, createMessageBatch, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { expect, vi } from 'vitest'
import type { Bindings } from '../../src/core/config'
import { alias } from '../../src/db/alias'
import type { EventType } from '../../src/db/outbox'
import { accountCounters } from '../../src/db/schema/accounts'
import { deliveries, deliveryAttempts, events, webhooks } from '../../src/db/schema/webhooks'
import { listOf, type Row } from '../../src/db/selection'
import { sql } from '../../src/db/sql'
import { query, select } from '../../src/db/statement'
import { insertSelect, update } from '../../src/db/write'
import worker from '../../src/index'
import type { FanOutMessage } from '../../src/service/wake-up-queue'
import type { Account } from './api'
import { createTestKey } from './credentials'
import { execute, numbers, prepare, row } from './database'
import { callAs } from './tickets'

const s = alias(accountCounters, 's')

export interface Hook {
  id: string
  url: string
  secret: string
}

/** A URL that no other test of the file subscribes. */
export function freshUrl(): string {
  return `https://hooks.example.com/${crypto.randomUUID()}`
}

/** Its endpoint has succeeded before, so that it is sent to at full speed. */
export async function createTestWebhook(account: Account, input: Record<string, unknown> = {}): Promise<Hook> {
  const response = await callAs(account.admin, 'POST', 'webhooks', { url: freshUrl(), events: ['*'], ...input })
  expect(response.status, response.text).toBe(201)
  const hook: Hook = response.body.data
  await execute(update(webhooks, { confirmedAt: Date.now() }, sql`${webhooks.id} = ${hook.id}`))
  return hook
}

/** As after its creation: it has never succeeded. */
export async function createUnconfirmedWebhook(account: Account, input: Record<string, unknown> = {}): Promise<Hook> {
  const hook = await createTestWebhook(account, input)
  await execute(update(webhooks, { confirmedAt: null }, sql`${webhooks.id} = ${hook.id}`))
  return hook
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
    attempts = (await row(select({ count: sql<number>`count(*)` }, sql`FROM ${deliveryAttempts}`)))?.count ?? 0
  }
}

/** Inserts due deliveries of all events of the account, as if they had been fanned out. */
export async function seedDeliveries(account: Account, { id }: Pick<Hook, 'id'>): Promise<void> {
  const now = Date.now()
  await env.DB.batch([
    prepare(
      insertSelect(
        deliveries,
        {
          accountId: events.accountId,
          webhookId: id,
          sequence: events.sequence,
          id: sql`'dlv_' || substr(${events.id}, 5, 10) || lower(hex(randomblob(8)))`,
          eventId: events.id,
          event: events.type,
          createdAt: now,
          retryAt: now,
        },
        sql`FROM ${events} WHERE ${events.accountId} = ${account.id}`,
      ),
    ),
    prepare(update(webhooks, { nextAt: now }, sql`${webhooks.accountId} = ${account.id} AND ${webhooks.id} = ${id}`)),
    prepare(
      update(
        accountCounters,
        { fannedOutSequence: accountCounters.eventSequence },
        sql`${accountCounters.accountId} = ${account.id}`,
      ),
    ),
  ])
}

/** The number of events that are not fanned out, or undefined without active webhooks. */
export async function countPendingEvents(account: Account): Promise<number | undefined> {
  const found = await row(
    select(
      { count: sql<number>`${accountCounters.eventSequence} - ${accountCounters.fannedOutSequence}` },
      sql`FROM ${accountCounters} WHERE ${accountCounters.accountId} = ${account.id}`,
    ),
  )
  return found?.count
}

/** Leaves a gap in the sequences, like `npm run admin -- after-restore`. */
export async function skipSequences(account: Account, by: number): Promise<void> {
  await execute(advanceSequence(account, by))
}

function advanceSequence(account: Account, by: number) {
  return update(
    accountCounters,
    { eventSequence: sql`${accountCounters.eventSequence} + ${by}` },
    sql`${accountCounters.accountId} = ${account.id}`,
  )
}

/** Nothing of one test may be due in the next. */
export async function deleteAllWebhooks(): Promise<void> {
  const tables = [deliveryAttempts, deliveries, webhooks]
  await env.DB.batch(tables.map((table) => prepare(sql`DELETE FROM ${table}`)))
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
export async function seedEvents(account: Account, count: number, at = Date.now(), type: EventType = 'ticket.deleted') {
  const data = JSON.stringify({
    ticket: { id: 'ticket_seeded', number: 1, title: 'Seeded' },
    actor: { id: account.admin.id, name: account.admin.name, email: account.admin.email },
  })
  const insert = prepare(
    insertSelect(
      events,
      {
        accountId: account.id,
        sequence: sql`${s.eventSequence} + i`,
        id: sql`'evt_' || lower(hex(randomblob(13)))`,
        type,
        ticketId: null,
        isInternal: 0,
        data,
        createdAt: at,
      },
      sql`FROM ${numbers(1, count)} CROSS JOIN ${s} WHERE ${s.accountId} = ${account.id}`,
    ),
  )
  const reserved = { last: accountCounters.eventSequence }
  const reserve = prepare(query(reserved, sql`${advanceSequence(account, count).query} RETURNING ${listOf(reserved)}`))
  const [, result] = await env.DB.batch<Row<typeof reserved>>([insert, reserve])
  return result?.results[0]?.last ?? 0
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
  const found = await row(
    select(
      { due_at: sql<number | null>`min(${deliveries.dueAt})` },
      sql`FROM ${deliveries} WHERE ${deliveries.webhookId} = ${id}`,
    ),
  )
  return found && found.due_at !== null ? found.due_at - Date.now() : null
}
