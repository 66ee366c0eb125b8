import { env } from 'cloudflare:workers'
import { expect } from 'vitest'
import { sweepObjects } from '../../src/attachments/service'
import type { Account, TestResponse } from '../../test/helpers/api'
import { warmUp } from '../../test/helpers/credentials'
import { type DatabaseSnapshot, takeSnapshot } from '../../test/helpers/database-snapshot'
import type { ApiOperation } from '../../test/helpers/operations'
import { prepareRequest, type SampleRequest, sendAndWait } from '../../test/helpers/sample-requests'
import type { Call, FaultLayer } from './fault-layer'

const HOUR = 3_600_000

export interface Subject {
  name: string
  isRead: boolean
  acceptsIdempotencyKey: boolean
  prepare(account: Account): Promise<SampleRequest>
}

export interface Trial {
  request: SampleRequest
  idempotencyKey: string | undefined
  before: DatabaseSnapshot
}

export function subjectOf(operation: ApiOperation): Subject {
  return {
    name: operation.name,
    isRead: operation.method === 'GET',
    acceptsIdempotencyKey: operation.acceptsIdempotencyKey,
    async prepare(account) {
      const request = await prepareRequest(operation, account)
      const { caller } = request
      const isWarm = caller && [account.admin, account.agent, account.customer].includes(caller)
      if (caller && !isWarm) await warmUp(caller)
      return request
    },
  }
}

export async function createTrial({ name, acceptsIdempotencyKey, prepare }: Subject, account: Account): Promise<Trial> {
  const request = await prepare(account)
  return {
    request,
    idempotencyKey: acceptsIdempotencyKey ? crypto.randomUUID() : undefined,
    before: await snapshotAfterSweep(name, account),
  }
}

export async function runTrial(
  layer: FaultLayer,
  { request, idempotencyKey }: Omit<Trial, 'before'>,
  faultAt: Parameters<FaultLayer['during']>[0] = () => null,
): Promise<{ response: TestResponse; calls: Call[] }> {
  let response: TestResponse | undefined
  const calls = await layer.during(faultAt, async () => {
    response = await sendAndWait(request, { idempotencyKey })
  })
  if (!response) throw new Error('no response')
  return { response, calls }
}

/** The database after a sweep has finished interrupted work. */
export async function snapshotAfterSweep(name: string, account: Account): Promise<DatabaseSnapshot> {
  const touchesFiles = /tickets|attachment/.test(name)
  const found = await takeSnapshot(account, touchesFiles)
  if (found.tables.object_intents?.length === 0) return found
  await sweepObjects(env, Date.now() + 2 * HOUR)
  return takeSnapshot(account, touchesFiles)
}

export function isSame(one: DatabaseSnapshot, other: DatabaseSnapshot): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}

export function expectClean503(response: TestResponse, label: string): void {
  expect(
    [response.status, response.body.error?.code, response.body.error?.details],
    `${label}: ${response.text}`,
  ).toEqual([...[503, 'unavailable', []]])
  expect(response.headers.get('Retry-After'), label).toMatch(/^\d+$/)
}
