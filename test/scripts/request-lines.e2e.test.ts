import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { openLocalFile } from '../../scripts/lib/local-file.ts'
import { eventually } from '../helpers/eventually.ts'
import { preparedState } from '../helpers/node/prepared-state.ts'
import { freePort, type RunningServer, startServer } from '../helpers/node/server.ts'

const Login = z.object({ token: z.string() })

const states = { plain: preparedState(), verbose: preparedState() }

afterAll(() => {
  for (const { remove } of Object.values(states)) remove()
})

function logIn(origin: string): Promise<Response> {
  return fetch(`${origin}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ email: 'user@example.com', password: 'your_password' }),
  })
}

/** After the welcome. */
function linesOf(server: RunningServer): string[] {
  return server.output().split('Ctrl-C stops it')[1]?.trim().split('\n').slice(1) ?? []
}

const untilPrinted = (server: RunningServer, pattern: RegExp) =>
  eventually(() => expect(server.output()).toMatch(pattern))

/** Sends requests with private texts, which are returned, and waits until the last one is printed. */
async function sendRequests(server: RunningServer): Promise<string[]> {
  const api = `${server.origin}/api/v1`
  const json = { 'Content-Type': 'application/json' }
  const login = await logIn(server.origin)
  const { token } = Login.parse(await login.json())
  const headers = { ...json, Authorization: `Bearer ${token}` }
  await fetch(`${api}/tickets?q=zanzibar`, { headers })
  await fetch(`${api}/tickets/ticket_zanzibar`, { headers })
  await fetch(`${api}/tickets`, { method: 'POST', headers, body: JSON.stringify({ title: 'zanzibar' }) })
  await untilPrinted(server, /POST.*\/api\/v1\/tickets\b.*400/)
  return [token, 'your_password', 'zanzibar', 'user@example.com']
}

/** A login that fails because the database lacks a table. Returns its status. */
async function failLogin(server: RunningServer, folder: string): Promise<number> {
  vi.stubEnv('TICKETING_STATE', folder)
  const file = openLocalFile({ readOnly: false })
  vi.unstubAllEnvs()
  file.exec('ALTER TABLE logins RENAME TO former_logins')
  file.close()
  const { status } = await logIn(server.origin)
  await untilPrinted(server, /auth\/login .*DbError/)
  return status
}

describe('npm start', () => {
  const REQUESTS = 4
  let secrets: string[]
  let statusOfFailure: number
  /** Of the whole run: the server has stopped. */
  let lines: string[]

  beforeAll(async () => {
    const { folder } = states.plain
    const server = await startServer(await freePort(), folder)
    secrets = await sendRequests(server)
    statusOfFailure = await failLogin(server, folder)
    await server.stop()
    lines = linesOf(server)
  })

  it('prints one line for each request, without queries, bodies and credentials', () => {
    const patterns = [
      /^\d\d:\d\d:\d\d {2}POST {4}\/api\/v1\/auth\/login +200 +\d+ ms$/,
      /^\d\d:\d\d:\d\d {2}GET {5}\/api\/v1\/tickets +200 +\d+ ms$/,
      /^\d\d:\d\d:\d\d {2}GET {5}\/api\/v1\/tickets\/\{ticket_id\} +404 +\d+ ms {2}not_found$/,
      /^\d\d:\d\d:\d\d {2}POST {4}\/api\/v1\/tickets +400 +\d+ ms {2}invalid_input$/,
    ]
    expect(lines.slice(0, REQUESTS)).toEqual(patterns.map((pattern) => expect.stringMatching(pattern)))
    for (const secret of secrets) expect(lines.join('\n')).not.toContain(secret)
  })

  it('prints a request that fails in one line', () => {
    const failures = lines.slice(REQUESTS)
    expect(failures).toEqual([expect.any(String)])
    expect(failures[0]).toMatch(
      new RegExp(`^\\S{8} {2}POST {4}/api/v1/auth/login +${statusOfFailure} +\\d+ ms {2}\\w+ {2}DbError`),
    )
    expect(statusOfFailure).toBeGreaterThanOrEqual(500)
  })

  it('prints JSON lines with --verbose', async () => {
    const server = await startServer(await freePort(), states.verbose.folder, { arguments: ['--verbose'] })
    const sent = await sendRequests(server)
    await server.stop()
    const requests = linesOf(server).map((line) => JSON.parse(line))
    expect(requests.map(({ method, route, status, error_code }) => [method, route, status, error_code])).toEqual([
      ['POST', '/api/v1/auth/login', 200, undefined],
      ['GET', '/api/v1/tickets', 200, undefined],
      ['GET', '/api/v1/tickets/:ticket_id', 404, 'not_found'],
      ['POST', '/api/v1/tickets', 400, 'invalid_input'],
    ])
    for (const secret of sent) expect(linesOf(server).join('\n')).not.toContain(secret)
  })
})
