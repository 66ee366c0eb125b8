import { env } from 'cloudflare:workers'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { sweepObjects } from '../../src/attachments/service'
import { type Account, type Answer, createTestAccount } from '../../test/helpers/api'
import { warmUp } from '../../test/helpers/credentials'
import { brokenClaims, type Dump, dump, growth } from '../../test/helpers/database-snapshot'
import { uploaded } from '../../test/helpers/files'
import { API_OPERATIONS, type ApiOperation, operationOf } from '../../test/helpers/operations'
import { prepareRequest, type SampleRequest, sendAndWait } from '../../test/helpers/sample-requests'
import { type FaultKind, FaultLayer, SECRET_OF_FAULTS } from './fault-layer'

const HOUR = 3_600_000
const FILE = { filename: 'a.txt', content: 'YWJj', mime_type: 'text/plain' }

/** What is tried: an operation, or the download of a file. */
interface Subject {
  name: string
  isRead: boolean
  takesKey: boolean
  prepare(account: Account): Promise<SampleRequest>
}

const DOWNLOAD: Subject = {
  name: 'GET /files/{attachment_id}/{filename}',
  isRead: true,
  takesKey: false,
  prepare: async ({ agent }) => ({ caller: null, method: 'GET', path: (await uploaded(agent, FILE)).url }),
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
    takesKey: operation.takesIdempotencyKey,
    async prepare(account) {
      const request = await prepareRequest(operation, account)
      const { caller } = request
      const isWarm = caller && [account.admin, account.agent, account.customer].includes(caller)
      if (caller && !isWarm) await warmUp(caller)
      return request
    },
  }
}

/** One subject under trial: its request and idempotency key, and what was stored before. */
interface Trial {
  request: SampleRequest
  idempotencyKey: string | undefined
  before: Dump
}

async function begin({ name, takesKey, prepare }: Subject, account: Account): Promise<Trial> {
  const request = await prepare(account)
  return { request, idempotencyKey: takesKey ? crypto.randomUUID() : undefined, before: await swept(name, account) }
}

/** Sends the request of a trial while calls fail as `broken` says. */
async function attempt({ request, idempotencyKey }: Trial, broken: Parameters<FaultLayer['during']>[0]) {
  let answer: Answer | undefined
  const calls = await layer.during(broken, async () => {
    answer = await sendAndWait(request, { idempotencyKey })
  })
  if (!answer) throw new Error('no answer')
  return { answer, calls }
}

/** What there is once the sweep has settled what was begun. */
async function swept(name: string, account: Account): Promise<Dump> {
  const touchesFiles = /tickets|attachment/.test(name)
  const found = await dump(account, touchesFiles)
  if (found.tables.object_intents?.length === 0) return found
  await sweepObjects(env, Date.now() + 2 * HOUR)
  return dump(account, touchesFiles)
}

const isSame = (one: Dump, other: Dump) => JSON.stringify(one) === JSON.stringify(other)

function expectClean503(answer: Answer, where: string): void {
  expect([answer.status, answer.body.error?.code, answer.body.error?.details], `${where}: ${answer.text}`).toEqual([
    ...[503, 'unavailable', []],
  ])
  expect(answer.headers.get('Retry-After'), where).toMatch(/^\d+$/)
}

interface Fault {
  at: number
  kind: FaultKind
  name: string
}

function faultsOf(calls: Awaited<ReturnType<typeof attempt>>['calls']): Fault[] {
  return calls.flatMap((call, at) =>
    (call.writes ? (['refuses', 'loses its answer'] as const) : (['refuses'] as const)).map((kind) => ({
      at,
      kind,
      name: `call ${at}, ${call.name}, ${kind}`,
    })),
  )
}

async function failEachRead(subject: Subject, account: Account): Promise<void> {
  const trial = await begin(subject, account)
  const { answer, calls } = await attempt(trial, () => null)
  expect([answer.status, calls.length > 0], answer.text).toEqual([200, true])
  for (const fault of faultsOf(calls)) {
    const failed = await attempt(trial, (index) => (index === fault.at ? fault.kind : null))
    if (failed.answer.status !== 200) expectClean503(failed.answer, fault.name)
  }
  expect((await attempt(trial, () => 'is slow')).answer.status).toBe(200)
  expect(isSame(await swept(subject.name, account), trial.before)).toBe(true)
}

