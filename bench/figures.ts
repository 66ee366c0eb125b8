import type { Round } from './load.ts'

export interface Figures {
  requests_per_second: number
  p50_ms: number
  p99_ms: number
  /** CPU time of the server per request. */
  cpu_ms: number | null
}

/** Consecutive rounds of the service and of the floor. */
export interface Pair {
  ours: Round
  floor: Round
}

export interface Comparison {
  /** Requests per second of the service divided by those of the floor; median of the rounds. */
  ratio: number
  ratios: number[]
  /** The same by CPU time, which other processes disturb less. */
  cpu_ratio: number | null
}

export function figuresOf(rounds: readonly Round[]): Figures {
  const sorted = Float64Array.from(rounds.flatMap(({ milliseconds }) => milliseconds)).sort()
  const cpu = rounds.flatMap(({ cpuMilliseconds }) => cpuMilliseconds ?? [])
  const rate = median(rounds.map(({ requestsPerSecond }) => requestsPerSecond))
  return {
    requests_per_second: Number(rate.toFixed(rate < 10 ? 2 : 0)),
    p50_ms: round(quantile(sorted, 0.5), 2),
    p99_ms: round(quantile(sorted, 0.99), 2),
    cpu_ms: cpu.length > 0 ? round(median(cpu), 3) : null,
  }
}

/** Ratios are computed within a pair, which has the same noise. */
export function compare(pairs: readonly Pair[]): Comparison {
  const ratios = pairs.map(({ ours, floor }) => ours.requestsPerSecond / floor.requestsPerSecond)
  const cpuRatios = pairs.flatMap(({ ours, floor }) =>
    ours.cpuMilliseconds && floor.cpuMilliseconds ? [floor.cpuMilliseconds / ours.cpuMilliseconds] : [],
  )
  return {
    ratio: round(median(ratios), 3),
    ratios: ratios.map((ratio) => round(ratio, 3)),
    cpu_ratio: cpuRatios.length > 0 ? round(median(cpuRatios), 3) : null,
  }
}

export function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort()
  return (quantile(sorted, 0.5) + (sorted[Math.floor(sorted.length / 2)] ?? 0)) / 2
}

/** The nearest rank. */
function quantile(sorted: Float64Array, share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}
