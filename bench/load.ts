import autocannon from 'autocannon'
import { cpuMilliseconds } from './cpu-time.ts'
import { nextBody } from './request.ts'
import { headersOf, type MeasuredRoute } from './routes.ts'
import type { Server } from './servers.ts'

/** How often autocannon looks whether all has been answered. */
const LOOK_MS = 50
const TIMEOUT_SECONDS = 120

/** How many ask at once, and how often they do in all. */
export interface Pace {
  connections: number
  requests: number
}

/** What a server did in one round. */
export interface Round {
  requestsPerSecond: number
  /** Of each answer. */
  milliseconds: number[]
  /** CPU time of the server for one request, where the system tells. */
  cpuMilliseconds: number | null
}

/** Sends one route's requests over and over. Throws unless every answer was a 2xx. */
export async function load(
  { origin, runtime }: Server,
  route: MeasuredRoute,
  token: string,
  pace: Pace,
): Promise<Round> {
  const milliseconds: number[] = []
  const cpu = stopwatch(runtime)
  let started = 0
  let ended = 0
  const result = await new Promise<autocannon.Result>((resolve, reject) => {
    const options: autocannon.Options = {
      url: origin,
      connections: pace.connections,
      amount: pace.requests,
      timeout: TIMEOUT_SECONDS,
      sampleInt: LOOK_MS,
      headers: headersOf(route, token),
      requests: requestsOf(route),
    }
    const run = autocannon(options, (error, done) => (error ? reject(error) : resolve(done)))
    run.on('start', () => {
      started = performance.now()
    })
    run.on('response', (_client, _status, _bytes, took) => {
      milliseconds.push(took)
      ended = performance.now()
    })
  })
  refuseFailures(route, result)
  const cpuUsed = cpu()
  return {
    requestsPerSecond: (milliseconds.length * 1_000) / (ended - started),
    milliseconds,
    cpuMilliseconds: cpuUsed && cpuUsed / milliseconds.length,
  }
}

/** A body that is another every time is made when it is sent. */
function requestsOf(route: MeasuredRoute): autocannon.Request[] {
  const { method, paths } = route
  return paths.map((path) => ({
    method,
    path,
    ...(route.body && { setupRequest: (request: autocannon.Request) => ({ ...request, body: nextBody(route, path) }) }),
  }))
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

function refuseFailures(route: MeasuredRoute, { errors, non2xx, statusCodeStats }: autocannon.Result): void {
  if (errors > 0 || non2xx > 0)
    throw new Error(`${route.name}: not every answer was a 2xx: ${JSON.stringify({ errors, ...statusCodeStats })}`)
}
