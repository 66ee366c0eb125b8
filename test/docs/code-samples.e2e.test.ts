import { spawnSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { ERRORS_OF_DATA, REQUESTS, sourceOf } from '../helpers/node/sample-requests.ts'
import { sampleServer } from '../helpers/node/sample-server.ts'

const server = sampleServer('curl')
const succeeded: string[] = []

const ErrorBody = z.object({ error: z.object({ code: z.string() }) })

it.each(REQUESTS.map((operation) => [operation.id, operation] as const))('curl sends %s', (_id, operation) => {
  const sample = sourceOf(operation, 'curl', server.origin)
  const script = `curl() { command curl -s -w '\\n%{http_code}' "$@"; }\n${sample}`
  const { status, stdout, stderr } = spawnSync('sh', ['-c', script], {
    cwd: server.folder,
    env: server.env,
    encoding: 'utf8',
  })
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
