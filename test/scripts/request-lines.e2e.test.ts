import { afterAll, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { openLocalFile } from '../../scripts/lib/local-file.ts'
import { preparedState } from '../helpers/node/prepared-state.ts'
import { freePort, type RunningServer, startServer } from '../helpers/node/server.ts'

const Login = z.object({ token: z.string() })

const state = preparedState()

afterAll(state.remove)

function logIn(origin: string): Promise<Response> {
  return fetch(`${origin}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ email: 'user@example.com', password: 'your_password' }),
  })
}

/** After the welcome. */
function linesOf(server: RunningServer): { lines: string[] } {
  return { lines: server.output().split('Ctrl-C stops it')[1]?.trim().split('\n').slice(1) ?? [] }
}

/** Starts a server, sends it requests with private texts, and returns what it printed after its start. */
async function printedLines(...args: string[]): Promise<{ lines: string[]; secrets: string[] }> {
  const server = await startServer(await freePort(), state.folder, { arguments: args })
  const api = `${server.origin}/api/v1`
  const json = { 'Content-Type': 'application/json' }
  const login = await logIn(server.origin)
  const { token } = Login.parse(await login.json())
  const headers = { ...json, Authorization: `Bearer ${token}` }
  await fetch(`${api}/tickets?q=zanzibar`, { headers })
  await fetch(`${api}/tickets/ticket_zanzibar`, { headers })
  await fetch(`${api}/tickets`, { method: 'POST', headers, body: JSON.stringify({ title: 'zanzibar' }) })
  await expect.poll(server.output, { timeout: 30_000 }).toMatch(/POST.*\/api\/v1\/tickets\b.*400/)
  await server.stop()
  return { ...linesOf(server), secrets: [token, 'your_password', 'zanzibar', 'user@example.com'] }
}

describe('npm start', () => {
  it('prints one line for each request, without queries, bodies and credentials', async () => {
    const { lines, secrets } = await printedLines()
    const patterns = [
      /^\d\d:\d\d:\d\d {2}POST {4}\/api\/v1\/auth\/login +200 +\d+ ms$/,
      /^\d\d:\d\d:\d\d {2}GET {5}\/api\/v1\/tickets +200 +\d+ ms$/,
      /^\d\d:\d\d:\d\d {2}GET {5}\/api\/v1\/tickets\/\{ticket_id\} +404 +\d+ ms {2}not_found$/,
      /^\d\d:\d\d:\d\d {2}POST {4}\/api\/v1\/tickets +400 +\d+ ms {2}invalid_input$/,
    ]
    expect(lines).toEqual(patterns.map((pattern) => expect.stringMatching(pattern)))
    for (const secret of secrets) expect(lines.join('\n')).not.toContain(secret)
  })

  it('prints a request that fails in one line', async () => {
    const own = preparedState()
    const server = await startServer(await freePort(), own.folder)
    vi.stubEnv('TICKETING_STATE', own.folder)
    const file = openLocalFile({ readOnly: false })
    vi.unstubAllEnvs()
    file.exec('ALTER TABLE logins RENAME TO former_logins')
    file.close()
    const { status } = await logIn(server.origin)
    await expect.poll(server.output, { timeout: 30_000 }).toContain('auth/login')
    await server.stop()
    own.remove()
    const { lines } = linesOf(server)
    expect(lines).toEqual([expect.any(String)])
    expect(lines[0]).toMatch(new RegExp(`^\\S{8} {2}POST {4}/api/v1/auth/login +${status} +\\d+ ms {2}\\w+ {2}DbError`))
    expect(status).toBeGreaterThanOrEqual(500)
  })

  it('prints JSON lines with --verbose', async () => {
    const { lines, secrets } = await printedLines('--verbose')
    const requests = lines.map((line) => JSON.parse(line))
    expect(requests.map(({ method, route, status, error_code }) => [method, route, status, error_code])).toEqual([
      ['POST', '/api/v1/auth/login', 200, undefined],
      ['GET', '/api/v1/tickets', 200, undefined],
      ['GET', '/api/v1/tickets/:ticket_id', 404, 'not_found'],
      ['POST', '/api/v1/tickets', 400, 'invalid_input'],
    ])
    for (const secret of secrets) expect(lines.join('\n')).not.toContain(secret)
  })
})
