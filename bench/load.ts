import autocannon from 'autocannon'
import { headersOf, type MeasuredRoute } from './routes.ts'

export const CONNECTIONS = 16

/** How often autocannon looks whether its time is over. */
const LOOK_MS = 50

/** What a server did in one round. */
export interface Round {
  requestsPerSecond: number
  /** Of each answer. */
  milliseconds: number[]
}

/** Sends one route's requests over and over for some seconds. Throws unless every answer was a 2xx. */
export async function load(origin: string, route: MeasuredRoute, token: string, seconds: number): Promise<Round> {
  const { method, paths, body } = route
  const milliseconds: number[] = []
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
  return { requestsPerSecond: milliseconds.length / elapsed, milliseconds }
}

function refuseFailures(route: MeasuredRoute, { errors, non2xx, statusCodeStats, ...result }: autocannon.Result): void {
  if (errors > 0 || non2xx > 0)
    throw new Error(`${route.name}: not every answer was a 2xx: ${JSON.stringify({ errors, ...statusCodeStats })}`)
  if (result['2xx'] === 0) throw new Error(`${route.name}: no answer came in time; is the machine busy?`)
}
