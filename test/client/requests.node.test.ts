import { describe, expect, it } from 'vitest'
import { type ApiError, TicketingClient, toAttachment } from '../../packages/client/src/index.ts'
import { FAKE_URL, type FakeResponse, failure, fakeClient, fakeFetch } from '../helpers/node/fake-api.ts'

const found: FakeResponse = { status: 200, body: { data: { id: 'ticket_1', version: 3 } } }
const rejected = failure(401, 'unauthorized')
const LOGIN = { email: 'user@example.com', password: 'your_password' }

function loggedIn(token: string, lifeMs = 3_600_000): FakeResponse {
  return { status: 200, body: { token, expires_at: new Date(Date.now() + lifeMs).toISOString(), user: {} } }
}

function clientWithLogin(...responses: [FakeResponse, ...FakeResponse[]]) {
  const { sent, fetch } = fakeFetch(responses)
  const headers = () =>
    sent.map(({ address, headers }) => [address.slice(FAKE_URL.length), headers.get('Authorization')])
  return { client: new TicketingClient({ url: `${FAKE_URL}/`, ...LOGIN, fetch }), headers, sent }
}

describe('credentials', () => {
  it('are exchanged for a token once, for all waiting requests', async () => {
    const { client, headers, sent } = clientWithLogin(loggedIn('a'), found)
    await Promise.all([client.tickets.get('ticket_1'), client.tickets.get('ticket_2')])
    await client.tickets.get('ticket_3')
    expect(headers()).toEqual([
      ['/auth/login', null],
      ['/tickets/ticket_1', 'Bearer a'],
      ['/tickets/ticket_2', 'Bearer a'],
      ['/tickets/ticket_3', 'Bearer a'],
    ])
    expect(JSON.parse(sent[0]?.body ?? '')).toEqual(LOGIN)
  })

  it('are exchanged again if the token is rejected, and the request is sent again', async () => {
    const { client, headers } = clientWithLogin(loggedIn('a'), rejected, loggedIn('b'), found)
    expect(await client.tickets.get('ticket_1')).toMatchObject({ id: 'ticket_1' })
    expect(headers().map(([, header]) => header)).toEqual([null, 'Bearer a', null, 'Bearer b'])
  })

  it('are exchanged again before the token expires', async () => {
    const { client, headers } = clientWithLogin(loggedIn('a', 30_000), found, loggedIn('b'), found)
    await client.tickets.get('ticket_1')
    await client.tickets.get('ticket_1')
    expect(headers().map(([, header]) => header)).toEqual([null, 'Bearer a', null, 'Bearer b'])
  })

  it('are reported if they are wrong, and tried again only with the next request', async () => {
    const { client, sent } = clientWithLogin(failure(401, 'invalid_credentials'))
    await expect(client.tickets.get('ticket_1')).rejects.toMatchObject({ code: 'invalid_credentials' })
    expect(sent).toHaveLength(1)
    await expect(client.tickets.get('ticket_1')).rejects.toMatchObject({ code: 'invalid_credentials' })
    expect(sent).toHaveLength(2)
  })

  it('are not exchanged forever if a new token is rejected too', async () => {
    const { client, sent } = clientWithLogin(loggedIn('a'), rejected, loggedIn('b'), rejected)
    await expect(client.tickets.get('ticket_1')).rejects.toMatchObject({ code: 'unauthorized' })
    expect(sent).toHaveLength(4)
  })

  it('are reported immediately for a rejected API key', async () => {
    const { client, sent } = fakeClient(rejected)
    await expect(client.tickets.get('ticket_1')).rejects.toMatchObject({ code: 'unauthorized', status: 401 })
    expect(sent.map(({ headers }) => headers.get('Authorization'))).toEqual(['Bearer tk_live_1'])
  })
})

