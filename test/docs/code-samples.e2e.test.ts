import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { z } from 'zod'
import { preparedState } from '../helpers/node/prepared-state.ts'
import { ERRORS_OF_DATA, REQUESTS, sourceOf } from '../helpers/node/sample-requests.ts'
import { freePort, type RunningServer, startServer } from '../helpers/node/server.ts'

const state = preparedState()
const folder = mkdtempSync(join(tmpdir(), 'ticketing-curl-'))
let server: RunningServer
let token: string
const succeeded: string[] = []

beforeAll(async () => {
  server = await startServer(await freePort(), state.folder)
  writeFileSync(join(folder, 'error_log.txt'), 'a line\n')
  const response = await fetch(`${server.origin}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ email: 'john@example.com', password: 'your_password' }),
  })
  token = z.object({ token: z.string() }).parse(await response.json()).token
})

afterAll(async () => {
  await server?.stop()
  state.remove()
  rmSync(folder, { recursive: true, force: true })
})

const ErrorBody = z.object({ error: z.object({ code: z.string() }) })

it.each(REQUESTS.map((operation) => [operation.id, operation] as const))('curl sends %s', (_id, operation) => {
  const sample = sourceOf(operation, 'curl', server.origin)
  const script = `curl() { command curl -s -w '\\n%{http_code}' "$@"; }\n${sample}`
  const env = { ...process.env, TICKETING_TOKEN: token, TICKETING_API_KEY: token }
  const { status, stdout, stderr } = spawnSync('sh', ['-c', script], { cwd: folder, env, encoding: 'utf8' })
  expect(status, stderr).toBe(0)
  const code = Number(stdout.split('\n').at(-1))
  if (code < 400) {
    succeeded.push(operation.id)
    return
  }
  const { error } = ErrorBody.parse(JSON.parse(stdout.slice(0, stdout.lastIndexOf('\n'))))
  expect(ERRORS_OF_DATA, `${sample}\n${stdout}`).toContain(error.code)
})

it('most of them succeed', () => {
  expect(succeeded.length, succeeded.join(' ')).toBeGreaterThan(REQUESTS.length / 2)
})
