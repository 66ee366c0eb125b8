import { createExecutionContext, createMessageBatch, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { expect, vi } from 'vitest'
import type { WakeMessage } from '../../src/env'
import worker from '../../src/index'
import type { Account } from './api'
import { ask } from './tickets'

export interface Hook {
  id: string
  url: string
  secret: string
}

/** A URL that no other test of the file subscribes. */
export function freshUrl(): string {
  return `https://hooks.example.com/${crypto.randomUUID()}`
}

/** Makes a webhook through the API. */
export async function mintWebhook(account: Account, input: Record<string, unknown> = {}): Promise<Hook> {
  const answer = await ask(account.admin, 'POST', 'webhooks', { url: freshUrl(), events: ['*'], ...input })
  expect(answer.status, answer.text).toBe(201)
  return answer.body.data
}

/** A request as a subscriber gets it. */
export interface Received {
  url: string
  headers: Headers
  body: string
  // biome-ignore lint/suspicious/noExplicitAny: bodies of every event
  event: any
  redirect: string | undefined
}

/**
 * Takes the place of every subscriber from now on: `answer` gives what a request is answered with, or throws as `fetch`
 * does. Gives the requests as they come. Undone by `vi.restoreAllMocks()`.
 */
export function receive(
  answer: (request: Received, signal: AbortSignal) => Response | Promise<Response> = () =>
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
    return answer(request, init?.signal ?? new AbortController().signal)
  })
  return received
}

/** An answer that never comes: it ends as `fetch` does when the time is up. */
export function neverAnswers(_request: Received, signal: AbortSignal): Promise<Response> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason))
  })
}

/** Keeps the queue from delivering by itself, so that the test is the only one who rings. Gives what was sent. */
export function silenceQueue() {
  return {
    send: vi.spyOn(env.WEBHOOKS, 'send').mockResolvedValue(undefined as never),
    sendBatch: vi.spyOn(env.WEBHOOKS, 'sendBatch').mockResolvedValue(undefined as never),
  }
}

/** Gives the consumer a message for each account (null for one that names none), and tells what became of each. */
export async function deliver(...accounts: (Account | string | null)[]) {
  const batch = createMessageBatch<WakeMessage>(
    'ticketing-webhooks',
    accounts.map((account, index) => ({
      id: `message-${index}`,
      timestamp: new Date(),
      attempts: 1,
      body: { account_id: account === null || typeof account === 'string' ? account : account.id },
    })),
  )
  const told = batch.messages.map((message) => ({ ack: vi.spyOn(message, 'ack'), retry: vi.spyOn(message, 'retry') }))
  const ctx = createExecutionContext()
  await worker.queue(batch, env, ctx)
  await waitOnExecutionContext(ctx)
  return told.map(({ ack, retry }) => ({ acked: ack.mock.calls.length, retried: retry.mock.calls }))
}

/** A webhook's deliveries, newest first, as the API lists them. */
export async function deliveriesOf(account: Account, hook: Hook, query = '') {
  const answer = await ask(account.admin, 'GET', `webhooks/${hook.id}/deliveries?per_page=100${query}`)
  expect(answer.status, answer.text).toBe(200)
  return answer.body.data
}

/** One delivery with its attempts. */
export async function deliveryOf(account: Account, hook: Hook, id: string) {
  return (await ask(account.admin, 'GET', `webhooks/${hook.id}/deliveries/${id}`)).body.data
}
