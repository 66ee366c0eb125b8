import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, inject, it, vi } from 'vitest'
import { type Deed, forgetCallers } from '../access/twins/asker'
import { Control } from '../access/twins/control'
import { BEGINNINGS, type Start } from '../access/twins/deeds'
import { makeWorld, type World } from '../access/twins/world'
import { sessions } from '../helpers/d1'
import { type Condition, conditionsIn, without as withoutCondition } from './conditions'

declare module 'vitest' {
  interface ProvidedContext {
    /** The conditions as JSON. */
    conditions: string
  }
}

/**
 * Takes away one account condition after the other from the statements that deeds run, and expects the deed to show it.
 * It is run in a marked copy, where statements tell which conditions they hold.
 */
const conditions: (Condition & { why: string | null })[] = JSON.parse(inject('conditions'))

const DEEDS_A_CONDITION = 48
/** Work that never ends is a fault too: no deed has a tenth of these statements. */
const LONGEST_DEED = 3_000

interface Done {
  start: Start
  deed: Deed
}

let world: World
let control: Control
let missing: string | null = null
let met = new Set<string>()
let prepared = 0
const reached = new Map<string, Done[]>()
/** One of the statements that hold a condition. */
const statements = new Map<string, string>()

/** Every statement passes here on its way to D1. */
function watchStatements(): void {
  for (const door of [Object.getPrototypeOf(env.DB), sessions]) {
    const prepare: (statement: string) => D1PreparedStatement = door.prepare
    vi.spyOn(door, 'prepare').mockImplementation(function (this: unknown, ...args: unknown[]) {
      prepared += 1
      if (prepared > LONGEST_DEED) throw new Error('it never ends')
      const statement = String(args[0])
      for (const id of conditionsIn(statement)) {
        met.add(id)
        if (!statements.has(id)) statements.set(id, statement)
      }
      return prepare.call(this, missing === null ? statement : withoutCondition(statement, missing))
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
    for (const id of met) reached.set(id, [...(reached.get(id) ?? []), { start, deed }])
  }
}, 600_000)

/** What is wrong with a deed, without one of the conditions or with all of them. */
async function faultsOf({ start, deed }: Done, without: string | null): Promise<string[]> {
  missing = without
  prepared = 0
  forgetCallers()
  try {
    return await control.faults(start, deed)
  } catch (error) {
    return [String(error)]
  } finally {
    missing = null
    forgetCallers()
  }
}

/** What the deed shows without the condition, and not with it. */
async function told(id: string, done: Done): Promise<string[]> {
  const faults = await faultsOf(done, id)
  if (faults.length === 0) return []
  expect(await faultsOf(done, null), `${done.start}: ${done.deed.name} is at fault by itself`).toEqual([])
  return faults
}

/** One deed of each operation first, then the others; not all, for some conditions are in every deed. */
function likeliest(all: Done[]): Done[] {
  const isFirst = ({ start, deed }: Done, index: number) =>
    all.findIndex((other) => other.start === start && other.deed.operation === deed.operation) === index
  return [...all.filter(isFirst), ...all.filter((done, index) => !isFirst(done, index))].slice(0, DEEDS_A_CONDITION)
}

/** A statement that the database refuses would be missed by every deed. */
async function expectToBeTaken(statement: string): Promise<void> {
  prepared = 0
  const values = new Set(statement.match(/\?\d+/g))
  await env.DB.prepare(`EXPLAIN QUERY PLAN ${statement}`)
    .bind(...Array.from(values, () => null))
    .all()
}

/** The deed that shows that a condition is missing, or undefined. */
async function whoTells(id: string): Promise<string | undefined> {
  for (const done of likeliest(reached.get(id) ?? []))
    for (const fault of await told(id, done)) return `${done.start}: ${done.deed.name} ${fault}`
  return undefined
}

describe('an account condition', () => {
  it.each(conditions.map((condition) => [`${condition.id} ${condition.file}:${condition.line}`, condition] as const))(
    '%s is missed',
    async (_, { id, why }) => {
      expect(reached.get(id) ?? [], 'no deed runs a statement that holds it').not.toEqual([])
      await expectToBeTaken(withoutCondition(statements.get(id) ?? '', id))
      const teller = await whoTells(id)
      if (why === null) expect(teller, 'no deed shows that it is missing').toBeDefined()
      else if (teller !== undefined) expect.fail(`it is listed as redundant, and is not: ${teller}`)
    },
    300_000,
  )
})
