import { median } from './figures.ts'
import { send } from './request.ts'
import type { MeasuredRoute } from './routes.ts'
import type { Server } from './servers.ts'

export interface StreamFigures {
  first_byte_ms: number
  total_ms: number
  tickets: number
  bytes: number
}

const LINE_END = 10

/** Reads a stream repeatedly for a few seconds; returns the medians. */
export async function measureStream(
  server: Server,
  route: MeasuredRoute,
  token: string,
  seconds: number,
): Promise<StreamFigures> {
  const runs: StreamFigures[] = []
  const deadline = performance.now() + seconds * 1_000
  do runs.push(await readStream(server, route, token))
  while (performance.now() < deadline)
  const [{ tickets, bytes }] = runs as [StreamFigures]
  const of = (name: 'first_byte_ms' | 'total_ms') => Number(median(runs.map((run) => run[name])).toFixed(1))
  return { first_byte_ms: of('first_byte_ms'), total_ms: of('total_ms'), tickets, bytes }
}

/** The last line is not a ticket. */
async function readStream(server: Server, route: MeasuredRoute, token: string): Promise<StreamFigures> {
  const started = performance.now()
  const response = await send(server, route, token)
  if (!response.body) throw new Error(`${route.name} has no body`)
  let first = 0
  let bytes = 0
  let lines = 0
  for await (const chunk of response.body) {
    first ||= performance.now()
    bytes += chunk.byteLength
    for (const byte of chunk) if (byte === LINE_END) lines += 1
  }
  return { first_byte_ms: first - started, total_ms: performance.now() - started, tickets: lines - 1, bytes }
}
