import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { ROOT } from '../../scripts/lib/local-state.ts'
import { COSTS, numberIn, rowBytes, rowsOfTable, TICKET_PARTS } from '../helpers/node/costs.ts'

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

/** Dollars per million requests: to the Worker, its log line, and the Durable Object with its row and its duration. */
const OF_EACH = 0.3 + 0.6 + 0.15 + 1 + 2_000 * 0.128 * 12.5e-6
const DOLLARS = { read: 0.001, written: 1, cpuMs: 0.02 }
const LOGS = { included: 20, price: 0.6 }

const prices = rowsOfTable('A million of').map(([route = '', ...cells]) => ({
  route: route.replaceAll('`', ''),
  cells,
}))

function amountAndPrice(cell = ''): [number, number] {
  const [amount, price] = cell.split('→').map(Number)
  return cell === '' ? [0, 0] : [amount ?? Number.NaN, price ?? Number.NaN]
}

describe('the costs of requests', () => {
  it.each(prices)('are the measured rows and CPU, and their sum: $route', ({ route, cells }) => {
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

  it('are added up for a month', () => {
    const [list = 0, , , get = 0, create = 0, change = 0, comment = 0] = prices.map(({ cells }) => Number(cells[3]))
    const aTicket = 30 * get + 30 * list + create + 4 * comment + 6 * change
    expect(COSTS).toContain(`30,000 × ${aTicket.toFixed(1)} / 10⁶ = $${((30_000 * aTicket) / 1e6).toFixed(2)}`)
  })

  it('include log lines beyond the included ones', () => {
    expect(COSTS).toContain(`| ${LOGS.price.toFixed(2)} a million | ${LOGS.included} million |`)
    const dollars = Math.round((100 - LOGS.included) * LOGS.price)
    expect(COSTS).toContain(`(100 − ${LOGS.included}) × ${LOGS.price.toFixed(2)} = $${dollars}`)
  })

  it('are shown with the rows of every measured route and size', () => {
    const shown = rowsOfTable('Request | Rows read').map(([route = '', ...cells]) => [
      route.replaceAll('`', ''),
      ...cells.map(numberIn),
    ])
    const measured = largest?.routes.map(({ route, rows_written }) => {
      const read = sizes.map(({ routes }) => routes.find((each) => each.route === route)?.rows_read ?? Number.NaN)
      return [route, ...read, rows_written]
    })
    expect(shown).toEqual(measured)
  })
})

const DAY = 1
const KEPT = { events: 30 * DAY, deliveries: 7 * DAY, records: DAY }

/** Bytes of one ticket a day, as the document describes it. */
const ticket = TICKET_PARTS.reduce((sum, part) => sum + rowBytes(part), 0)
const stays = ticket + 4 * (rowBytes('Comment') + 500) + 6 * rowBytes('Change')
const events = 11 * rowBytes('Event')
const deliveries = 11 * (rowBytes('Delivery') + rowBytes('Attempt'))
const records = 11 * rowBytes('Idempotency record')

function passing(keptEvents: number, days = Number.POSITIVE_INFINITY): number {
  return (
    events * Math.min(keptEvents, days) +
    deliveries * Math.min(KEPT.deliveries, days) +
    records * Math.min(KEPT.records, days)
  )
}

/** The whole days until a database has so many bytes. */
function daysTo(bytes: number, ticketsPerDay: number, keptEvents = KEPT.events): number {
  let days = 0
  while (ticketsPerDay * (stays * (days + 1) + passing(keptEvents, days + 1)) <= bytes) days += 1
  return days
}

const thousands = (value: number) => value.toLocaleString('en')
const megabytes = (bytes: number, digits: number) => (bytes / 1e6).toFixed(digits)

describe('the growth of a database', () => {
  it('is computed from the bytes of rows', () => {
    expect(COSTS).toContain(
      `${thousands(ticket)} + 4 × ${rowBytes('Comment') + 500} + 6 × ${rowBytes('Change')} = ${thousands(stays)} bytes`,
    )
    expect(COSTS).toContain(`events 11 × ${thousands(rowBytes('Event'))} bytes for ${KEPT.events} days`)
    expect(COSTS).toContain(`deliveries 11 × ${rowBytes('Delivery') + rowBytes('Attempt')} bytes for 7 days`)
    expect(COSTS).toContain(`records 11 × ${thousands(rowBytes('Idempotency record'))} bytes for 1 day`)
    const parts = [
      `events ${megabytes(events * KEPT.events, 3)}`,
      `deliveries ${megabytes(deliveries * KEPT.deliveries, 3)}`,
      `records ${megabytes(records, 3)}`,
    ]
    expect(COSTS).toContain(`these are ${megabytes(passing(KEPT.events), 2)} MB at any time: ${parts.join(', ')}`)
    expect(COSTS).toContain(
      `add ${megabytes(1_000 * stays, 1)} MB a day or ${megabytes(365 * stays, 1)} GB a year, in addition to ${megabytes(passing(KEPT.events), 2)} GB`,
    )
    expect(COSTS).toContain(`\`EVENT_RETENTION_DAYS = 7\` leaves ${megabytes(passing(7), 2)} GB`)
  })

  it('is shown for several numbers of tickets a day', () => {
    const shown = rowsOfTable('Tickets a day in the database').map((cells) => cells.map(numberIn))
    expect(shown.length).toBeGreaterThan(3)
    const computed = shown.map(([tickets = 0]) => [
      tickets,
      Number(((tickets * passing(KEPT.events)) / 1e9).toFixed(1)),
      daysTo(7e9, tickets),
      daysTo(10e9, tickets),
      daysTo(10e9, tickets, 2),
    ])
    expect(shown).toEqual(computed)
  })

  it('names the number of tickets a day whose events of a month fill a database', () => {
    const tickets = Math.round(10e9 / passing(KEPT.events) / 100) * 100
    expect(COSTS).toContain(`At ${thousands(tickets)} tickets a day the database never holds a month of events`)
  })
})
