import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, inject, it, vi } from 'vitest'
import { sessions } from '../../test/helpers/d1'
import { Control } from '../tenant-isolation/control'
import { createFixture, type Fixture } from '../tenant-isolation/fixture'
import { SCENARIOS, type Start } from '../tenant-isolation/operations'
import { type Operation, startGeneration } from '../tenant-isolation/sender'
import type { Condition } from './account-conditions'
import { conditionsIn, withoutCondition } from './statements'

declare module 'vitest' {
  interface ProvidedContext {
    /** The conditions as JSON. */
    conditions: string
  }
}

/**
 * Removes one account condition after the other from the statements that operations run, and expects an operation to
 * behave differently. It runs in a marked copy, whose statements name the conditions they hold.
 */
const conditions: (Condition & { reason: string | null })[] = JSON.parse(inject('conditions'))

const OPERATIONS_PER_CONDITION = 48
/** Work that never ends is a fault too. No operation runs a tenth of these statements. */
const MOST_STATEMENTS = 3_000

interface Scenario {
  start: Start
  operation: Operation
}

let fixture: Fixture
let control: Control
let removed: string | null = null
let met = new Set<string>()
let prepared = 0
const scenarios = new Map<string, Scenario[]>()
/** One of the statements that hold a condition. */
const statements = new Map<string, string>()

/** Every statement passes here on its way to D1. */
function watchStatements(): void {
  for (const database of [Object.getPrototypeOf(env.DB), sessions]) {
    const prepare: (statement: string) => D1PreparedStatement = database.prepare
    vi.spyOn(database, 'prepare').mockImplementation(function (this: unknown, ...args: unknown[]) {
      prepared += 1
      if (prepared > MOST_STATEMENTS) throw new Error('it never ends')
      const statement = String(args[0])
      for (const id of conditionsIn(statement)) {
        met.add(id)
        if (!statements.has(id)) statements.set(id, statement)
      }
      return prepare.call(this, removed === null ? statement : withoutCondition(statement, removed))
    })
  }
}

beforeAll(async () => {
  fixture = await createFixture()
  control = new Control(fixture)
  watchStatements()
  for (const { start, operation } of SCENARIOS) {
    met = new Set()
    prepared = 0
    startGeneration()
    await control.add(start, operation)
    for (const id of met) scenarios.set(id, [...(scenarios.get(id) ?? []), { start, operation }])
  }
}, 600_000)

async function faultsOf({ start, operation }: Scenario, without: string | null): Promise<string[]> {
  removed = without
  prepared = 0
  startGeneration()
  try {
    return await control.faults(start, operation)
  } catch (error) {
    return [String(error)]
  } finally {
    removed = null
    startGeneration()
  }
}

/** Empty unless the operation fails without the condition and succeeds with it. */
async function faultsWithout(id: string, scenario: Scenario): Promise<string[]> {
  const faults = await faultsOf(scenario, id)
  if (faults.length === 0) return []
  const { start, operation } = scenario
  expect(await faultsOf(scenario, null), `${start}: ${operation.name} fails with the condition too`).toEqual([])
  return faults
}

/** One of each kind of operation comes first. */
function mostLikely(all: Scenario[]): Scenario[] {
  const isFirst = ({ start, operation }: Scenario, index: number) =>
    all.findIndex((other) => other.start === start && other.operation.operationId === operation.operationId) === index
  return [...all.filter(isFirst), ...all.filter((each, index) => !isFirst(each, index))].slice(
    0,
    OPERATIONS_PER_CONDITION,
  )
}

/** A statement that the database rejects would be detected by every operation, and prove nothing. */
async function expectValid(statement: string): Promise<void> {
  prepared = 0
  const values = new Set(statement.match(/\?\d+/g))
  await env.DB.prepare(`EXPLAIN QUERY PLAN ${statement}`)
    .bind(...Array.from(values, () => null))
    .all()
}

async function detection(id: string): Promise<string | undefined> {
  for (const scenario of mostLikely(scenarios.get(id) ?? []))
    for (const fault of await faultsWithout(id, scenario))
      return `${scenario.start}: ${scenario.operation.name} ${fault}`
  return undefined
}

describe('an account condition', () => {
  it.each(conditions.map((condition) => [`${condition.id} ${condition.file}:${condition.line}`, condition] as const))(
    'is needed, or listed as equivalent: %s',
    async (_, { id, reason }) => {
      expect(scenarios.get(id) ?? [], 'no operation runs a statement that contains it').not.toEqual([])
      await expectValid(withoutCondition(statements.get(id) ?? '', id))
      const detected = await detection(id)
      if (reason === null) expect(detected, 'no operation detects that it is missing').toBeDefined()
      else if (detected !== undefined) expect.fail(`it is listed as equivalent, and is not: ${detected}`)
    },
    300_000,
  )
})
