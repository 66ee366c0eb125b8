import { env } from 'cloudflare:workers'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { sweepObjects } from '../../src/attachments/service'
import { type Account, createTestAccount, type TestResponse } from '../../test/helpers/api'
import { warmUp } from '../../test/helpers/credentials'
import {
  brokenInvariants,
  changesBetween,
  type DatabaseSnapshot,
  takeSnapshot,
} from '../../test/helpers/database-snapshot'
import { uploadFile } from '../../test/helpers/files'
import { API_OPERATIONS, type ApiOperation, operationOf } from '../../test/helpers/operations'
import { prepareRequest, type SampleRequest, sendAndWait } from '../../test/helpers/sample-requests'
import { FAULT_SECRET, type FaultKind, FaultLayer } from './fault-layer'

const HOUR = 3_600_000
const FILE = { filename: 'a.txt', content: 'YWJj', mime_type: 'text/plain' }

interface Subject {
  name: string
  isRead: boolean
  acceptsIdempotencyKey: boolean
  prepare(account: Account): Promise<SampleRequest>
}

const DOWNLOAD: Subject = {
  name: 'GET /files/{attachment_id}/{filename}',
  isRead: true,
  acceptsIdempotencyKey: false,
  prepare: async ({ agent }) => ({ caller: null, method: 'GET', path: (await uploadFile(agent, FILE)).url }),
}
const SUBJECTS = [...API_OPERATIONS.map(subjectOf), DOWNLOAD]

let layer: FaultLayer
let logged: string[]

beforeAll(() => {
  logged = []
  for (const level of ['info', 'error'] as const)
    vi.spyOn(console, level).mockImplementation((line) => {
      logged.push(String(line))
    })
  layer = new FaultLayer()
})
afterAll(() => {
  vi.restoreAllMocks()
})

