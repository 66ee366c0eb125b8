import fc, { type Arbitrary, type RunDetails } from 'fast-check'
import { inject } from 'vitest'
import { curlOf, type Draft } from './draft'

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

/** To make a failing input smaller. */
const MOST_TRIES = 150

/**
 * Looks for an input for which `holds` throws, and shrinks it. Throws with the seed, the path, the shrunken input, and its
 * requests as curl sends them.
 */
export async function check<T>(
  name: string,
  inputs: Arbitrary<T>,
  { runs, draftsOf }: { runs: number; draftsOf: (input: T) => Draft[] },
  holds: (input: T) => Promise<void>,
): Promise<void> {
  let tries: number | null = null
  const property = fc.asyncProperty(inputs, async (input) => {
    if (tries !== null) tries += 1
    if (tries !== null && tries > MOST_TRIES) return
    try {
      await holds(input)
    } catch (error) {
      tries ??= 0
      throw error
    }
  })
  const details = await fc.check(property, { seed: EXTENT.seed, numRuns: runs * EXTENT.factor, endOnFailure: false })
  if (details.failed) throw new Error(storyOf(name, details, draftsOf))
}

function storyOf<T>(name: string, details: RunDetails<[T]>, draftsOf: (input: T) => Draft[]): string {
  const { counterexample, counterexamplePath, seed, numRuns, numShrinks, errorInstance } = details
  const input = counterexample?.[0]
  const error = errorInstance instanceof Error ? errorInstance.message : String(errorInstance)
  return [
    `${name}: ${error}`,
    `after ${numRuns} runs and ${numShrinks} shrinks, seed ${seed}, path ${counterexamplePath}`,
    ...(input === undefined ? [] : draftsOf(input).map(curlOf)),
    `to keep it as a test, put this into test/property/kept.ts: ${JSON.stringify(input)}`,
  ].join('\n')
}
