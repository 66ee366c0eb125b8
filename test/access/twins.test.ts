import { beforeAll, describe, expect, it } from 'vitest'
import { operations } from '../helpers/operations'
import { Control } from './twins/deed'
import { DEEDS } from './twins/deeds'
import { makeWorld, type World } from './twins/world'

const STARTS = ['rich', 'poor'] as const

let world: World
let control: Control

beforeAll(async () => {
  world = await makeWorld()
  control = new Control(world)
  for (const start of STARTS) for (const deed of DEEDS) await control.add(start, deed)
}, 600_000)

describe('an account beside another with the same IDs in every table', () => {
  it('S07 every table of accounts has a row that can be twinned, and every operation a deed', async () => {
    const without = world.tables.filter(({ name }) => (world.rich[name] ?? []).length === 0)
    expect(without.map(({ name }) => name)).toEqual([])
    const done = new Set(DEEDS.map(({ operation }) => operation))
    const forgotten = (await operations()).filter(({ operationId }) => !done.has(operationId))
    expect(forgotten.map(({ name }) => name)).toEqual([])
  })

  it('S07 of every operation but those that are closed to all, some deed is done', () => {
    const done = new Set(
      DEEDS.filter((deed) => control.statuses('rich', deed).some((status) => status < 300)).map(
        ({ operation }) => operation,
      ),
    )
    const undone = DEEDS.filter((deed) => control.statuses('rich', deed).length > 0 && !done.has(deed.operation))
    expect(undone.map(({ name }) => name)).toEqual(['createAccount as nobody'])
  })

  describe.each(STARTS)('which is %s', (start) => {
    it.each(DEEDS.map((deed) => [deed.name, deed] as const))(
      'S07 %s: answers and leaves what it would without the other, whom it does not touch',
      async (_, deed) => {
        expect(await control.faults(start, deed)).toEqual([])
      },
    )
  })
})
