import { beforeAll, describe, expect, it } from 'vitest'
import { operations } from '../helpers/operations'
import { besides, faultsOf, type Outcome, outcomeOf } from './twins/deed'
import { DEEDS } from './twins/deeds'
import { makeWorld, type World } from './twins/world'

let world: World

beforeAll(async () => {
  world = await makeWorld()
})

describe('an account beside another with the same IDs in every table', () => {
  it('S07 every table of accounts has a row that can be twinned, and every operation a deed', async () => {
    const without = world.tables.filter(({ name }) => (world.rich[name] ?? []).length === 0)
    expect(without.map(({ name }) => name)).toEqual([])
    const done = new Set(DEEDS.map(({ operation }) => operation))
    const forgotten = (await operations()).filter(({ operationId }) => !done.has(operationId))
    expect(forgotten.map(({ name }) => name)).toEqual([])
  })

  describe.each(['rich', 'poor'] as const)('which is %s', (start) => {
    const alone = new Map<string, Outcome>()
    beforeAll(async () => {
      for (const deed of DEEDS) alone.set(deed.name, await outcomeOf(world, deed, world[start], null))
    })

    it.each(DEEDS.map((deed) => [deed.name, deed] as const))(
      'S07 %s: answers and leaves what it would without the other, whom it does not touch',
      async (name, deed) => {
        const expected = alone.get(name)
        if (!expected) throw new Error(`${name} was not done alone`)
        expect(faultsOf(expected, await outcomeOf(world, deed, world[start], besides(world, expected)))).toEqual([])
      },
    )
  })
})
