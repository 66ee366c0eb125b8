/** What stands in a file exactly once, and what it becomes. */
export type Change = [text: string, becomes: string]

/** One thing taken out of the source, and the tests that must notice. */
export interface Mutation {
  /** From the project's root. */
  file: string
  /** Stands in the file exactly once. */
  text: string
  becomes: string
  /** Other places of the file that change with it: what says the same. */
  also?: Change[]
  /** Test files, the likeliest first. */
  tests: string[]
  /** Judged with others in one run: words of the name of the test that must fail, and the run. */
  noticed?: string
  run?: string
  /** Why nobody can see it: what says the same. The run must find it so. */
  redundant?: string
  /** What the file imports for it. */
  imports?: string
}

/** Mutations of one file that the same tests are to notice: what stands there, and what it becomes. */
export function of(file: string, tests: string[], changes: Change[]): Mutation[] {
  return changes.map(([text, becomes]) => ({
    file: `src/${file}`,
    text,
    becomes,
    tests: tests.map((name) => `test/${name}.test.ts`),
  }))
}

/** A mutation of a check that is made in several places: all are taken away at once. */
export function atOnce(file: string, tests: string[], first: Change, ...also: Change[]): Mutation[] {
  return of(file, tests, [first]).map((mutation) => ({ ...mutation, also }))
}

/** Mutations that nobody can see, for the source says the same in another place. */
export function redundant(why: string, mutations: Mutation[]): Mutation[] {
  return mutations.map((mutation) => ({ ...mutation, redundant: why }))
}

/**
 * Several checks that one change takes away together, each of which a test of its own is to miss: words of the names of
 * those tests.
 */
export function allOf(run: string, file: string, tests: string, change: Change, noticed: string[]): Mutation[] {
  return of(file, [tests], [change]).flatMap((mutation) =>
    noticed.map((words) => ({ ...mutation, run, noticed: words })),
  )
}
