import { request } from 'node:http'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { type Ticket, TicketingClient } from '../../packages/client/src/index.ts'
import { preparedState } from '../../test/helpers/node/prepared-state.ts'
import { freePort, type RunningServer, startServer, withEdge } from '../../test/helpers/node/server.ts'
import { eightAtATime } from '../crash/eight-concurrently.ts'

const TEXT = 'A log line that compresses well.\n'.repeat(100)

const state = preparedState()
let server: RunningServer
let client: TicketingClient
let token: string
/** The response to a body that never ends, which takes 30 s. */
let unfinished: Promise<string>

beforeAll(async () => {
  const entry = ['--', 'quality/edge/worker/entry.ts']
  server = await withEdge(await freePort(), await startServer(await freePort(), state.folder, { arguments: entry }))
  const url = `${server.origin}/api/v1`
  const login = await fetch(`${url}/auth/login`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ email: 'ada@globex.example', password: 'your_password' }),
  })
  token = z.object({ token: z.string() }).parse(await login.json()).token
  client = new TicketingClient({ url, token, maxRetries: 12 })
  unfinished = exchange(['POST /api/v1/tickets HTTP/1.1', 'Content-Length: 9', ...credentials()], '{')
})
afterAll(async () => {
  await server?.stop()
  state.remove()
})

const credentials = () => [`Authorization: Bearer ${token}`, 'Content-Type: application/json']
const send = (path: string, init: RequestInit = {}) =>
  fetch(`${server.origin}${path}`, { ...init, headers: { Authorization: `Bearer ${token}`, ...init.headers } })

/** Sends the beginning of a request. Returns the response. */
function exchange(head: string[], body = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(server.origin).port), 'localhost')
    let received = ''
    socket.on('error', reject)
    socket.on('data', (chunk) => {
      received += chunk
    })
    socket.on('close', () => resolve(received))
    socket.write([...head, 'Host: localhost', 'Connection: close', '', body].join('\r\n'))
  })
}

const newTicket = (title = 'Through the edge') => client.tickets.create({ title, description: 'A text' })
const pathOf = ({ id }: Ticket) => `/api/v1/tickets/${id}`

