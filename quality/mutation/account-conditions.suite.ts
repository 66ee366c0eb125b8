import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, inject, it, vi } from 'vitest'
import { sessions } from '../../test/helpers/d1'
import { Control } from '../tenant-isolation/control'
import { makeWorld, type World } from '../tenant-isolation/fixture'
import { BEGINNINGS, type Start } from '../tenant-isolation/operations'
import { type Deed, forgetCallers } from '../tenant-isolation/sender'
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

interface Operation {
  start: Start
  deed: Deed
}

let world: World
let control: Control
let removed: string | null = null
let met = new Set<string>()
let prepared = 0
const operations = new Map<string, Operation[]>()
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
  world = await makeWorld()
  control = new Control(world)
  watchStatements()
  for (const { start, deed } of BEGINNINGS) {
    met = new Set()
    prepared = 0
    forgetCallers()
    await control.add(start, deed)
    for (const id of met) operations.set(id, [...(operations.get(id) ?? []), { start, deed }])
  }
}, 600_000)

/** How an operation behaves differently, without one of the conditions or with all of them. */
async function faultsOf({ start, deed }: Operation, without: string | null): Promise<string[]> {
  removed = without
  prepared = 0
  forgetCallers()
  try {
    return await control.faults(start, deed)
  } catch (error) {
    return [String(error)]
  } finally {
    removed = null
    forgetCallers()
  }
}

/** The faults of the operation without the condition. With it, it must have none. */
async function faultsWithout(id: string, operation: Operation): Promise<string[]> {
  const faults = await faultsOf(operation, id)
  if (faults.length === 0) return []
  const { start, deed } = operation
  expect(await faultsOf(operation, null), `${start}: ${deed.name} fails with the condition too`).toEqual([])
  return faults
}

/** One of each kind of operation first, then the others; not all, because every operation has some conditions. */
function mostLikely(all: Operation[]): Operation[] {
  const isFirst = ({ start, deed }: Operation, index: number) =>
    all.findIndex((other) => other.start === start && other.deed.operation === deed.operation) === index
  return [...all.filter(isFirst), ...all.filter((each, index) => !isFirst(each, index))].slice(
    0,
    OPERATIONS_PER_CONDITION,
  )
}

/** Every operation would detect a statement that the database rejects. */
async function expectValid(statement: string): Promise<void> {
  prepared = 0
  const values = new Set(statement.match(/\?\d+/g))
  await env.DB.prepare(`EXPLAIN QUERY PLAN ${statement}`)
    .bind(...Array.from(values, () => null))
    .all()
}

/** The operation that detects that a condition is missing, and how. */
async function detection(id: string): Promise<string | undefined> {
  for (const operation of mostLikely(operations.get(id) ?? []))
    for (const fault of await faultsWithout(id, operation)) return `${operation.start}: ${operation.deed.name} ${fault}`
  return undefined
}

describe('an account condition', () => {
  it.each(conditions.map((condition) => [`${condition.id} ${condition.file}:${condition.line}`, condition] as const))(
    '%s is missed',
    async (_, { id, reason }) => {
      expect(operations.get(id) ?? [], 'no operation runs a statement that holds it').not.toEqual([])
      await expectValid(withoutCondition(statements.get(id) ?? '', id))
      const detected = await detection(id)
      if (reason === null) expect(detected, 'no operation detects that it is missing').toBeDefined()
      else if (detected !== undefined) expect.fail(`it is listed as equivalent, and is not: ${detected}`)
    },
    300_000,
  )
})
