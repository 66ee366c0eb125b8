import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest'
import { idempotencyRecords, users } from '../../src/db/schema/accounts'
import { sql } from '../../src/db/sql'
import { select } from '../../src/db/statement'
import { update } from '../../src/db/write'
import { type Account, createTestAccount, createTestMember, type TestResponse } from '../../test/helpers/api'
import { warmUp } from '../../test/helpers/credentials'
import { countOf, execute, row } from '../../test/helpers/database'
import { brokenInvariants, changesBetween } from '../../test/helpers/database-snapshot'
import { API_OPERATIONS, CALLER_WRITES, operationOf } from '../../test/helpers/operations'
import { type SampleRequest, sendAndWait } from '../../test/helpers/sample-requests'
import { createTestWebhook } from '../../test/helpers/webhooks'
import { type Call, FaultLayer, failWrites, isDatabaseWrite } from './fault-layer'
import { createTrial, expectClean503, isSame, runTrial, snapshotAfterSweep, subjectOf } from './trials'

const LOST = () => new Error('D1_ERROR: Network connection lost.')
const OVERLOADED = () => new Error('D1_ERROR: D1 DB is overloaded. Requests queued for too long.')
const KINDS = ['rejects', 'loses its response'] as const

const KEYED = API_OPERATIONS.filter(({ acceptsIdempotencyKey }) => acceptsIdempotencyKey)

let account: Account
let layer: FaultLayer
let waits: MockInstance<typeof scheduler.wait>
let logged: Record<string, unknown>[]

beforeEach(async () => {
  logged = []
  for (const level of ['info', 'error'] as const)
    vi.spyOn(console, level).mockImplementation((line) => {
      logged.push(JSON.parse(String(line)))
    })
  waits = vi.spyOn(scheduler, 'wait').mockResolvedValue(undefined)
  layer = new FaultLayer()
  account = await createTestAccount()
  for (const member of [account.admin, account.agent, account.customer]) await warmUp(member)
})
afterEach(() => {
  vi.restoreAllMocks()
})

const writesIn = (calls: Call[]) => calls.flatMap((call, index) => (isDatabaseWrite(call) ? [index] : []))

