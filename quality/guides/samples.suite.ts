import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { z } from 'zod'
import { TicketingClient } from '../../packages/client/src/index.ts'
import { preparedState } from '../../test/helpers/node/prepared-state.ts'
import { ERRORS_OF_DATA, REQUESTS, sourceOf } from '../../test/helpers/node/sample-requests.ts'
import { freePort, type RunningServer, startServer } from '../../test/helpers/node/server.ts'
import { runCommand } from './toolchains.ts'

const state = preparedState()
const folder = mkdtempSync(join(tmpdir(), 'ticketing-python-'))
let server: RunningServer
let token: string
const succeeded: string[] = []

beforeAll(async () => {
  server = await startServer(await freePort(), state.folder)
  writeFileSync(join(folder, 'error_log.txt'), 'a line\n')
  const client = new TicketingClient({ url: `${server.origin}/api/v1` })
  token = (await client.auth.login({ email: 'john@example.com', password: 'your_password' })).token
})

afterAll(async () => {
  await server?.stop()
  state.remove()
  rmSync(folder, { recursive: true, force: true })
})

const ErrorBody = z.object({ error: z.object({ code: z.string() }) })

it('has the library of the samples: python3 -m pip install requests', () => {
  runCommand(['python3', '-c', 'import requests'], folder)
})

it.each(REQUESTS.map((operation) => [operation.id, operation] as const))('Python sends %s', (id, operation) => {
  const sample = sourceOf(operation, 'Python', server.origin)
  const env = { ...process.env, TICKETING_TOKEN: token, TICKETING_API_KEY: token }
  const { status, stderr } = spawnSync('python3', ['-c', sample], { cwd: folder, env, encoding: 'utf8' })
  if (status === 0) {
    succeeded.push(id)
    return
  }
  // The sample prints the response of the API. Anything else, such as a traceback, is not JSON.
  const { error } = ErrorBody.parse(JSON.parse(stderr))
  expect(ERRORS_OF_DATA, `${sample}\n${stderr}`).toContain(error.code)
})

it('most of them succeed', () => {
  expect(succeeded.length, succeeded.join(' ')).toBeGreaterThan(REQUESTS.length / 2)
})
