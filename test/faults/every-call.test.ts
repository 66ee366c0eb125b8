import { env } from 'cloudflare:workers'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { sweepObjects } from '../../src/attachments/service'
import { type Account, type Answer, createTicket, mintAccount } from '../helpers/api'
import { knock } from '../helpers/credentials'
import { DEEDS, type Deed, prepare, takesKey } from '../helpers/deeds'
import { type Dump, dump, faultsOf, growth } from '../helpers/dump'
import { carryOut, type FaultKind, FaultLayer, SECRET_OF_FAULTS } from '../helpers/faults'
import { operations } from '../helpers/operations'

// What is tried here is not hashing, and each would take a sixth of a second.
vi.mock(import('../../src/lib/passwords'), async (original) => ({
  ...(await original()),
  hashPassword: (password: string) =>
    Promise.resolve(`scrypt$2$1$1$c2FsdA$${Buffer.from(password).toString('base64url')}`),
}))

const HOUR = 3_600_000
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

async function prepared(name: string, account: Account): Promise<Deed> {
  if (name !== DOWNLOAD) {
    const deed = await prepare(name, account)
    // The caller's object knows it, as it knows most.
    if (deed.by) await knock(deed.by)
    return deed
  }
  const ticket = await createTicket(account.agent, {
    attachments: [{ filename: 'a.txt', content: 'YWJj', mime_type: 'text/plain' }],
  })
  return { by: null, method: 'GET', path: ticket.attachments[0].url }
}

/** Carries out a deed while calls fail as told, and sees what it leaves once the sweep has been there. */
async function attempt(
  account: Account,
  deed: Deed,
  key: string | undefined,
  broken: Parameters<FaultLayer['during']>[0],
) {
  let answer: Answer | undefined
  const calls = await layer.during(broken, async () => {
    answer = await carryOut(deed, key, { ALLOW_SIGNUP: 'true' })
  })
  if (!answer) throw new Error('no answer')
  return { answer, calls, left: await swept(account) }
}

async function swept(account: Account): Promise<Dump> {
  const found = await dump(account)
  if (found.tables.object_intents?.length === 0) return found
  await sweepObjects(env, Date.now() + 2 * HOUR)
  return dump(account)
}

function expectClean503(answer: Answer, where: string): void {
  expect([answer.status, answer.body.error?.code, answer.body.error?.details], `${where}: ${answer.text}`).toEqual([
    ...[503, 'unavailable', []],
  ])
  expect(answer.headers.get('Retry-After'), where).toMatch(/^\d+$/)
}

describe('F03 every call of every operation fails once', () => {
  it('F03 of every operation that there is: a new one needs a deed', async () => {
    expect(DEEDS.toSorted()).toEqual((await operations()).map(({ name }) => name).toSorted())
  })

  it.each([...DEEDS, DOWNLOAD])(
    'C01 F03 S15 %s: its answer or a clean 503, nothing half done, and done once when tried again',
    async (name) => {
      const account = await mintAccount()
      for (const member of [account.admin, account.agent, account.customer]) await knock(member)
      const keyOf = () => (takesKey(name) ? crypto.randomUUID() : undefined)

      const first = await prepared(name, account)
      const empty = await dump(account)
      const sound = await attempt(account, first, keyOf(), () => null)
      const whole = growth(empty, sound.left)
      expect(sound.answer.status, sound.answer.text).toBeLessThan(300)
      expect(sound.calls.length).toBeGreaterThan(0)

      const slowDeed = await prepared(name, account)
      const beforeSlow = await dump(account)
      const slow = await attempt(account, slowDeed, keyOf(), () => 'is slow')
      expect([slow.answer.status, growth(beforeSlow, slow.left)]).toEqual([sound.answer.status, whole])

      for (const [at, call] of sound.calls.entries())
        for (const kind of call.writes ? (['refuses', 'loses its answer'] as const) : (['refuses'] as const))
          await oneFault(
            account,
            name,
            { at, kind, called: `call ${at}, ${call.name}, ${kind}` },
            keyOf(),
            sound.answer.status,
            whole,
          )
    },
    60_000,
  )
})

async function oneFault(
  account: Account,
  name: string,
  { at, kind, called }: { at: number; kind: FaultKind; called: string },
  key: string | undefined,
  status: number,
  whole: Record<string, number>,
): Promise<void> {
  const deed = await prepared(name, account)
  const before = await dump(account)
  const { answer, left } = await attempt(account, deed, key, (index) => (index === at ? kind : null))
  expect(faultsOf(left, account), called).toEqual([])
  if (answer.status === status) expect(growth(before, left), called).toEqual(whole)
  else {
    expectClean503(answer, called)
    if (kind === 'refuses') expect(left, called).toEqual(before)
    else expect([{}, whole], called).toContainEqual(growth(before, left))
  }
  if (key === undefined) return
  const again = await attempt(account, deed, key, () => null)
  expect(again.answer.status, `${called}, and again: ${again.answer.text}`).toBe(status)
  expect(growth(before, again.left), `${called}, and again`).toEqual(whole)
  if (answer.status === status) expect(again.answer.text, called).toBe(answer.text)
}

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
