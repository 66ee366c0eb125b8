import { beforeAll, describe, expect, it } from 'vitest'
import { API_OPERATIONS } from '../../test/helpers/operations'
import { Control } from './control'
import { createFixture, type Fixture } from './fixture'
import { OPERATIONS, SCENARIOS } from './operations'

let fixture: Fixture
let control: Control

beforeAll(async () => {
  fixture = await createFixture()
  control = new Control(fixture)
  for (const { start, operation } of SCENARIOS) await control.add(start, operation)
}, 600_000)

describe('an account next to another with the same IDs in every table', () => {
  it('S07 has a row to copy in every table with accounts, and a request for every operation', () => {
    const emptyTables = fixture.tables.filter(({ name }) => (fixture.rich[name] ?? []).length === 0)
    const advice = 'createResources in quality/tenant-isolation/fixture.ts must write a row into each of these tables'
    expect(
      emptyTables.map(({ name }) => name),
      advice,
    ).toEqual([])
    const covered = new Set(OPERATIONS.map(({ operationId }) => operationId))
    const uncovered = API_OPERATIONS.filter(({ operationId }) => !covered.has(operationId))
    expect(uncovered.map(({ name }) => name)).toEqual([])
  })

  it('S07 succeeds with at least one request of every open operation', () => {
    const covered = new Set(
      OPERATIONS.filter((operation) => control.statuses('rich', operation).some((status) => status < 300)).map(
        ({ operationId }) => operationId,
      ),
    )
    const neverSucceeded = OPERATIONS.filter(
      (operation) => control.statuses('rich', operation).length > 0 && !covered.has(operation.operationId),
    )
    const advice = 'no request of these operations succeeded: write one in quality/tenant-isolation/operations/'
    expect(
      neverSucceeded.map(({ name }) => name),
      advice,
    ).toEqual(['createAccount as anonymous'])
  })

  it.each(SCENARIOS.map(({ start, operation }) => [start, operation.name, operation] as const))(
    'S07 %s account: %s returns and stores the same without the other account, and does not change it',
    async (start, _, operation) => {
      expect(await control.faults(start, operation)).toEqual([])
    },
  )
})
