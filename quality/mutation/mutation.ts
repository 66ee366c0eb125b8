import { describe } from './query/describe.ts'
import { type Edit, Query } from './query/inside.ts'

/** A change to the source that tests must detect. */
export interface Mutation {
  edits: Edit[]
  /** Test files, the most likely first. */
  tests: string[]
  /** For mutations that share a run: the run, and words from the name of the test that must fail. */
  shared?: { run: string; failing: string }
  /** Why no test can detect it. The run checks that none does. */
  equivalent?: string
  /** Imports that the replacement needs, by file. */
  imports?: Record<string, string>
}

const testFiles = (tests: string[]) =>
  tests.map((name) => (name.startsWith('quality/') ? `${name}.test.ts` : `test/${name}.test.ts`))

/** Mutations of one declaration: a function, a constant, a class member, such as `RateLimiter.verifyAndCount`. */
export function inside(declaration: string, tests: string[], edits: (it: Query) => Edit[]): Mutation[] {
  return edits(new Query({ declaration })).map((edit) => ({ edits: [edit], tests: testFiles(tests) }))
}

/** Mutations of a database trigger, as the last migration creates it. */
export function inTrigger(trigger: string, tests: string[], edits: (it: Query) => Edit[]): Mutation[] {
  return edits(new Query({ trigger })).map((edit) => ({ edits: [edit], tests: testFiles(tests) }))
}

/** One mutation that removes a check in every place that makes it: alone, each of them would go undetected. */
export function together(...mutations: Mutation[][]): Mutation[] {
  const all = mutations.flat()
  return [{ edits: all.flatMap(({ edits }) => edits), tests: [...new Set(all.flatMap(({ tests }) => tests))] }]
}

/** Mutations that no test can detect, because other code checks the same. */
export function equivalent(reason: string, mutations: Mutation[]): Mutation[] {
  return mutations.map((mutation) => ({ ...mutation, equivalent: reason }))
}

/** A mutation that removes several checks in one run. For each, a test must fail whose name has the given words. */
export function inOneRun(run: string, mutations: Mutation[], failing: string[]): Mutation[] {
  return mutations.flatMap((mutation) => failing.map((words) => ({ ...mutation, shared: { run, failing: words } })))
}

export function nameOf({ edits, shared }: Mutation): string {
  return shared ? `${shared.run}: ${shared.failing}` : edits.map(describe).join(', and ')
}
