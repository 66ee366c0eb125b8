import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { preparedState } from '../helpers/node/prepared-state.ts'
import { freePort, type RunningServer, startServer, withEdge } from '../helpers/node/server.ts'

const state = preparedState()
let server: RunningServer
let port: number
let edgePort: number

/** For `describe.each`. */
const ROUTES: [name: string, port: () => number][] = [
  ['', () => port],
  [', through an edge', () => edgePort],
]

beforeAll(async () => {
  port = await freePort()
  edgePort = await freePort()
  server = await withEdge(edgePort, await startServer(port, state.folder, { arguments: ['--verbose'] }))
})
afterAll(async () => {
  await server?.stop()
  state.remove()
})

/** Sends text over one connection, the next one after each response. Returns the status of each response. */
function exchange(to: number, ...requests: string[]): Promise<number[]> {
  return new Promise((resolve, reject) => {
    const statuses: number[] = []
    const socket = connect(to, 'localhost')
    const sendNext = () => socket.write(requests[statuses.length] ?? '')
    socket.on('error', reject)
    socket.on('close', () => resolve(statuses))
    socket.on('data', (chunk) => {
      const status = /^HTTP\/1\.1 ([2-5]\d\d)/.exec(String(chunk))?.[1]
      if (status === undefined) return
      statuses.push(Number(status))
      if (statuses.length === requests.length) socket.destroy()
      else sendNext()
    })
    sendNext()
  })
}

const request = (line: string, headers: Record<string, string>, body: string) =>
  [
    `${line} HTTP/1.1`,
    `Host: localhost:${port}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    '',
    body,
  ].join('\r\n')

describe.each(ROUTES)('a response to a request whose body is withheld%s', (_name, to) => {
  it.each([
    [401, 'POST /api/v1/tickets'],
    [404, 'POST /api/v1/nothing'],
    [404, 'POST /nothing'],
    [405, 'PUT /api/v1/tickets'],
  ])('arrives before the body: %i', async (status, line) => {
    const chunked = request(line, { 'Transfer-Encoding': 'chunked' }, '1\r\n{\r\n')
    const long = request(line, { 'Content-Length': String(90_000_000) }, '{')
    expect([await exchange(to(), chunked), await exchange(to(), long)]).toEqual([[status], [status]])
  })
})

describe.each(ROUTES)('a response to a request whose body is not read%s', (_name, to) => {
  it('leaves the connection open for the next request', async () => {
    const body = 'x'.repeat(100_000)
    const refused = request('POST /api/v1/tickets', { 'Content-Length': String(body.length) }, body)
    expect(await exchange(to(), refused, request('GET /health', {}, ''))).toEqual([401, 200])
  })

  it('reaches a client that sends a large body', async () => {
    for (const size of [1_000_000, 20_000_000, 80_000_000]) {
      const response = await fetch(`http://localhost:${to()}/api/v1/tickets`, {
        method: 'POST',
        body: new Uint8Array(size),
      })
      expect([size, response.status]).toEqual([size, 401])
      await response.body?.cancel()
    }
  })
})

/** The lines of the server's log so far. */
const logged = () =>
  server
    .output()
    .split('\n')
    .flatMap((line) => (line.includes('"request_id"') ? [JSON.parse(line.slice(line.indexOf('{')))] : []))

const Login = z.object({ token: z.string() })
const Tickets = z.object({ data: z.tuple([z.object({ id: z.string() })], z.unknown()) })

async function logIn(): Promise<string> {
  const response = await fetch(`${server.origin}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ email: 'user@example.com', password: 'your_password' }),
  })
  return Login.parse(await response.json()).token
}

async function findTicket(Authorization: string): Promise<string> {
  const response = await fetch(`${server.origin}/api/v1/tickets`, { headers: { Authorization } })
  return Tickets.parse(await response.json()).data[0].id
}

describe('a client that disconnects while it sends its body', () => {
  it.each([
    ['auth/login', 'application/json', { 'Content-Length': '1000' }],
    ['auth/login', 'application/json', { 'Transfer-Encoding': 'chunked' }],
    ['tickets/{ticket_id}/attachments?filename=a.txt', 'text/plain', { 'Content-Length': '1000' }],
  ])('is logged with status 499 and level info: %s of %s, %o', async (path, type, framing) => {
    const Authorization = `Bearer ${await logIn()}`
    const line = `POST /api/v1/${path.replace('{ticket_id}', await findTicket(Authorization))}`
    const headers = { 'X-Request-Id': crypto.randomUUID(), Authorization, 'Content-Type': type }
    const own = () => logged().filter(({ request_id }) => request_id === headers['X-Request-Id'])
    // Nothing shows that the Worker has the request. On a busy machine it takes long: then the client waits longer.
    for (let pause = 250; own().length === 0; pause *= 2) {
      const socket = connect(port, 'localhost')
      socket.write(request(line, { ...headers, ...framing }, '1\r\n{\r\n'))
      await sleep(pause)
      socket.destroy()
      await sleep(pause)
    }
    expect(own()[0]).toMatchObject({ level: 'info', status: 499 })
  })
})
