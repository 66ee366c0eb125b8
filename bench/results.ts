import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BundleSize } from './build.ts'
import type { RouteResult } from './measure.ts'

export interface Results {
  measured_at: string
  node: string
  quick: boolean
  seconds: number
  connections: number
  rounds: number
  seconds_a_round: number
  bundle: BundleSize
  sizes: SizeResult[]
}

export interface SizeResult {
  tickets: number
  /** How long it took to create the database, in this run or an earlier one. */
  seeding_seconds: number
  routes: RouteResult[]
}

/** Rows read per request at each size; null if the size does not have the route. */
export interface Reading {
  route: string
  rows: (number | null)[]
  /** The largest size divided by the one before it; null if one of them is unknown. */
  growth: number | null
  /**
   * Whether rows read grow with the account beyond a full page: by more than the square root of the growth in tickets.
   */
  grows: boolean
}

export function readingsOf({ sizes }: Pick<Results, 'sizes'>): Reading[] {
  const names = new Set(sizes.toReversed().flatMap(({ routes }) => routes.map(({ route }) => route)))
  const [before, largest] = sizes.slice(-2).map(({ tickets }) => tickets)
  const tickets = largest !== undefined && before !== undefined ? largest / before : 1
  return [...names].map((route) => {
    const rows = sizes.map(({ routes }) => routes.find((found) => found.route === route)?.rows_read ?? null)
    const [fewer, more] = rows.slice(-2)
    const growth =
      fewer === null || fewer === undefined || more === null || more === undefined ? null : (more || 1) / (fewer || 1)
    return { route, rows, growth, grows: growth !== null && growth ** 2 > tickets }
  })
}

/** Results of a quick run have their own file. Returns the path. */
export function saveResult({ quick }: Pick<Results, 'quick'>, extension: 'json' | 'svg', content: string): string {
  return save(`${quick ? 'quick' : 'latest'}.${extension}`, content)
}

export function saveMemory({ quick }: Pick<Results, 'quick'>, content: string): string {
  return save(quick ? 'quick.memory.json' : 'memory.json', content)
}

function save(name: string, content: string): string {
  const folder = join(import.meta.dirname, 'results')
  mkdirSync(folder, { recursive: true })
  const file = join(folder, name)
  writeFileSync(file, content)
  return file
}
