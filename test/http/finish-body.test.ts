import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { expect, it, vi } from 'vitest'
import worker from '../../src'
import { finishBody } from '../../src/http/finish-body'
import { freshIpAddress } from '../helpers/addresses'
import { type Account, createTestAccount, requestOf } from '../helpers/api'

interface Sent {
  method: string
  path: string
  body: ReadableStream<Uint8Array>
  credential?: string
  type?: string
}

async function send({ method, path, body, credential, type = 'application/json' }: Sent): Promise<number> {
  const token = credential === undefined ? {} : { token: credential }
  const headers = { 'Content-Type': type }
  const request = requestOf(method, path, { ...token, address: freshIpAddress(), headers, body })
  const context = createExecutionContext()
  const response = await worker.fetch(request, env, context)
  await response.body?.cancel()
  await waitOnExecutionContext(context)
  return response.status
}

/** A body of one chunk whose end never comes. */
function heldBody(onCancel: () => void): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode('{')),
    cancel: onCancel,
  })
}

const CASES: [name: string, status: number, (account: Account) => Omit<Sent, 'body'>][] = [
  ['without a credential', 401, () => ({ method: 'POST', path: 'tickets' })],
  ['by a customer', 403, ({ customer }) => ({ method: 'POST', path: 'webhooks', credential: customer.token })],
  ['without a route', 404, ({ agent }) => ({ method: 'POST', path: 'nothing', credential: agent.token })],
  ['without a route outside the API', 404, () => ({ method: 'POST', path: '/nothing' })],
  ['with another method', 405, ({ agent }) => ({ method: 'PUT', path: 'tickets', credential: agent.token })],
  [
    'with another media type',
    415,
    ({ agent }) => ({ method: 'POST', path: 'tickets', credential: agent.token, type: 'text/plain' }),
  ],
]

it.each(CASES)('cancels the held body of a request %s: %i', async (_name, status, sentBy) => {
  const canceled = vi.fn()
  const account = await createTestAccount()
  expect(await send({ ...sentBy(account), body: heldBody(canceled) })).toBe(status)
  expect(canceled).toHaveBeenCalledOnce()
})

it('reads a body that keeps arriving to its end', async () => {
  const [canceled, total] = [vi.fn(), 64]
  let sent = 0
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      sent += 1
      if (sent > total) controller.close()
      else controller.enqueue(new Uint8Array(64 * 1024))
    },
    cancel: canceled,
  })
  expect(await send({ method: 'POST', path: 'tickets', body })).toBe(401)
  expect([sent, canceled.mock.calls]).toEqual([total + 1, []])
})

it('cancels a body that is still arriving after 15 seconds', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  const canceled = vi.fn()
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      vi.setSystemTime(Date.now() + 1_000)
      controller.enqueue(new Uint8Array(1))
    },
    cancel: canceled,
  })
  await finishBody(new Request('http://localhost', { method: 'POST', body }))
  vi.useRealTimers()
  expect(canceled).toHaveBeenCalledOnce()
})

it('does not touch a body that was read, is being read or has failed', async () => {
  const request = () => new Request('http://localhost', { method: 'POST', body: 'text' })
  const [read, locked] = [request(), request()]
  await read.text()
  const reader = locked.body?.getReader()
  const failed = new Request('http://localhost', {
    method: 'POST',
    body: new ReadableStream({ start: (controller) => controller.error(new Error('gone')) }),
  })
  await Promise.all([read, locked, failed, new Request('http://localhost')].map(finishBody))
  expect(new TextDecoder().decode((await reader?.read())?.value)).toBe('text')
})