describe('errors', () => {
  it('contain the code, each field, the request ID and the time to wait', async () => {
    const details = [
      {
        field: 'priority',
        message: 'Priority must be one of: low, medium, high, critical',
        code: 'invalid_value' as const,
      },
    ]
    const documentationUrl = 'https://api.example.com/docs/guides/errors#invalid_input'
    const error = {
      ...{ code: 'invalid_input', message: 'The request data is invalid', details },
      ...{ documentation_url: documentationUrl, request_id: 'req-1' },
    }
    const { client } = fakeClient({ status: 400, body: { error }, headers: { 'X-Request-Id': 'req-1' } })
    await expect(client.tickets.create({ title: '', description: '' })).rejects.toMatchObject({
      name: 'ApiError',
      message: 'The request data is invalid',
      status: 400,
      code: 'invalid_input',
      details,
      documentationUrl,
      requestId: 'req-1',
      retryAfterSeconds: null,
    } satisfies Partial<ApiError>)
  })

  it('have the request ID of the body if a browser or proxy hides the header', async () => {
    const error = { code: 'not_found', message: 'No', details: [], request_id: 'req-2' }
    const { client } = fakeClient({ status: 404, body: { error } })
    await expect(client.tickets.get('ticket_1')).rejects.toMatchObject({ requestId: 'req-2', documentationUrl: null })
  })

  it.each<[FakeResponse]>([[{ status: 418, body: 'not an error of the API' }], [{ status: 400 }]])(
    'report an unexpected response for %j',
    async (response) => {
      const { client } = fakeClient(response)
      await expect(client.tickets.get('ticket_1')).rejects.toMatchObject({ code: 'unreadable', details: [] })
    },
  )

  const html = (title: string, code: string) =>
    `<!DOCTYPE html>\n<title>${title}</title>\n<span class="cf-code-label">Error code <span>${code}</span></span>`
  const ray = { 'CF-Ray': '8f1d2c3b4a5e6f70-FRA', 'Content-Type': 'text/html; charset=UTF-8' }

  it.each<[FakeResponse & object, string]>([
    [{ status: 403, body: html('Access denied', '1010'), headers: ray }, 'Cloudflare returned status 403 (error 1010)'],
    [
      { status: 403, body: 'error code: 1010', headers: { Server: 'cloudflare' } },
      'Cloudflare returned status 403 (error 1010)',
    ],
    [{ status: 413, body: '<html><center>cloudflare</center></html>', headers: ray }, 'Cloudflare returned status 413'],
    [
      { status: 502, body: html('502: Bad gateway', '502'), headers: ray },
      'Cloudflare returned status 502 (error 502)',
    ],
    [
      { status: 503, body: html('exceeded resource limits', '1102'), headers: ray },
      'Cloudflare returned status 503 (error 1102)',
    ],
    [
      { status: 503, body: '', headers: { ...ray, 'cf-error-type': '1102' } },
      'Cloudflare returned status 503 (error 1102)',
    ],
    [{ status: 520, body: '', headers: ray }, 'Cloudflare returned status 520'],
    [{ status: 502, body: '<h1>Bad Gateway</h1>' }, 'A proxy returned status 502'],
    [{ status: 403, body: '{"success":false}' }, 'A proxy returned status 403'],
  ])('name the proxy that responded in place of the API: %#', async (response, beginning) => {
    const { client } = fakeClient(response)
    const error = await client.tickets.get('ticket_1').catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({
      message: `${beginning} in place of the API`,
      status: response.status,
      code: 'unreadable',
      details: [],
    })
  })

  it('report an unexpected response for a successful response without JSON', async () => {
    const fetch = async () => new Response('<html>', { status: 200 })
    const client = new TicketingClient({ url: FAKE_URL, apiKey: 'tk_live_1', fetch })
    await expect(client.tickets.get('ticket_1')).rejects.toMatchObject({ code: 'unreadable', status: 200 })
  })
})

