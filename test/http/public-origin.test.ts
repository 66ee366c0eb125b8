import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { createApp } from '../../src/app'
import {
  type Account,
  API,
  createTestAccount,
  createTicket,
  requestOf,
  type TestResponse,
  toTestResponse,
} from '../helpers/api'
import { createTestKey } from '../helpers/credentials'
import { takeSnapshot } from '../helpers/database-snapshot'
import { type NamedOperation, OPERATIONS, openapi, resolved } from '../helpers/openapi'
import { createTestWebhook, deliveriesOf } from '../helpers/webhooks'

/** No response and no stored row may contain a host that a client sent in place of PUBLIC_ORIGIN's. */

const PUBLIC_ORIGIN = 'https://api.tickets.dev'
const FORGED = 'evil.example'
const FILE = { filename: 'a.txt', content: 'YQ==', mime_type: 'text/plain' }

let account: Account

beforeAll(async () => {
  account = await createTestAccount()
})

/** Sends a forged host in every header where a client or a proxy can name one. */
async function send(
  method: string,
  path: string,
  options: { body?: unknown; key?: string } = {},
): Promise<TestResponse> {
  const { key, body } = options
  const url = `https://${FORGED}${path.startsWith('/') ? path : `${API}/${path}`}`
  const headers = {
    Host: FORGED,
    'X-Forwarded-Host': FORGED,
    'X-Forwarded-Proto': 'http',
    Forwarded: `host=${FORGED};proto=http`,
    Origin: `https://${FORGED}`,
    Referer: `https://${FORGED}/`,
    ...(key && { 'Idempotency-Key': key }),
  }
  const request = requestOf(method, url, { token: account.admin.token, headers, body })
  const ctx = createExecutionContext()
  const response = await toTestResponse(method, url, await createApp().fetch(request, { ...env, PUBLIC_ORIGIN }, ctx))
  await waitOnExecutionContext(ctx)
  expect(shown(response), `${method} ${path}`).not.toContain(FORGED)
  return response
}

const shown = ({ headers, text }: TestResponse) => `${JSON.stringify([...headers])}\n${text}`

const fileUrls = ({ text }: TestResponse) => text.match(/"url":"[^"]+\/files\/[^"]+"/g) ?? []

function expectFileUrls(response: TestResponse): void {
  const urls = fileUrls(response)
  expect(urls.length).toBeGreaterThan(0)
  for (const url of urls) expect(url).toMatch(/^"url":"https:\/\/api\.tickets\.dev\/files\/[\w]+\/a\.txt\?expires=/)
}

const order = ['GET', 'POST', 'PATCH', 'DELETE']
const rank = ({ method, operationId }: NamedOperation) => (operationId === 'logout' ? 9 : order.indexOf(method))

function bodyOf({ requestBody }: NamedOperation): unknown {
  const media = requestBody?.content['application/json']
  if (!media) return requestBody && 'bytes'
  const [example] = Object.values(media.examples ?? {})
  return example ? resolved<{ value: unknown }>(example).value : media.example
}

describe('with PUBLIC_ORIGIN, a request to another host', () => {
  it('gets file URLs of PUBLIC_ORIGIN, wherever files are shown', async () => {
    const input = { title: 'T', description: 'D', attachments: [FILE] }
    const created = await send('POST', 'tickets', { body: input, key: 'origin' })
    const { id, attachments } = created.body.data
    expectFileUrls(created)
    const replayed = await send('POST', 'tickets', { body: input, key: 'origin' })
    expect(replayed.headers.get('Idempotent-Replayed')).toBe('true')
    expectFileUrls(replayed)
    expectFileUrls(await send('POST', `tickets/${id}/comments`, { body: { content: 'C', attachments: [FILE] } }))
    expectFileUrls(await send('POST', `tickets/${id}/attachments?filename=a.txt`, { body: 'a' }))
    expectFileUrls(await send('GET', `tickets/${id}`))
    expectFileUrls(await send('PATCH', `tickets/${id}`, { body: { title: 'U' } }))
    expectFileUrls(await send('GET', `tickets/${id}/comments`))
    expectFileUrls(await send('GET', `tickets/${id}/attachments`))
    expectFileUrls(await send('GET', `attachments/${attachments[0].id}`))
    const { pathname, search } = new URL(attachments[0].url)
    expect((await send('GET', `${pathname}${search}`)).status).toBe(200)
  })

  it('gets paths without another host in Link, Location and the pagination', async () => {
    const created = await send('POST', '/ticketing/v1/tickets', { body: { title: 'T', description: 'D' } })
    expectOwn(created.headers.get('Location'))
    await createTicket(account.agent)
    for (const path of ['tickets?per_page=1&page=2', 'tickets?per_page=1&cursor=', 'users?per_page=1&page=2']) {
      const { headers, body } = await send('GET', path)
      const targets = [...(headers.get('Link') ?? '').matchAll(/<([^>]*)>/g)].map(([, target]) => target)
      expect(targets.length, path).toBeGreaterThan(0)
      for (const target of [...targets, body.pagination.next_page_url]) expectOwn(target)
    }
  })

  it.each(['/', '/docs/', '/docs/operations/'])('is redirected from %s without another host', async (path) => {
    const { status, headers } = await send('GET', path)
    expect(status).toBe(302)
    expectOwn(headers.get('Location'))
  })

  it.each([
    ...[
      '/docs',
      '/docs/reference',
      '/docs/reference.js',
      '/docs/reference.css',
      '/openapi.json',
      '/health',
      '/nothing',
      '/api/v9/x',
    ],
    ...['nothing', 'tickets?page=x', 'tickets/none', '/files/attach_x/a.txt?expires=1&signature=x'],
  ])('gets nothing of its host from %s', async (path) => {
    for (const method of ['GET', 'HEAD', 'OPTIONS', 'PUT']) await send(method, path)
  })

  it('gets nothing of its host from any operation, and leaves none of it behind', async () => {
    const ticket = await createTicket(account.agent, { attachments: [FILE] })
    const comment = await send('POST', `tickets/${ticket.id}/comments`, { body: { content: 'C' } })
    const webhook = await createTestWebhook(account)
    await send('POST', `webhooks/${webhook.id}/test`)
    const [delivery] = await deliveriesOf(account, webhook)
    const ids: Record<string, string> = {
      ticket_id: ticket.id,
      comment_id: comment.body.data.id,
      attachment_id: ticket.attachments[0].id,
      filename: 'a.txt',
      user_id: account.stranger.id,
      key_id: (await createTestKey(account)).id,
      webhook_id: webhook.id,
      delivery_id: delivery?.id ?? 'none',
    }
    let succeeded = 0
    for (const operation of OPERATIONS.toSorted((a, b) => rank(a) - rank(b))) {
      const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? `no ${name}`)
      expect(path, operation.operationId).not.toContain(' ')
      const isRoot = 'servers' in (openapi.paths[operation.path] ?? {})
      const query = operation.operationId === 'uploadAttachment' ? '?filename=a.txt' : ''
      const response = await send(operation.method, `${isRoot ? '' : API}${path}${query}`, { body: bodyOf(operation) })
      if (response.status < 400) succeeded += 1
    }
    expect(succeeded).toBeGreaterThan(OPERATIONS.length * 0.7)
    expect(JSON.stringify((await takeSnapshot(account)).tables)).not.toContain(FORGED)
  })
})

/** A path, or an absolute URL at PUBLIC_ORIGIN. */
function expectOwn(url: string | null | undefined): void {
  expect(url).toMatch(/^(\/(?!\/)|https:\/\/api\.tickets\.dev\/)/)
}