function subjectOf(operation: ApiOperation): Subject {
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

interface Trial {
  request: SampleRequest
  idempotencyKey: string | undefined
  before: DatabaseSnapshot
}

async function createTrial({ name, acceptsIdempotencyKey, prepare }: Subject, account: Account): Promise<Trial> {
  const request = await prepare(account)
  return {
    request,
    idempotencyKey: acceptsIdempotencyKey ? crypto.randomUUID() : undefined,
    before: await snapshotAfterSweep(name, account),
  }
}

async function runTrial({ request, idempotencyKey }: Trial, faultAt: Parameters<FaultLayer['during']>[0]) {
  let response: TestResponse | undefined
  const calls = await layer.during(faultAt, async () => {
    response = await sendAndWait(request, { idempotencyKey })
  })
  if (!response) throw new Error('no answer')
  return { response, calls }
}

/** The database after a sweep has finished interrupted work. */
async function snapshotAfterSweep(name: string, account: Account): Promise<DatabaseSnapshot> {
  const touchesFiles = /tickets|attachment/.test(name)
  const found = await takeSnapshot(account, touchesFiles)
  if (found.tables.object_intents?.length === 0) return found
  await sweepObjects(env, Date.now() + 2 * HOUR)
  return takeSnapshot(account, touchesFiles)
}

const isSame = (one: DatabaseSnapshot, other: DatabaseSnapshot) => JSON.stringify(one) === JSON.stringify(other)

function expectClean503(response: TestResponse, label: string): void {
  expect(
    [response.status, response.body.error?.code, response.body.error?.details],
    `${label}: ${response.text}`,
  ).toEqual([...[503, 'unavailable', []]])
  expect(response.headers.get('Retry-After'), label).toMatch(/^\d+$/)
}

interface Fault {
  at: number
  kind: FaultKind
  name: string
}

function faultsOf(calls: Awaited<ReturnType<typeof runTrial>>['calls']): Fault[] {
  return calls.flatMap((call, at) =>
    (call.writes ? (['rejects', 'loses its response'] as const) : (['rejects'] as const)).map((kind) => ({
      at,
      kind,
      name: `call ${at}, ${call.name}, ${kind}`,
    })),
  )
}

async function failEachRead(subject: Subject, account: Account): Promise<void> {
  const trial = await createTrial(subject, account)
  const { response, calls } = await runTrial(trial, () => null)
  expect([response.status, calls.length > 0], response.text).toEqual([200, true])
  for (const fault of faultsOf(calls)) {
    const failed = await runTrial(trial, (index) => (index === fault.at ? fault.kind : null))
    if (failed.response.status !== 200) expectClean503(failed.response, fault.name)
  }
  expect((await runTrial(trial, () => 'is slow')).response.status).toBe(200)
  expect(isSame(await snapshotAfterSweep(subject.name, account), trial.before)).toBe(true)
}

/**
 * A write that failed without an effect is retried with its key in the next trial; one that took effect, immediately.
 */
async function failEachWrite(subject: Subject, account: Account): Promise<void> {
  const firstTrial = await createTrial(subject, account)
  const { response: expected, calls } = await runTrial(firstTrial, () => null)
  expect([expected.status < 300, calls.length > 0], expected.text).toEqual([true, true])
  const expectedChanges = changesBetween(firstTrial.before, await snapshotAfterSweep(subject.name, account))

  const expectComplete = async ({ before }: Trial, response: TestResponse, label: string) => {
    expect(response.status, `${label}: ${response.text}`).toBe(expected.status)
    expect(changesBetween(before, await snapshotAfterSweep(subject.name, account)), label).toEqual(expectedChanges)
  }

  let trial = await createTrial(subject, account)
  for (const fault of faultsOf(calls)) {
    const { response } = await runTrial(trial, (index) => (index === fault.at ? fault.kind : null))
    const after = await snapshotAfterSweep(subject.name, account)
    expect(brokenInvariants(after, account), fault.name).toEqual([])
    const tookEffect = !isSame(after, trial.before)
    if (response.status !== expected.status) expectClean503(response, fault.name)
    if (response.status === expected.status || tookEffect)
      expect(changesBetween(trial.before, after), fault.name).toEqual(expectedChanges)
    if (response.status === 503 && fault.kind === 'rejects') expect(after, fault.name).toEqual(trial.before)
    if (response.status === 503 && !tookEffect) continue
    if (trial.idempotencyKey !== undefined) {
      const retry = await runTrial(trial, () => null)
      await expectComplete(trial, retry.response, `${fault.name}, and again`)
      if (response.status !== 503) expect(retry.response.text, fault.name).toBe(response.text)
    }
    trial = await createTrial(subject, account)
  }
  await expectComplete(trial, (await runTrial(trial, () => 'is slow')).response, 'all calls are slow')
}

describe('F03 every call of every operation fails once', () => {
  it.each(SUBJECTS)(
    'C01 F03 S15 $name: the normal response or a clean 503, and run once or not at all',
    async (subject) => {
      const account = await createTestAccount()
      for (const member of [account.admin, account.agent, account.customer]) await warmUp(member)
      await (subject.isRead ? failEachRead(subject, account) : failEachWrite(subject, account))
    },
    60_000,
  )
})

describe('F03 a permanent outage', () => {
  it.each(['createTicket', 'createComment', 'uploadAttachment'].map(operationOf).map(subjectOf))(
    'F03 $name: from each call on, a clean 503 or the complete write; the sweep cleans up once it is over',
    async (subject) => {
      const account = await createTestAccount()
      await warmUp(account.customer)
      const { calls } = await runTrial(await createTrial(subject, account), () => null)
      for (const at of calls.keys()) {
        const trial = await createTrial(subject, account)
        const { response } = await runTrial(trial, (index) => (index >= at ? 'rejects' : null))
        if (response.status === 201) continue
        expectClean503(response, `from call ${at} on`)
        expect(await snapshotAfterSweep(subject.name, account), `from call ${at} on`).toEqual(trial.before)
      }
    },
    60_000,
  )
})

describe('the log of these failures', () => {
  it('S20 has a line for each failure, by class and place, and no message of a failure', () => {
    expect(logged.length).toBeGreaterThan(500)
    expect(logged.filter((line) => line.includes(FAULT_SECRET))).toEqual([])
    const failures = logged.map((line) => JSON.parse(line)).filter(({ failure }) => failure)
    expect(new Set(failures.map(({ failure }) => failure.error))).toEqual(new Set(['Error', 'DbError']))
    for (const { failure } of failures) expect(failure.at).toMatch(/^at /)
    const tasks = new Set(failures.map(({ failed }) => failed))
    for (const task of [
      'enqueue fan-out',
      'end invalidation',
      'update login throttle',
      'release uploads',
      'delete objects',
    ])
      expect(tasks).toContain(task)
  })
})
