import { beforeAll, describe, expect, it } from 'vitest'
import { API_OPERATIONS } from '../../test/helpers/operations'
import { Control } from './control'
import { makeWorld, type World } from './fixture'
import { BEGINNINGS, DEEDS } from './operations'

let world: World
let control: Control

beforeAll(async () => {
  world = await makeWorld()
  control = new Control(world)
  for (const { start, deed } of BEGINNINGS) await control.add(start, deed)
}, 600_000)

describe('an account beside another with the same IDs in every table', () => {
  it('S07 every table of accounts has a row that can be twinned, and every operation a request', () => {
    const without = world.tables.filter(({ name }) => (world.rich[name] ?? []).length === 0)
    const advice = 'makeThings in quality/tenant-isolation/fixture.ts must write a row into each of these tables'
    expect(
      without.map(({ name }) => name),
      advice,
    ).toEqual([])
    const done = new Set(DEEDS.map(({ operation }) => operation))
    const forgotten = API_OPERATIONS.filter(({ operationId }) => !done.has(operationId))
    expect(forgotten.map(({ name }) => name)).toEqual([])
  })

  it('S07 of every operation but those that are closed to all, some deed is done', () => {
    const done = new Set(
      DEEDS.filter((deed) => control.statuses('rich', deed).some((status) => status < 300)).map(
        ({ operation }) => operation,
      ),
    )
    const undone = DEEDS.filter((deed) => control.statuses('rich', deed).length > 0 && !done.has(deed.operation))
    const advice = 'no request of these operations succeeded: write one in quality/tenant-isolation/operations/'
    expect(
      undone.map(({ name }) => name),
      advice,
    ).toEqual(['createAccount as nobody'])
  })

  it.each(BEGINNINGS.map(({ start, deed }) => [start, deed.name, deed] as const))(
    'S07 which is %s: %s answers and leaves what it would without the other, whom it does not touch',
    async (start, _, deed) => {
      expect(await control.faults(start, deed)).toEqual([])
    },
  )
})
