import fc, { type Arbitrary, type RunDetails } from 'fast-check'
import { inject } from 'vitest'
import { curlOf, type GeneratedRequest } from './generated-request'

/** The same requests in every `npm test`, other ones in `npm run test:fuzz`. */
interface Extent {
  seed: number
  /** Multiplies the number of requests of `npm test`. */
  factor: number
}

declare module 'vitest' {
  interface ProvidedContext {
    fuzz?: Extent
  }
}

export const EXTENT: Extent = inject('fuzz') ?? { seed: 20_251_107, factor: 1 }

/** Milliseconds, with shrinking; less than the timeout of a test. */
const TIME_LIMIT = 120_000 * EXTENT.factor
/** Milliseconds, of a test that calls `check` once. */
export const TIMEOUT = TIME_LIMIT + 5_000

interface Options<T> {
  runs: number
  toRequests: (input: T) => GeneratedRequest[]
  /** Gives checks with the same inputs different requests. */
  offset?: number
}

/**
 * Searches an input for which `assertion` throws, and shrinks it. The error contains the seed, the path, the input, and
 * its requests as curl commands.
 */
export async function check<T>(
  name: string,
  inputs: Arbitrary<T>,
  { runs, toRequests, offset = 0 }: Options<T>,
  assertion: (input: T) => Promise<void>,
): Promise<void> {
  const property = fc.asyncProperty(inputs, (input) => assertion(input))
  const details = await fc.check(property, {
    seed: EXTENT.seed + offset,
    numRuns: runs * EXTENT.factor,
    interruptAfterTimeLimit: TIME_LIMIT,
    markInterruptAsFailure: true,
  })
  if (details.failed) throw new Error(describeFailure(name, details, toRequests).toWellFormed())
}

function describeFailure<T>(
  name: string,
  details: RunDetails<[T]>,
  toRequests: (input: T) => GeneratedRequest[],
): string {
  const { counterexample, counterexamplePath, seed, numRuns, numShrinks, errorInstance } = details
  const input = counterexample?.[0]
  const error = errorInstance instanceof Error ? errorInstance.message : (errorInstance ?? 'not completed in time')
  return [
    `${name}: ${error}`,
    `after ${numRuns} runs and ${numShrinks} shrinks, seed ${seed}, path ${counterexamplePath}`,
    ...(input === undefined ? [] : toRequests(input).map(curlOf)),
    `to keep it as a test, add this to quality/fuzz/regressions.ts: ${JSON.stringify(input)}`,
  ].join('\n')
}