describe('an entity tag of a compressed response', () => {
  it('is weak, and a valid precondition', async () => {
    const ticket = await newTicket()
    const read = await send(pathOf(ticket))
    const tag = read.headers.get('ETag') ?? ''
    expect([read.headers.get('Content-Encoding'), tag]).toEqual([expect.anything(), expect.stringMatching(/^W\/"/)])
    expect((await send(pathOf(ticket), { headers: { 'If-None-Match': tag } })).status).toBe(304)
    const change = { method: 'PATCH', body: '{"title":"Changed"}' }
    const headers = { 'Content-Type': 'application/json', 'If-Match': tag }
    expect((await send(pathOf(ticket), { ...change, headers })).status).toBe(200)
    expect((await send(pathOf(ticket), { ...change, headers })).status).toBe(412)
  })

  it.each(['/openapi.json', '/docs'])('of %s is revalidated', async (path) => {
    const tag = (await send(path)).headers.get('ETag') ?? ''
    expect(tag).toMatch(/^W\/"/)
    const again = await send(path, { headers: { 'If-None-Match': tag } })
    expect([again.status, await again.text()]).toEqual([304, ''])
  })
})

describe('a file', () => {
  const attach = async () =>
    client.attachments.upload((await newTicket()).id, TEXT, { filename: 'server.log', mime_type: 'text/plain' })

  it('keeps its bytes, length and tag', async () => {
    const { url, size, sha256 } = await attach()
    const response = await fetch(url)
    const { headers } = response
    expect([headers.get('Content-Length'), headers.get('ETag')]).toEqual([String(size), `"${sha256}"`])
    expect(await response.text()).toBe(TEXT)
  })

  it('can be resumed after an interruption', async () => {
    const { url, sha256 } = await attach()
    const rest = await fetch(url, { headers: { Range: 'bytes=1000-', 'If-Range': `"${sha256}"` } })
    expect([rest.status, await rest.text()]).toEqual([206, TEXT.slice(1_000)])
  })

  it('of unknown length is refused', async () => {
    const ticket = await newTicket()
    const status = await new Promise<unknown>((resolve, reject) => {
      const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'text/plain', 'Transfer-Encoding': 'chunked' }
      const path = `${server.origin}${pathOf(ticket)}/attachments?filename=a.txt`
      const sent = request(path, { method: 'POST', headers }, (response) => resolve(response.resume().statusCode))
      sent.on('error', reject)
      sent.end(TEXT)
    })
    expect(status).toBe(411)
  })
})

describe('an export', () => {
  it('is not compressed, arrives before it is complete, and is complete', async () => {
    const response = await send('/api/v1/tickets/export')
    expect(response.headers.get('Content-Encoding')).toBeNull()
    const lines = (await response.text()).trim().split('\n')
    expect(lines.at(-1)).toBe('{"next_cursor":null}')
    const ids = new Set<string>()
    for await (const { id } of client.tickets.export()) ids.add(id)
    expect(ids.size).toBe(lines.length - 1)
  })
})

describe('a limit', () => {
  it('of the API is JSON', async () => {
    const body = JSON.stringify({ title: 'x'.repeat(11_000_000) })
    const response = await send('/api/v1/tickets', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body,
    })
    expect([response.status, await response.json()]).toMatchObject([413, { error: { code: 'payload_too_large' } }])
    expect(await unfinished).toMatch(/^HTTP\/1\.1 408[\s\S]*"code":"request_timeout"/)
  })

  it('of the edge is HTML, which the client reports with its status', async () => {
    const file = new Blob([new Uint8Array(100_000_001)])
    const upload = client.attachments.upload((await newTicket()).id, file, { filename: 'large.bin' })
    await expect(upload).rejects.toMatchObject({ status: 413, code: 'unreadable' })
  })

  it('of 128 KB for headers is that of the Worker as well', async () => {
    const response = await send('/api/v1/tickets', { headers: { 'X-Long': 'x'.repeat(120_000) } })
    expect(response.status).toBe(200)
  })

  it('by IP address counts a client that names another address', async () => {
    const remaining = async (address: string) => {
      const headers = { Authorization: '', 'CF-Connecting-IP': address, 'X-Forwarded-For': address }
      return Number((await send('/api/v1/tickets', { headers })).headers.get('X-RateLimit-Remaining'))
    }
    expect((await remaining('203.0.113.8')) - (await remaining('203.0.113.9'))).toBe(1)
  })
})

describe('transient errors of D1 and Durable Objects', () => {
  const setFaults = (faults: { d1?: number; objects?: number }) =>
    send('/edge/faults', { method: 'PUT', body: JSON.stringify({ d1: 0, objects: 0, ...faults }) })

  it('lose and duplicate nothing for a client that retries', async () => {
    const titles = Array.from({ length: 16 }, (_, index) => `Ticket ${index} among faults`)
    await setFaults({ d1: 3, objects: 5 })
    const created = await eightAtATime(titles, async (title) => {
      const ticket = await newTicket(title)
      await client.comments.create(ticket.id, { content: 'A comment' })
      return ticket.id
    })
    await setFaults({})
    const found = []
    for await (const ticket of client.tickets.list({ q: 'among faults' })) found.push(ticket)
    expect(found.map(({ id }) => id).toSorted()).toEqual(created.toSorted())
    const details = await eightAtATime(found, ({ id }) => client.tickets.get(id))
    expect(details.map((ticket) => ticket.comment_count)).toEqual(found.map(() => 1))
    const sequences: number[] = []
    for await (const { sequence } of client.events.list({}, { cursor: '' })) sequences.push(sequence)
    expect(sequences).toEqual(sequences.map((_, index) => (sequences[0] ?? 0) + index))
    expect(server.output()).toContain('"injected_fault":"D1_ERROR')
    expect(server.output()).toContain('"injected_fault":"Durable Object')
  })
})
