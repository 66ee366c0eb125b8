import fc, { type Arbitrary } from 'fast-check'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { stopClock } from '../../test/helpers/credentials'
import { drainLeaks } from '../../test/helpers/log-scan'
import type { NamedOperation } from '../../test/helpers/openapi'
import { silenceQueue, silenceSweeper } from '../../test/helpers/webhooks'
import { check, TIMEOUT } from './check'
import { DatabaseSnapshot } from './database-snapshot'
import { Fixture } from './fixture'
import { type Actor, nameOf } from './generated-request'
import { Model, type Step } from './model'
import { isExpensive, requestsOf } from './requests'
import { ITEM_OPERATIONS, RESOURCES } from './resources'

beforeAll(() => {
  stopClock()
  silenceQueue()
  silenceSweeper()
  vi.spyOn(console, 'info').mockImplementation(() => undefined)
})

const RUNS = 4
const STEPS = { minLength: 10, maxLength: 20 }

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
    'anonymous',
  ] as const),
)

function stepsOf(operation: NamedOperation, actor: Arbitrary<Actor> = actors): Arbitrary<Step> {
  return fc.record({ name: fc.constant(nameOf(operation)), request: requestsOf(operation, actor), index: fc.nat(20) })
}

const creations = fc.tuple(...RESOURCES.map(({ create }) => stepsOf(create, fc.constant('admin'))))

const steps = fc.oneof(
  ...RESOURCES.map(({ create }) => ({ weight: isExpensive(create) ? 2 : 6, arbitrary: stepsOf(create) })),
  ...ITEM_OPERATIONS.map((operation) => ({ weight: isExpensive(operation) ? 1 : 2, arbitrary: stepsOf(operation) })),
)

describe('sequences of requests', () => {
  it('finds the resources of the document', () => {
    expect(RESOURCES.length).toBeGreaterThanOrEqual(6)
    expect(ITEM_OPERATIONS.length).toBeGreaterThanOrEqual(20)
  })

  it(
    'show what was created to those who may see it, until it is deleted',
    async () => {
      const sequences = fc.tuple(creations, fc.array(steps, STEPS)).map((all) => all.flat())
      const options = { runs: RUNS, toRequests: (all: Step[]) => all.map(({ request }) => request) }
      await check('a sequence', sequences, options, async (all) => {
        const fixture = await Fixture.create()
        const model = new Model(fixture, await DatabaseSnapshot.of(fixture))
        for (const step of all) await model.run(step)
        await model.clear()
      })
      expect(drainLeaks()).toEqual([])
    },
    TIMEOUT,
  )
})