describe('a write with an idempotency key', () => {
  it.each(KEYED.map(subjectOf))(
    'has one effect and its normal response if D1 loses the connection once: $name',
    async (subject) => {
      const usual = await createTrial(subject, account)
      const { response: expected, calls } = await runTrial(layer, usual)
      const expectedChanges = changesBetween(usual.before, await snapshotAfterSweep(subject.name, account))
      const writes = writesIn(calls).length
      expect([expected.status < 300, writes > 0], expected.text).toEqual([true, true])
      for (const kind of KINDS)
        for (let failed = 0; failed < writes; failed += 1) {
          const label = `write ${failed} ${kind}`
          const trial = await createTrial(subject, account)
          const { response } = await runTrial(
            layer,
            trial,
            failWrites(kind, LOST, (write) => write === failed),
          )
          expect(response.status, `${label}: ${response.text}`).toBe(expected.status)
          expect(response.headers.get('Idempotent-Replayed'), label).toBeNull()
          const after = await snapshotAfterSweep(subject.name, account)
          expect(brokenInvariants(after, account), label).toEqual([])
          expect(changesBetween(trial.before, after), label).toEqual(expectedChanges)
          const repeated = await sendAndWait(trial.request, { idempotencyKey: trial.idempotencyKey })
          expect([repeated.status, repeated.headers.get('Idempotent-Replayed')], label).toEqual([
            expected.status,
            'true',
          ])
          expect(repeated.text, label).toBe(response.text)
        }
      expect(logged.filter(({ failed }) => failed)).toEqual([])
    },
    60_000,
  )

  it('fails without an effect after three tries, and runs once when it is sent again', async () => {
    const subject = subjectOf(operationOf('createUser'))
    const trial = await createTrial(subject, account)
    const { response, calls } = await runTrial(
      layer,
      trial,
      failWrites('rejects', LOST, () => true),
    )
    expectClean503(response, 'three tries')
    expect(writesIn(calls)).toHaveLength(3)
    expect(isSame(await snapshotAfterSweep(subject.name, account), trial.before)).toBe(true)
    expect((await runTrial(layer, trial)).response.status).toBe(201)
  })

  it('notifies the consumer and keeps its files if the response of its commit is lost', async () => {
    await createTestWebhook(account)
    const trial = await createTrial(subjectOf(operationOf('createComment')), account)
    const { response, calls } = await runTrial(
      layer,
      trial,
      failWrites('loses its response', LOST, (write) => write === 1),
    )
    const [file] = response.body.data.attachments
    const notifications = calls.filter(({ name }) => name === 'queue send')
    expect([response.status, notifications.length]).toEqual([201, 1])
    const download = await sendAndWait({ caller: null, method: 'GET', path: file.url })
    expect(download.status).toBe(200)
  })

  const own = (admin: SampleRequest['caller'], method: string, body?: unknown): SampleRequest => ({
    caller: admin,
    method,
    path: `users/${admin?.id}`,
    ...(body !== undefined && { body }),
  })

  it.each([
    ['lowers its own role', 'PATCH', { role: 'agent' }, 200],
    ['deactivates itself', 'DELETE', undefined, 204],
  ] as const)('returns its response if the caller %s and the connection is lost', async (_, method, body, status) => {
    const admin = await createTestMember(account.id, 'admin')
    await warmUp(admin)
    const trial = { request: own(admin, method, body), idempotencyKey: crypto.randomUUID() }
    const { response } = await runTrial(
      layer,
      trial,
      failWrites('loses its response', LOST, (write) => write === 0),
    )
    expect(response.status, response.text).toBe(status)
  })

  it('is rejected if the caller was deactivated by another request between two tries', async () => {
    const admin = await createTestMember(account.id, 'admin')
    const trial = await createTrial(subjectOf(operationOf('createUser')), account)
    await warmUp(admin)
    waits.mockImplementation(async () => {
      await execute(update(users, { status: 'inactive' }, sql`${users.id} = ${admin.id}`))
    })
    const { response } = await runTrial(
      layer,
      { ...trial, request: { ...trial.request, caller: admin } },
      failWrites('rejects', LOST, (write) => write === 0),
    )
    expect(response.status, response.text).toBe(401)
    const found = await row(select({ records: countOf(account, idempotencyRecords) }, sql``))
    expect(found?.records).toBe(0)
  })

  it('replays another request with the key that was committed between two tries', async () => {
    const trial = await createTrial(subjectOf(operationOf('createUser')), account)
    let other: TestResponse | undefined
    waits.mockImplementation(async () => {
      // The time of a request identifies it.
      await new Promise((resolve) => setTimeout(resolve, 5))
      other = await sendAndWait(trial.request, { idempotencyKey: trial.idempotencyKey })
    })
    const { response } = await runTrial(
      layer,
      trial,
      failWrites('rejects', LOST, (write) => write === 0),
    )
    expect([other?.status, response.status, response.headers.get('Idempotent-Replayed')]).toEqual([201, 201, 'true'])
    expect(response.text).toBe(other?.text)
  })
})

describe('a write without an idempotency key', () => {
  it.each(CALLER_WRITES.map(subjectOf))(
    'fails without another try if D1 loses the connection: $name',
    async (subject) => {
      for (const kind of KINDS) {
        const trial = { ...(await createTrial(subject, account)), idempotencyKey: undefined }
        const { response, calls } = await runTrial(
          layer,
          trial,
          failWrites(kind, LOST, (write) => write === 0),
        )
        // A replay of no events writes nothing.
        if (writesIn(calls).length > 0) expectClean503(response, kind)
        if (kind === 'rejects') expect(await snapshotAfterSweep(subject.name, account)).toEqual(trial.before)
        expect(waits, kind).not.toHaveBeenCalled()
      }
    },
    60_000,
  )
})

describe('an overloaded database', () => {
  it('gives 503 without another try, and the log line says so', async () => {
    const trial = await createTrial(subjectOf(operationOf('updateTicket')), account)
    const { response, calls } = await runTrial(
      layer,
      trial,
      failWrites('rejects', OVERLOADED, () => true),
    )
    expectClean503(response, 'overloaded')
    expect(writesIn(calls)).toHaveLength(1)
    const failures = logged.flatMap(({ failure }) => (failure ? [failure] : []))
    expect(failures).toEqual([{ error: 'DbError', at: expect.stringMatching(/^at /), overloaded: true }])
  })
})
