import fc, { type Arbitrary, type RunDetails } from 'fast-check'
import { inject } from 'vitest'
import { curlOf, type Draft } from './generated-request'

/** How long to look, and from where: within `npm test` the same requests every time, in the long form others. */
interface Extent {
  seed: number
  /** How many times as many requests as within `npm test`. */
  factor: number
}

declare module 'vitest' {
  interface ProvidedContext {
    fuzz?: Extent
  }
}

/** What `npm run test:fuzz` asks for, or what `npm test` does. */
export const EXTENT: Extent = inject('fuzz') ?? { seed: 20_251_107, factor: 1 }

/** For all runs of a property and for making a failing input smaller, in milliseconds: below the limit of a test. */
const LONGEST = 120_000 * EXTENT.factor
/** For a test that calls `check` once, in milliseconds. */
export const TIMEOUT = LONGEST + 5_000

interface Options<T> {
  runs: number
  /** The requests of an input. */
  draftsOf: (input: T) => Draft[]
  /** Another one for each of several checks that have parts in common, which would otherwise be alike. */
  offset?: number
}

/**
 * Looks for an input for which `holds` throws, and shrinks it. Throws with the seed, the path, the shrunken input, and its
 * requests as curl sends them.
 */
export async function check<T>(
  name: string,
  inputs: Arbitrary<T>,
  { runs, draftsOf, offset = 0 }: Options<T>,
  holds: (input: T) => Promise<void>,
): Promise<void> {
  const property = fc.asyncProperty(inputs, (input) => holds(input))
  const details = await fc.check(property, {
    seed: EXTENT.seed + offset,
    numRuns: runs * EXTENT.factor,
    interruptAfterTimeLimit: LONGEST,
    markInterruptAsFailure: true,
  })
  if (details.failed) throw new Error(storyOf(name, details, draftsOf).toWellFormed())
}

function storyOf<T>(name: string, details: RunDetails<[T]>, draftsOf: (input: T) => Draft[]): string {
  const { counterexample, counterexamplePath, seed, numRuns, numShrinks, errorInstance } = details
  const input = counterexample?.[0]
  const error = errorInstance instanceof Error ? errorInstance.message : (errorInstance ?? 'not done in time')
  return [
    `${name}: ${error}`,
    `after ${numRuns} runs and ${numShrinks} shrinks, seed ${seed}, path ${counterexamplePath}`,
    ...(input === undefined ? [] : draftsOf(input).map(curlOf)),
    `to keep it as a test, put this into quality/fuzz/regressions.ts: ${JSON.stringify(input)}`,
  ].join('\n')
}
