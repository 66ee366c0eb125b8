import { spawnSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { ERRORS_OF_DATA, REQUESTS, sourceOf } from '../../test/helpers/node/sample-requests.ts'
import { sampleServer } from '../../test/helpers/node/sample-server.ts'
import { runCommand } from './toolchains.ts'

const server = sampleServer('python')
const succeeded: string[] = []

const ErrorBody = z.object({ error: z.object({ code: z.string() }) })

it('has the library of the samples: python3 -m pip install requests', () => {
  runCommand(['python3', '-c', 'import requests'], server.folder)
})

it.each(REQUESTS.map((operation) => [operation.id, operation] as const))('Python sends %s', (id, operation) => {
  const sample = sourceOf(operation, 'Python', server.origin)
  const { status, stderr } = spawnSync('python3', ['-c', sample], {
    cwd: server.folder,
    env: server.env,
    encoding: 'utf8',
  })
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
