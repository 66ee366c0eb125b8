import type { RouteResult } from './measure.ts'
import type { MemoryResult } from './memory.ts'
import { type Results, readingsOf, type SizeResult } from './results.ts'
import type { StorageResult } from './storage.ts'

const COLUMNS = ['read', 'written', 'trips', 'req/s', 'p50 ms', 'p99 ms', 'CPU ms', 'floor/s', 'ratio', 'by CPU']
const LEGEND = [
  'Rows read and written at D1 and round trips to it, of one request. Ratio: req/s divided by those of the floor; by CPU:',
  'its CPU time divided by ours. –: not in the floor. *: requested on one connection, the others on several.',
]

/** A block for each size, and one that compares the rows read. */
export function tableOf(results: Results): string {
  const kib = (bytes: number) => `${(bytes / 1_024).toFixed(1)} KiB`
  const { bundle } = results
  return [
    ...results.sizes.flatMap((size) => [...blockOf(size), '']),
    ...LEGEND,
    '',
    ...readingBlock(results),
    '',
    `Bundle ${kib(bundle.bytes)}, gzip ${kib(bundle.gzip_bytes)}.`,
  ].join('\n')
}

const MEMORY_COLUMNS = ['memory, MiB', 'idle', 'growth', "floor's idle", "floor's growth", 'difference']

/** Memory growth during transfers. */
export function memoryTableOf(results: readonly MemoryResult[]): string {
  const rows = results.map(({ case: name, ours, floor, difference_mib }) => [
    name,
    ...[ours.idle_mib, ours.growth_mib, floor.idle_mib, floor.growth_mib, difference_mib].map((mib) => mib.toFixed(1)),
  ])
  return aligned([MEMORY_COLUMNS, ...rows]).join('\n')
}

function blockOf({ tickets, routes }: SizeResult): string[] {
  return [
    ...aligned([[`${thousands(tickets)} tickets`, ...COLUMNS], ...routes.map(rowOf)]),
    ...routes.flatMap(streamed),
  ]
}

function rowOf({ route, rows_read, rows_written, round_trips, connections, ours, floor, comparison }: RouteResult) {
  return [
    ours && connections === 1 ? `${route} *` : route,
    ...[rows_read, rows_written, round_trips].map(thousands),
    shown(ours?.requests_per_second),
    ...[ours?.p50_ms, ours?.p99_ms, ours?.cpu_ms].map((value) => value?.toFixed(2) ?? '–'),
    shown(floor?.requests_per_second),
    ...[comparison?.ratio, comparison?.cpu_ratio].map((value) => value?.toFixed(2) ?? '–'),
  ]
}

function streamed({ route, stream }: RouteResult): string[] {
  if (!stream) return []
  const { first_byte_ms, total_ms, tickets, bytes } = stream
  const rate = Math.round(tickets / (total_ms / 1_000))
  const amount = `${thousands(tickets)} tickets (${(bytes / 1_048_576).toFixed(1)} MiB)`
  return [
    `${route}: first bytes after ${first_byte_ms} ms, ${amount} in ${(total_ms / 1_000).toFixed(2)} s, ` +
      `${thousands(rate)} per second; its rows are counted up to the first bytes.`,
  ]
}

function readingBlock(results: Results): string[] {
  const header = ['Rows read, at tickets:', ...results.sizes.map(({ tickets }) => thousands(tickets)), 'last two', '']
  const lines = readingsOf(results).map(({ route, rows, growth, grows }) => [
    route,
    ...rows.map((count) => (count === null ? '–' : thousands(count))),
    growth === null ? '–' : `×${growth.toFixed(1)}`,
    grows ? 'grows' : '',
  ])
  return aligned([header, ...lines])
}

function shown(value: number | undefined): string {
  return value === undefined ? '–' : thousands(value)
}

function thousands(value: number): string {
  return value.toLocaleString('en')
}

/** The first column is left-aligned, the others are right-aligned. */
function aligned(lines: readonly string[][]): string[] {
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  return lines.map((line) =>
    line.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join('  '),
  )
}

export function storageTableOf(bytes: StorageResult): string {
  const rows = Object.entries(bytes).map(([name, value]) => [name, thousands(Math.round(value))])
  return aligned([['Bytes of each row, with its index entries', ''], ...rows]).join('\n')
}
