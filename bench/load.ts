import autocannon from 'autocannon'
import { cpuMilliseconds } from './cpu-time.ts'
import { headersOf, type MeasuredRoute } from './routes.ts'
import type { Server } from './servers.ts'

export const CONNECTIONS = 16

/** How often autocannon looks whether its time is over. */
const LOOK_MS = 50

/** What a server did in one round. */
export interface Round {
  requestsPerSecond: number
  /** Of each answer. */
  milliseconds: number[]
  /** CPU time of the server for one request, where the system tells. */
  cpuMilliseconds: number | null
}

/** Sends one route's requests over and over for some seconds. Throws unless every answer was a 2xx. */
export async function load(
  { origin, runtime }: Server,
  route: MeasuredRoute,
  token: string,
  seconds: number,
): Promise<Round> {
  const { method, paths, body } = route
  const milliseconds: number[] = []
  const cpu = stopwatch(runtime)
  const result = await new Promise<autocannon.Result>((resolve, reject) => {
    const options: autocannon.Options = {
      url: origin,
      connections: CONNECTIONS,
      duration: seconds,
      sampleInt: LOOK_MS,
      headers: headersOf(route, token),
      requests: paths.map((path) => ({ method, path, ...(body !== undefined && { body }) })),
    }
    const run = autocannon(options, (error, done) => (error ? reject(error) : resolve(done)))
    run.on('response', (_client, _status, _bytes, took) => milliseconds.push(took))
  })
  refuseFailures(route, result)
  const elapsed = (result.finish.getTime() - result.start.getTime()) / 1_000
  const cpuUsed = cpu()
  return {
    requestsPerSecond: milliseconds.length / elapsed,
    milliseconds,
    cpuMilliseconds: cpuUsed && cpuUsed / milliseconds.length,
  }
}

/** Tells how much CPU time a process has used since. */
function stopwatch(pid: number | null): () => number | null {
  const used = () => (pid === null ? null : cpuMilliseconds(pid))
  const before = used()
  return () => {
    const after = used()
    return before === null || after === null ? null : after - before
  }
}

function refuseFailures(route: MeasuredRoute, { errors, non2xx, statusCodeStats, ...result }: autocannon.Result): void {
  if (errors > 0 || non2xx > 0)
    throw new Error(`${route.name}: not every answer was a 2xx: ${JSON.stringify({ errors, ...statusCodeStats })}`)
  if (result['2xx'] === 0) throw new Error(`${route.name}: no answer came in time; is the machine busy?`)
}
