import fc, { type Arbitrary } from 'fast-check'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { stopClock } from '../../test/helpers/credentials'
import { takeLeaks } from '../../test/helpers/log-scan'
import type { NamedOperation } from '../../test/helpers/openapi'
import { silenceQueue, silenceSweeper } from '../../test/helpers/webhooks'
import { check, TIMEOUT } from './check'
import { Ledger } from './database-snapshot'
import { World } from './fixture'
import { type Actor, nameOf } from './generated-request'
import { Model, type Step } from './model'
import { isDear, requestsOf } from './requests'
import { RESOURCES, USES } from './resources'

beforeAll(() => {
  stopClock()
  silenceQueue()
  silenceSweeper()
  vi.spyOn(console, 'info').mockImplementation(() => undefined)
})

const RUNS = 4
const STEPS = { minLength: 10, maxLength: 20 }

/** Those who can do something, and those who must see nothing of it. */
const actors = fc.constantFrom<Actor>(
  ...([
    'admin',
    'admin',
    'admin',
    'agent',
    'customer',
    'customer',
    'stranger',
    'other admin',
    'admin key',
    'nobody',
  ] as const),
)

function stepsOf(operation: NamedOperation, by: Arbitrary<Actor> = actors): Arbitrary<Step> {
  return fc.record({ name: fc.constant(nameOf(operation)), draft: requestsOf(operation, by), at: fc.nat(20) })
}

/** One thing of each kind, to begin with. */
const beginnings = fc.tuple(...RESOURCES.map(({ create }) => stepsOf(create, fc.constant('admin'))))

const steps = fc.oneof(
  ...RESOURCES.map(({ create }) => ({ weight: isDear(create) ? 2 : 6, arbitrary: stepsOf(create) })),
  ...USES.map((operation) => ({ weight: isDear(operation) ? 1 : 2, arbitrary: stepsOf(operation) })),
)

describe('sequences of requests', () => {
  it('finds the resources of the document', () => {
    expect(RESOURCES.length).toBeGreaterThanOrEqual(6)
    expect(USES.length).toBeGreaterThanOrEqual(20)
  })

  it(
    'what is made is there for whom it should be, until it is deleted',
    async () => {
      const sequences = fc.tuple(beginnings, fc.array(steps, STEPS)).map((all) => all.flat())
      const options = { runs: RUNS, draftsOf: (all: Step[]) => all.map(({ draft }) => draft) }
      await check('a sequence', sequences, options, async (all) => {
        const world = await World.make()
        const model = new Model(world, await Ledger.of(world))
        for (const step of all) await model.take(step)
        await model.clear()
      })
      expect(takeLeaks()).toEqual([])
    },
    TIMEOUT,
  )
})
