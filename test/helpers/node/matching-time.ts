import type { Hostile } from './hostile-texts.ts'
import type { Expression } from './static-value.ts'

/** Steps of one, so that an exponential expression is detected as soon as it takes too long. */
const SMALLEST_SIZES = Array.from({ length: 32 }, (_, step) => 9 + step)
const SMALL_SIZES = Array.from({ length: 22 }, (_, step) => Math.ceil(42 * 1.15 ** step))
const SIZES = [...SMALLEST_SIZES, ...SMALL_SIZES, 2_000, 8_000, 16_000, 32_000, 100_000]

const TOO_LONG_MS = 50
const MAX_GROWTH = 3
const RUNS = 3

/**
 * The CPU time (ms) for a text of some size and for one of half that size, if it is more than 50 ms and more than three
 * times as long; null if it is less at every size up to 100,000.
 */
export function slowdown(expression: Expression, hostile: Hostile): { size: number; ms: number; half: number } | null {
  const search = new RegExp(expression.source, `${expression.flags.replace(/[gy]/g, '')}g`)
  for (const size of SIZES) {
    const first = timeOf(search, textOf(hostile, size))
    if (first <= TOO_LONG_MS) continue
    const half = leastTime(search, textOf(hostile, size / 2))
    const ms = leastTime(search, textOf(hostile, size), first)
    if (ms > TOO_LONG_MS && ms > MAX_GROWTH * half) return { size, ms, half }
  }
  return null
}

function textOf({ prefix, pump, suffix }: Hostile, size: number): string {
  return prefix + pump.repeat(size / pump.length) + suffix
}

function leastTime(search: RegExp, text: string, ...known: number[]): number {
  const others = Array.from({ length: RUNS - known.length }, () => timeOf(search, text))
  return Math.min(...known, ...others)
}

/** CPU time of this thread, independent of other processes. Searches all matches, like `replace`. */
function timeOf(search: RegExp, text: string): number {
  const before = process.threadCpuUsage()
  text.replace(search, '')
  const { user, system } = process.threadCpuUsage(before)
  return (user + system) / 1_000
}