/**
 * A write that has failed and left nothing is sent again, with its key, by the next trial; one that was done is sent
 * again immediately.
 */
async function failEachWrite(subject: Subject, account: Account): Promise<void> {
  const sound = await begin(subject, account)
  const { answer: ordinary, calls } = await attempt(sound, () => null)
  expect([ordinary.status < 300, calls.length > 0], ordinary.text).toEqual([true, true])
  const whole = growth(sound.before, await swept(subject.name, account))

  const expectDone = async ({ before }: Trial, answer: Answer, where: string) => {
    expect(answer.status, `${where}: ${answer.text}`).toBe(ordinary.status)
    expect(growth(before, await swept(subject.name, account)), where).toEqual(whole)
  }

  let trial = await begin(subject, account)
  for (const fault of faultsOf(calls)) {
    const { answer } = await attempt(trial, (index) => (index === fault.at ? fault.kind : null))
    const left = await swept(subject.name, account)
    expect(brokenClaims(left, account), fault.name).toEqual([])
    const isDone = !isSame(left, trial.before)
    if (answer.status !== ordinary.status) expectClean503(answer, fault.name)
    if (answer.status === ordinary.status || isDone) expect(growth(trial.before, left), fault.name).toEqual(whole)
    if (answer.status === 503 && fault.kind === 'refuses') expect(left, fault.name).toEqual(trial.before)
    if (answer.status === 503 && !isDone) continue
    if (trial.idempotencyKey !== undefined) {
      const again = await attempt(trial, () => null)
      await expectDone(trial, again.answer, `${fault.name}, and again`)
      if (answer.status !== 503) expect(again.answer.text, fault.name).toBe(answer.text)
    }
    trial = await begin(subject, account)
  }
  await expectDone(trial, (await attempt(trial, () => 'is slow')).answer, 'all calls are slow')
}

describe('F03 every call of every operation fails once', () => {
  it.each(SUBJECTS)(
    'C01 F03 S15 $name: its answer or a clean 503, and done once or not at all',
    async (subject) => {
      const account = await createTestAccount()
      for (const member of [account.admin, account.agent, account.customer]) await warmUp(member)
      await (subject.isRead ? failEachRead(subject, account) : failEachWrite(subject, account))
    },
    60_000,
  )
})

describe('F03 an outage that stays', () => {
  it.each(['createTicket', 'createComment', 'uploadAttachment'].map(operationOf).map(subjectOf))(
    'F03 $name: from each call on, a clean 503 or the whole write; the sweep cleans up once it is over',
    async (subject) => {
      const account = await createTestAccount()
      await warmUp(account.customer)
      const { calls } = await attempt(await begin(subject, account), () => null)
      for (const at of calls.keys()) {
        const trial = await begin(subject, account)
        const { answer } = await attempt(trial, (index) => (index >= at ? 'refuses' : null))
        if (answer.status === 201) continue
        expectClean503(answer, `from call ${at} on`)
        expect(await swept(subject.name, account), `from call ${at} on`).toEqual(trial.before)
      }
    },
    60_000,
  )
})

describe('the log of all that', () => {
  it('S20 has a line for each failure, by class and place, and none of what the failures said', () => {
    expect(logged.length).toBeGreaterThan(500)
    expect(logged.filter((line) => line.includes(SECRET_OF_FAULTS))).toEqual([])
    const failures = logged.map((line) => JSON.parse(line)).filter(({ failure }) => failure)
    expect(new Set(failures.map(({ failure }) => failure.error))).toEqual(new Set(['Error', 'DbError']))
    for (const { failure } of failures) expect(failure.at).toMatch(/^at /)
    const parts = new Set(failures.map(({ failed }) => failed))
    for (const part of ['wake', 'settle', 'throttle', 'discard files', 'delete objects']) expect(parts).toContain(part)
  })
})