describe('URLs', () => {
  it('contain filters in the form that the API reads', async () => {
    const { client, sent } = fakeClient({ status: 200, body: { data: [], pagination: { next_cursor: null } } })
    const filters = { status: ['open' as const, 'in_progress' as const], q: 'C++ & co', created_after: new Date(0) }
    for await (const _ of client.tickets.list(filters, { perPage: 50 }));
    const address = new URL(sent[0]?.address ?? '')
    expect(address.pathname).toBe('/api/v1/tickets')
    expect(Object.fromEntries(address.searchParams)).toEqual({
      status: 'open,in_progress',
      q: 'C++ & co',
      created_after: '1970-01-01T00:00:00.000Z',
      cursor: '',
      per_page: '50',
    })
  })

  it.each(['', '.', '..'])('do not lead to another path with %j as an ID', async (id) => {
    const { client, sent } = fakeClient({ status: 204 })
    await expect(client.tickets.delete(id)).rejects.toThrow(TypeError)
    expect(sent).toEqual([])
  })

  it('encode an ID', async () => {
    const { client, sent } = fakeClient(found)
    await client.tickets.get('a/b?c')
    expect(sent[0]?.address).toBe(`${FAKE_URL}/tickets/a%2Fb%3Fc`)
  })
})

describe('versioned updates', () => {
  it('are sent with If-Match', async () => {
    const { client, sent } = fakeClient(found)
    await client.tickets.update('ticket_1', { status: 'closed' }, { ifVersion: 3 })
    expect(sent[0]?.headers.get('If-Match')).toBe('"3"')
  })

  it('are decided again if the ticket was modified meanwhile, each with its own key', async () => {
    const stale = failure(412, 'precondition_failed')
    const newer: FakeResponse = { status: 200, body: { data: { id: 'ticket_1', version: 4 } } }
    const { client, sent } = fakeClient(found, stale, newer, newer)
    await client.tickets.edit('ticket_1', ({ version }) => ({ title: `Version ${version}` }))
    const changes = sent.filter(({ method }) => method === 'PATCH')
    expect(changes.map(({ headers, body }) => [headers.get('If-Match'), JSON.parse(body).title])).toEqual([
      ['"3"', 'Version 3'],
      ['"4"', 'Version 4'],
    ])
    expect(new Set(changes.map(({ headers }) => headers.get('Idempotency-Key'))).size).toBe(2)
  })

  it('fail after five attempts', async () => {
    const stale = failure(412, 'precondition_failed')
    const { client, sent } = fakeClient(found, stale, found, stale, found, stale, found, stale, found, stale, found)
    const edit = client.tickets.edit('ticket_1', () => ({ status: 'closed' }))
    await expect(edit).rejects.toMatchObject({ code: 'precondition_failed' })
    expect(sent).toHaveLength(10)
  })

  it('are not sent if the decision is null', async () => {
    const { client, sent } = fakeClient(found)
    expect(await client.tickets.edit('ticket_1', () => null)).toMatchObject({ id: 'ticket_1' })
    expect(sent).toHaveLength(1)
  })
})

it('keeps every byte of a file in base64', async () => {
  const bytes = Uint8Array.from({ length: 100_000 }, (_, index) => (index * 7) % 256)
  const { content, ...metadata } = await toAttachment(bytes, { filename: 'all.bin' })
  expect(metadata).toEqual({ filename: 'all.bin', mime_type: 'application/octet-stream' })
  expect(Buffer.from(content, 'base64').equals(Buffer.from(bytes))).toBe(true)
})

it('keeps the rate limit of the latest response', async () => {
  const headers = { 'X-RateLimit-Limit': '100', 'X-RateLimit-Remaining': '0', 'X-RateLimit-Reset': '1714997400' }
  const { client } = fakeClient({ status: 200, body: { data: {} }, headers }, found)
  expect(client.rateLimit).toBeNull()
  await client.tickets.get('ticket_1')
  await client.tickets.get('ticket_1')
  expect(client.rateLimit).toEqual({ limit: 100, remaining: 0, resetsAt: new Date('2024-05-06T12:10:00Z') })
})
