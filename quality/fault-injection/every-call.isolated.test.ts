import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Account, createTestAccount, type TestResponse } from '../../test/helpers/api'
import { warmUp } from '../../test/helpers/credentials'
import { brokenInvariants, changesBetween } from '../../test/helpers/database-snapshot'
import { uploadFile } from '../../test/helpers/files'
import { API_OPERATIONS, operationOf } from '../../test/helpers/operations'
import { type Call, FAULT_SECRET, type FaultKind, FaultLayer } from './fault-layer'
import {
  createTrial,
  expectClean503,
  isSame,
  runTrial,
  type Subject,
  snapshotAfterSweep,
  subjectOf,
  type Trial,
} from './trials'

const FILE = { filename: 'a.txt', content: 'YWJj', mime_type: 'text/plain' }

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

interface Fault {
  at: number
  kind: FaultKind
  name: string
}

function faultsOf(calls: Call[]): Fault[] {
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
  const { response, calls } = await runTrial(layer, trial, () => null)
  expect([response.status, calls.length > 0], response.text).toEqual([200, true])
  for (const fault of faultsOf(calls)) {
    const failed = await runTrial(layer, trial, (index) => (index === fault.at ? fault.kind : null))
    if (failed.response.status !== 200) expectClean503(failed.response, fault.name)
  }
  expect((await runTrial(layer, trial, () => 'is slow')).response.status).toBe(200)
  expect(isSame(await snapshotAfterSweep(subject.name, account), trial.before)).toBe(true)
}

/**
 * A write that failed without an effect is retried with its key in the next trial; one that took effect, immediately.
 */
async function failEachWrite(subject: Subject, account: Account): Promise<void> {
  const firstTrial = await createTrial(subject, account)
  const { response: expected, calls } = await runTrial(layer, firstTrial, () => null)
  expect([expected.status < 300, calls.length > 0], expected.text).toEqual([true, true])
  const expectedChanges = changesBetween(firstTrial.before, await snapshotAfterSweep(subject.name, account))

  const expectComplete = async ({ before }: Trial, response: TestResponse, label: string) => {
    expect(response.status, `${label}: ${response.text}`).toBe(expected.status)
    expect(changesBetween(before, await snapshotAfterSweep(subject.name, account)), label).toEqual(expectedChanges)
  }

  let trial = await createTrial(subject, account)
  for (const fault of faultsOf(calls)) {
    const { response } = await runTrial(layer, trial, (index) => (index === fault.at ? fault.kind : null))
    const after = await snapshotAfterSweep(subject.name, account)
    expect(brokenInvariants(after, account), fault.name).toEqual([])
    const tookEffect = !isSame(after, trial.before)
    if (response.status !== expected.status) expectClean503(response, fault.name)
    if (response.status === expected.status || tookEffect)
      expect(changesBetween(trial.before, after), fault.name).toEqual(expectedChanges)
    if (response.status === 503 && fault.kind === 'rejects') expect(after, fault.name).toEqual(trial.before)
    if (response.status === 503 && !tookEffect) continue
    if (trial.idempotencyKey !== undefined) {
      const retry = await runTrial(layer, trial, () => null)
      await expectComplete(trial, retry.response, `${fault.name}, and again`)
      if (response.status !== 503) expect(retry.response.text, fault.name).toBe(response.text)
    }
    trial = await createTrial(subject, account)
  }
  await expectComplete(trial, (await runTrial(layer, trial, () => 'is slow')).response, 'all calls are slow')
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
    'F03 $name: from each call on, a clean 503 or the complete write; the sweep cleans up afterwards',
    async (subject) => {
      const account = await createTestAccount()
      await warmUp(account.customer)
      const { calls } = await runTrial(layer, await createTrial(subject, account), () => null)
      for (const at of calls.keys()) {
        const trial = await createTrial(subject, account)
        const { response } = await runTrial(layer, trial, (index) => (index >= at ? 'rejects' : null))
        if (response.status === 201) continue
        expectClean503(response, `from call ${at} on`)
        expect(await snapshotAfterSweep(subject.name, account), `from call ${at} on`).toEqual(trial.before)
      }
    },
    60_000,
  )
})

describe('the log of these failures', () => {
  it('S20 has a line for each failure, by class and place, without the message of the failure', () => {
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
