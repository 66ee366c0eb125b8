import type { Hostile } from './hostile-texts.ts'
import type { Expression } from './static-value.ts'

/** In small steps first: an exponential expression is noticed before it takes hours. */
const SMALL_SIZES = Array.from({ length: 33 }, (_, step) => Math.ceil(9 * 1.15 ** step))
const SIZES = [...SMALL_SIZES, 2_000, 4_000, 8_000, 16_000, 32_000, 50_000, 100_000]

const TOO_LONG_MS = 50
const MOST_GROWTH = 3
const RUNS = 3

/**
 * The CPU time (ms) that an expression takes for a text of some size and for one of half that size, where it takes more
 * than 50 ms and more than three times as long; null where it takes less at every size up to 100,000.
 */
export function slowdown(expression: Expression, hostile: Hostile): { size: number; ms: number; half: number } | null {
  const search = new RegExp(expression.source, `${expression.flags.replace(/[gy]/g, '')}g`)
  for (const size of SIZES) {
    if (timeOf(search, textOf(hostile, size)) <= TOO_LONG_MS) continue
    const half = leastTime(search, textOf(hostile, size / 2))
    const ms = leastTime(search, textOf(hostile, size))
    if (ms > TOO_LONG_MS && ms > MOST_GROWTH * half) return { size, ms, half }
  }
  return null
}

function textOf({ prefix, pump, suffix }: Hostile, size: number): string {
  return prefix + pump.repeat(size / pump.length) + suffix
}

function leastTime(search: RegExp, text: string): number {
  return Math.min(...Array.from({ length: RUNS }, () => timeOf(search, text)))
}

/** CPU time of this thread, so that a busy machine makes no difference. All matches are searched, as `replace` does. */
function timeOf(search: RegExp, text: string): number {
  const before = process.threadCpuUsage()
  text.replace(search, '')
  const { user, system } = process.threadCpuUsage(before)
  return (user + system) / 1_000
}
