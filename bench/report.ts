import type { BundleSize } from './build.ts'
import type { Round } from './load.ts'

/** The service is to do this share of what the floor does. */
export const GOAL = 0.85

export interface Figures {
  requests_per_second: number
  p50_ms: number
  p99_ms: number
  /** CPU time of the server for one request. */
  cpu_ms: number | null
}

export interface RouteResult {
  route: string
  ours: Figures
  floor: Figures
  /** Median of the rounds' ratios. */
  ratio: number
  ratios: number[]
  /** The same by CPU time, which a busy machine disturbs less. */
  cpu_ratio: number | null
  goal_met: boolean
}

export interface Results {
  measured_at: string
  node: string
  quick: boolean
  connections: number
  rounds: number
  seconds_a_round: number
  tickets: number
  goal: number
  bundle: BundleSize
  routes: RouteResult[]
}

/** A pair of rounds, of the service and of the floor, one straight after the other. */
export interface Pair {
  ours: Round
  floor: Round
}

export function ratioOf({ ours, floor }: Pair): number {
  return ours.requestsPerSecond / floor.requestsPerSecond
}

/** The rounds of one route in figures. A ratio is taken within a pair, whose rounds met the same noise. */
export function summarize(route: string, pairs: readonly Pair[]): RouteResult {
  const ratios = pairs.map((pair) => round(ratioOf(pair), 3))
  const ratio = round(median(ratios), 3)
  const cpuRatios = pairs.flatMap(({ ours, floor }) =>
    ours.cpuMilliseconds && floor.cpuMilliseconds ? [floor.cpuMilliseconds / ours.cpuMilliseconds] : [],
  )
  return {
    route,
    ours: figuresOf(pairs.map((pair) => pair.ours)),
    floor: figuresOf(pairs.map((pair) => pair.floor)),
    ratio,
    ratios,
    cpu_ratio: cpuRatios.length > 0 ? round(median(cpuRatios), 3) : null,
    goal_met: ratio >= GOAL,
  }
}

function figuresOf(rounds: readonly Round[]): Figures {
  const sorted = Float64Array.from(rounds.flatMap(({ milliseconds }) => milliseconds)).sort()
  const cpu = rounds.flatMap(({ cpuMilliseconds }) => cpuMilliseconds ?? [])
  return {
    requests_per_second: Math.round(median(rounds.map(({ requestsPerSecond }) => requestsPerSecond))),
    p50_ms: round(quantile(sorted, 0.5), 2),
    p99_ms: round(quantile(sorted, 0.99), 2),
    cpu_ms: cpu.length > 0 ? round(median(cpu), 3) : null,
  }
}

function median(values: readonly number[]): number {
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

const FIGURES = ['req/s', 'p50 ms', 'p99 ms', 'CPU ms']
const COLUMNS = ['route', ...FIGURES, '|', ...FIGURES, '|', 'ratio', 'by CPU', 'goal']
const LEGEND =
  'Left the service, right the floor. Ratio: req/s of the service by req/s of the floor, median of the rounds.'

/** The results for a reader. */
export function tableOf({ routes, bundle }: Results): string {
  const cells = routes.map(({ route, ours, floor, ratio, cpu_ratio, goal_met }) => [
    route,
    ...cellsOf(ours),
    '|',
    ...cellsOf(floor),
    '|',
    ratio.toFixed(2),
    cpu_ratio?.toFixed(2) ?? '?',
    goal_met ? 'met' : `below ${GOAL}`,
  ])
  const kib = (bytes: number) => `${(bytes / 1_024).toFixed(1)} KiB`
  return [
    ...aligned([COLUMNS, ...cells]),
    '',
    LEGEND,
    `Bundle ${kib(bundle.bytes)}, gzip ${kib(bundle.gzip_bytes)}.`,
  ].join('\n')
}

function cellsOf(figures: Figures): string[] {
  return [
    figures.requests_per_second.toLocaleString('en'),
    figures.p50_ms.toFixed(2),
    figures.p99_ms.toFixed(2),
    figures.cpu_ms?.toFixed(2) ?? '?',
  ]
}

/** The first column to the left, the others to the right. */
function aligned(lines: readonly string[][]): string[] {
  const widths = COLUMNS.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  return lines.map((line) =>
    line.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join('  '),
  )
}
