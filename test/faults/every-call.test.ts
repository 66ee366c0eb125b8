import { env } from 'cloudflare:workers'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { sweepObjects } from '../../src/attachments/service'
import { type Account, type Answer, mintAccount } from '../helpers/api'
import { knock } from '../helpers/credentials'
import { DEEDS, type Deed, prepare, takesKey } from '../helpers/deeds'
import { brokenClaims, type Dump, dump, growth } from '../helpers/dump'
import { carryOut, type FaultKind, FaultLayer, SECRET_OF_FAULTS } from '../helpers/faults'
import { uploaded } from '../helpers/files'
import { operations } from '../helpers/operations'

const HOUR = 3_600_000
const FILE = { filename: 'a.txt', content: 'YWJj', mime_type: 'text/plain' }
const DOWNLOAD = 'GET /files/{attachment_id}/{filename}'

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

/** A deed by somebody whom their object knows, as it knows most. */
async function prepared(name: string, account: Account): Promise<Deed> {
  if (name === DOWNLOAD) return { by: null, method: 'GET', path: (await uploaded(account.agent, FILE)).url }
  const deed = await prepare(name, account)
  const isKnown = [account.admin, account.agent, account.customer].some(({ id }) => id === deed.by?.id)
  if (deed.by && !isKnown) await knock(deed.by)
  return deed
}

const keyFor = (name: string) => (takesKey(name) ? crypto.randomUUID() : undefined)

/** One operation under trial: what is done to, under which key, and what there was before. */
interface Trial {
  deed: Deed
  key: string | undefined
  before: Dump
}

async function begin(name: string, account: Account): Promise<Trial> {
  const deed = await prepared(name, account)
  return { deed, key: keyFor(name), before: await swept(name, account) }
}

/** Carries out a deed while calls fail as told. */
async function attempt({ deed, key }: Trial, broken: Parameters<FaultLayer['during']>[0]) {
  let answer: Answer | undefined
  const calls = await layer.during(broken, async () => {
    answer = await carryOut(deed, key, { ALLOW_SIGNUP: 'true' })
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

async function failEachRead(name: string, account: Account): Promise<void> {
  const trial = await begin(name, account)
  const { answer, calls } = await attempt(trial, () => null)
  expect([answer.status, calls.length > 0], answer.text).toEqual([200, true])
  for (const fault of faultsOf(calls)) {
    const failed = await attempt(trial, (index) => (index === fault.at ? fault.kind : null))
    if (failed.answer.status !== 200) expectClean503(failed.answer, fault.name)
  }
  expect((await attempt(trial, () => 'is slow')).answer.status).toBe(200)
  expect(isSame(await swept(name, account), trial.before)).toBe(true)
}

/**
 * A deed that has failed and left nothing is tried again, under its key, by the next trial; one that was done is tried
 * again at once.
 */
async function failEachWrite(name: string, account: Account): Promise<void> {
  const sound = await begin(name, account)
  const { answer: ordinary, calls } = await attempt(sound, () => null)
  expect([ordinary.status < 300, calls.length > 0], ordinary.text).toEqual([true, true])
  const whole = growth(sound.before, await swept(name, account))

  const expectDone = async ({ before }: Trial, answer: Answer, where: string) => {
    expect(answer.status, `${where}: ${answer.text}`).toBe(ordinary.status)
    expect(growth(before, await swept(name, account)), where).toEqual(whole)
  }

  let trial = await begin(name, account)
  for (const fault of faultsOf(calls)) {
    const { answer } = await attempt(trial, (index) => (index === fault.at ? fault.kind : null))
    const left = await swept(name, account)
    expect(brokenClaims(left, account), fault.name).toEqual([])
    const isDone = !isSame(left, trial.before)
    if (answer.status !== ordinary.status) expectClean503(answer, fault.name)
    if (answer.status === ordinary.status || isDone) expect(growth(trial.before, left), fault.name).toEqual(whole)
    if (answer.status === 503 && fault.kind === 'refuses') expect(left, fault.name).toEqual(trial.before)
    if (answer.status === 503 && !isDone) continue
    if (trial.key !== undefined) {
      const again = await attempt(trial, () => null)
      await expectDone(trial, again.answer, `${fault.name}, and again`)
      if (answer.status !== 503) expect(again.answer.text, fault.name).toBe(answer.text)
    }
    trial = await begin(name, account)
  }
  await expectDone(trial, (await attempt(trial, () => 'is slow')).answer, 'all calls are slow')
}

describe('F03 every call of every operation fails once', () => {
  it('F03 of every operation that there is: a new one needs a deed', async () => {
    expect(DEEDS.toSorted()).toEqual((await operations()).map(({ name }) => name).toSorted())
  })

  it.each([...DEEDS, DOWNLOAD])(
    'C01 F03 S15 %s: its answer or a clean 503, and done once or not at all',
    async (name) => {
      const account = await mintAccount()
      for (const member of [account.admin, account.agent, account.customer]) await knock(member)
      await (name.startsWith('GET ') ? failEachRead(name, account) : failEachWrite(name, account))
    },
    60_000,
  )
})

describe('F03 an outage that stays', () => {
  it.each(['POST /tickets', 'POST /tickets/{ticket_id}/comments', 'POST /tickets/{ticket_id}/attachments'])(
    'F03 %s: from each call on, a clean 503 or the whole deed; the sweep cleans up once it is over',
    async (name) => {
      const account = await mintAccount()
      await knock(account.customer)
      const { calls } = await attempt(await begin(name, account), () => null)
      for (const at of calls.keys()) {
        const trial = await begin(name, account)
        const { answer } = await attempt(trial, (index) => (index >= at ? 'refuses' : null))
        if (answer.status === 201) continue
        expectClean503(answer, `from call ${at} on`)
        expect(await swept(name, account), `from call ${at} on`).toEqual(trial.before)
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
