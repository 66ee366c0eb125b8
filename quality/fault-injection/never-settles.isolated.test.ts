import { env } from 'cloudflare:workers'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { attachments, objectIntents } from '../../src/db/schema/tickets'
import { sql } from '../../src/db/sql'
import { select } from '../../src/db/statement'
import worker from '../../src/index'
import { createTestAccount, ORIGIN, type TestResponse } from '../../test/helpers/api'
import { warmUp } from '../../test/helpers/credentials'
import { rows } from '../../test/helpers/database'
import { uploadFile } from '../../test/helpers/files'
import { API_OPERATIONS, type ApiOperation, operationOf } from '../../test/helpers/operations'
import { prepareRequest, type SampleRequest, sendAndWait } from '../../test/helpers/sample-requests'
import { FaultLayer } from './fault-layer'

const DEADLINE = 30_000
const FILE = { filename: 'a.txt', content: 'YWJj', mime_type: 'text/plain' }

/** These calls fail without an error: their responses are not needed, or come after the response. */
const IGNORED = /^(queue|SWEEPER|LOGIN_THROTTLE (settle|trustAddress)|RATE_LIMITER endInvalidation|R2 delete)/

/** The object's own read at the end of an invalidation, and the reads and writes around the deletion of objects. */
function isAfterCommit(names: string[], index: number): boolean {
  const [invalidated, deleted] = [names.indexOf('RATE_LIMITER endInvalidation'), names.indexOf('R2 delete')]
  return (invalidated !== -1 && index > invalidated) || (deleted !== -1 && index >= deleted - 1)
}

let layer: FaultLayer

beforeAll(() => {
  const setRealTimeout = globalThis.setTimeout
  // The deadline is short, but longer than calls take.
  vi.spyOn(globalThis, 'setTimeout').mockImplementation(((work: () => void, ms?: number, ...args: unknown[]) =>
    setRealTimeout(work, ms === DEADLINE ? 300 : ms, ...(args as []))) as never)
  for (const level of ['info', 'error'] as const) vi.spyOn(console, level).mockImplementation(() => undefined)
  layer = new FaultLayer()
})
afterAll(() => {
  vi.restoreAllMocks()
})

async function prepare(operation: ApiOperation): Promise<SampleRequest> {
  const account = await createTestAccount()
  for (const member of [account.admin, account.agent, account.customer]) await warmUp(member)
  return prepareRequest(operation, account)
}

async function send(request: SampleRequest, stuck: number | null) {
  let response: TestResponse | undefined
  const calls = await layer.during(
    (index) => (index === stuck ? 'never settles' : null),
    async () => {
      response = await sendAndWait(request)
    },
  )
  if (!response) throw new Error('no response')
  return { response, calls }
}

function expectUnavailable(response: TestResponse, label: string): void {
  expect([response.status, response.body.error?.code], label).toEqual([503, 'unavailable'])
  expect(response.headers.get('Retry-After'), label).toMatch(/^\d+$/)
}

describe('a call of a binding that never settles', () => {
  it.each(API_OPERATIONS.map((operation) => ({ operation, name: operation.name })))(
    'causes 503 within its deadline: $name',
    async ({ operation }) => {
      const { calls } = await send(await prepare(operation), null)
      expect(calls.length).toBeGreaterThan(0)
      const names = calls.map(({ name }) => name)
      for (const [index, name] of names.entries()) {
        const { response } = await send(await prepare(operation), index)
        const label = `call ${index}, ${name}: ${response.text.slice(0, 200)}`
        if (response.status < 300) expect(IGNORED.test(name) || isAfterCommit(names, index), label).toBe(true)
        else expectUnavailable(response, label)
      }
    },
    120_000,
  )

  it('causes 503 for a download', async () => {
    const { agent } = await createTestAccount()
    const path = (await uploadFile(agent, FILE)).url
    const request: SampleRequest = { caller: null, method: 'GET', path }
    const { calls } = await send(request, null)
    expect(calls.map(({ name }) => name).toSorted()).toEqual(['D1 batch', 'R2 get', 'RATE_LIMITER countUpTo'])
    for (const index of [...calls].keys()) expectUnavailable((await send(request, index)).response, `call ${index}`)
  })

  it.each(['/docs', '/docs/reference', '/llms.txt'])('causes 503 for %s', async (path) => {
    const fetched = await layer.during(
      () => 'never settles',
      async () => {
        const ctx = { waitUntil: () => undefined, passThroughOnException: () => undefined } as never
        const response = await worker.fetch(new Request(`${ORIGIN}${path}`) as never, env, ctx)
        expect([response.status, response.headers.get('Retry-After')]).toEqual([503, '5'])
      },
    )
    expect(fetched.map(({ name }) => name)).toEqual(['ASSETS fetch'])
  })
})

describe('an upload into storage that stops accepting bytes', () => {
  it.each(['uploadAttachment', 'createTicket', 'createComment'])(
    'returns 503 and leaves the intent, so that the sweep deletes what is stored late: %s',
    async (operationId) => {
      const request = await prepare(operationOf(operationId))
      const keys: string[] = []
      const put = vi.spyOn(env.FILES, 'put').mockImplementation(((key: string) => {
        keys.push(key)
        return new Promise(() => undefined)
      }) as never)
      const response = await sendAndWait(request)
      put.mockRestore()
      expectUnavailable(response, operationId)
      expect(keys.length).toBeGreaterThan(0)
      for (const key of keys) {
        const [accountId, id] = key.split('/')
        const isOfFile = sql`account_id = ${accountId} AND id = ${id}`
        expect(await rows(select({ id: objectIntents.id }, sql`FROM ${objectIntents} WHERE ${isOfFile}`))).toHaveLength(
          1,
        )
        expect(await rows(select({ id: attachments.id }, sql`FROM ${attachments} WHERE ${isOfFile}`))).toHaveLength(0)
      }
    },
  )
})
