import { median } from './figures.ts'
import { send } from './request.ts'
import type { MeasuredRoute } from './routes.ts'
import type { Server } from './servers.ts'

/** From the request's log line. */
export interface Cost {
  rows_read: number
  rows_written: number
  round_trips: number
}

const PROBES = 5

/** Sends a few requests in sequence. Returns the median costs and the shortest time. */
export async function probe(
  server: Server,
  route: MeasuredRoute,
  token: string,
): Promise<{ cost: Cost; milliseconds: number }> {
  const costs: Cost[] = []
  const times: number[] = []
  for (let nth = 0; nth < PROBES; nth += 1) {
    const started = performance.now()
    const requestId = crypto.randomUUID()
    const response = await send(server, route, token, { nth, requestId })
    if (route.isStream) await response.body?.cancel()
    else await response.arrayBuffer()
    times.push(performance.now() - started)
    costs.push(await costOf(server, requestId))
  }
  const of = (name: keyof Cost) => median(costs.map((cost) => cost[name]))
  const cost = { rows_read: of('rows_read'), rows_written: of('rows_written'), round_trips: of('round_trips') }
  return { cost, milliseconds: Math.min(...times) }
}

async function costOf(server: Server, requestId: string): Promise<Cost> {
  const { db } = JSON.parse(await server.lineOf(requestId))
  return { rows_read: db.rows_read, rows_written: db.rows_written, round_trips: db.round_trips }
}
