/** The same measurement of two things, one straight after the other. */
export interface Pair {
  here: number
  there: number
}

/** Both take turns in going first. */
export async function measurePairs(
  count: number,
  here: () => Promise<number>,
  there: () => Promise<number>,
): Promise<Pair[]> {
  const pairs: Pair[] = []
  while (pairs.length < count)
    pairs.push(
      pairs.length % 2 === 0
        ? { here: await here(), there: await there() }
        : { there: await there(), here: await here() },
    )
  return pairs
}

/** `quartiles A to B` */
export function quartiles(values: readonly number[], digits: number): string {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number) => (sorted[Math.floor(sorted.length * share)] ?? Number.NaN).toFixed(digits)
  return `quartiles ${at(0.25)} to ${at(0.75)}`
}
