/** One thing taken out of the source, and the tests that must notice. */
export interface Mutation {
  /** From the project's root. */
  file: string
  /** Stands in the file exactly once. */
  text: string
  becomes: string
  /** Test files, the likeliest first. */
  tests: string[]
  name?: string
  /** Judged with others in one run: a word of the name of the test that must fail, and the run. */
  noticed?: string
  run?: string
}
export const MUTATIONS: Mutation[] = []
