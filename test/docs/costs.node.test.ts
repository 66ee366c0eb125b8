import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { ROOT } from '../../scripts/lib/local-state.ts'

const text = readFileSync(`${ROOT}docs/costs.md`, 'utf8')

const Results = z.object({
  sizes: z.array(
    z.object({
      tickets: z.number(),
      routes: z.array(
        z.object({
          route: z.string(),
          rows_read: z.number(),
          rows_written: z.number(),
          ours: z.object({ cpu_ms: z.number() }).nullable(),
        }),
      ),
    }),
  ),
})
const { sizes } = Results.parse(JSON.parse(readFileSync(`${ROOT}bench/results/latest.json`, 'utf8')))
const largest = sizes.find(({ tickets }) => tickets === 1_000_000)

/** Dollars per million requests to the Worker and to the caller's Durable Object, with its row and its duration. */
const OF_EACH = 1.45
const DOLLARS = { read: 0.001, written: 1, cpuMs: 0.02 }

const [, table = ''] = text.split('| a million of |')
const shown = table
  .split('\n\n')[0]
  ?.split('\n')
  .slice(2)
  .map((line) => line.split('|').slice(1, -1))
  .map(([route = '', ...cells]) => ({ route: route.replaceAll('`', '').trim(), cells }))

function amountAndPrice(cell = ''): [number, number] {
  const [amount, price] = cell.split('→').map(Number)
  return cell.trim() === '' ? [0, 0] : [amount ?? Number.NaN, price ?? Number.NaN]
}

describe('what requests cost', () => {
  it.each(shown ?? [])('$route: rows and CPU as measured, and their sum', ({ route, cells }) => {
    const measured = largest?.routes.find((one) => one.route === route)
    if (!measured?.ours) throw new Error(`the benchmark does not measure ${route}`)
    const { rows_read, rows_written, ours } = measured
    const [read, written, cpu] = cells.map(amountAndPrice)
    expect([read?.[0], written?.[0], cpu?.[0]]).toEqual([rows_read, rows_written, Math.round(ours.cpu_ms * 10) / 10])
    expect(read?.[1]).toBeCloseTo(rows_read * DOLLARS.read, 3)
    expect(written?.[1]).toBeCloseTo(rows_written * DOLLARS.written, 2)
    expect(cpu?.[1]).toBeCloseTo(ours.cpu_ms * DOLLARS.cpuMs, 3)
    const sum = OF_EACH + rows_read * DOLLARS.read + rows_written * DOLLARS.written + ours.cpu_ms * DOLLARS.cpuMs
    expect(Number(cells[3])).toBeCloseTo(sum, 2)
  })

  it('is added up for a month', () => {
    const [read = 0, , , got = 0, made = 0, changed = 0, commented = 0] = (shown ?? []).map(({ cells }) =>
      Number(cells[3]),
    )
    const aTicket = 30 * got + 30 * read + made + 4 * commented + 6 * changed
    expect(text).toContain(`30,000 × ${aTicket.toFixed(1)} / 10⁶ = $${((30_000 * aTicket) / 1e6).toFixed(2)}`)
  })
})
