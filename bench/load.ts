import autocannon from 'autocannon'
import { cpuMilliseconds } from './cpu-time.ts'
import { nextBody } from './request.ts'
import { headersOf, type MeasuredRoute } from './routes.ts'
import type { Server } from './servers.ts'

/** How often autocannon checks for completion. */
const POLL_MS = 50
const TIMEOUT_SECONDS = 120

export interface LoadPlan {
  connections: number
  requests: number
}

export interface Round {
  requestsPerSecond: number
  milliseconds: number[]
  /** Per request; null on systems other than Linux. */
  cpuMilliseconds: number | null
}

/** Throws unless every response is a 2xx. */
export async function load(
  { origin, runtime }: Server,
  route: MeasuredRoute,
  token: string,
  loadPlan: LoadPlan,
): Promise<Round> {
  const milliseconds: number[] = []
  const cpu = stopwatch(runtime)
  let started = 0
  let ended = 0
  const result = await new Promise<autocannon.Result>((resolve, reject) => {
    const options: autocannon.Options = {
      url: origin,
      connections: loadPlan.connections,
      amount: loadPlan.requests,
      timeout: TIMEOUT_SECONDS,
      sampleInt: POLL_MS,
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
  assertNoFailures(route, result)
  const cpuUsed = cpu()
  return {
    requestsPerSecond: (milliseconds.length * 1_000) / (ended - started),
    milliseconds,
    cpuMilliseconds: cpuUsed && cpuUsed / milliseconds.length,
  }
}

/** Bodies that must differ are created when they are sent. */
function requestsOf(route: MeasuredRoute): autocannon.Request[] {
  const { method, paths } = route
  return paths.map((path) => ({
    method,
    path,
    ...(route.body && { setupRequest: (request: autocannon.Request) => ({ ...request, body: nextBody(route, path) }) }),
  }))
}

/** Returns the CPU time since the call. */
function stopwatch(pid: number | null): () => number | null {
  const used = () => (pid === null ? null : cpuMilliseconds(pid))
  const before = used()
  return () => {
    const after = used()
    return before === null || after === null ? null : after - before
  }
}

function assertNoFailures(route: MeasuredRoute, { errors, non2xx, statusCodeStats }: autocannon.Result): void {
  if (errors > 0 || non2xx > 0)
    throw new Error(`${route.name}: not every response was 2xx: ${JSON.stringify({ errors, ...statusCodeStats })}`)
}
