import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BundleSize } from './build.ts'
import type { RouteResult } from './measure.ts'

/** All that a run has found out. */
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
  /** How long the database took to make, in this run or the one that it was kept from. */
  seeding_seconds: number
  routes: RouteResult[]
}

/** What a request of a route reads at each size; null where the size does not have the route. */
export interface Reading {
  route: string
  rows: (number | null)[]
  /** What is read at the largest size by what is at the one before it; null where one of them is not known. */
  growth: number | null
  /** Whether it grows with the account, and not only until a page is full: by more than the root of the tickets. */
  grows: boolean
}

/** What each route reads, size by size. */
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

/** Writes a file of results; those of a quick run do not replace those of a thorough one. Gives its path. */
export function saveResult({ quick }: Pick<Results, 'quick'>, extension: 'json' | 'svg', content: string): string {
  return save(`${quick ? 'quick' : 'latest'}.${extension}`, content)
}

/** As `saveResult`, of the memory that files take. */
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
