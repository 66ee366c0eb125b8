import { type Comparison, compare, type Figures, figuresOf, type Pair } from './figures.ts'
import { type LoadPlan, load, type Round } from './load.ts'
import { type Cost, probe } from './probe.ts'
import type { MeasuredRoute } from './routes.ts'
import { checkSameResponse } from './same-responses.ts'
import type { Server } from './servers.ts'
import { measureStream, type StreamFigures } from './stream.ts'

export interface Plan {
  /** Concurrent requests. */
  connections: number
  /** Rounds per server, after one for warming up. */
  rounds: number
  /** Approximate duration of a round. */
  seconds: number
}

export interface RouteResult extends Cost {
  route: string
  /** Fewer than planned if responses are slow. */
  connections: number
  /** Null for a stream. */
  ours: Figures | null
  /** Null if the floor does not have the route. */
  floor: Figures | null
  comparison: Comparison | null
  stream: StreamFigures | null
}

interface Servers {
  ours: Server
  floor: Server
}

/** With fewer requests per connection and round, requests are sent one at a time. */
const REQUESTS_PER_CONNECTION = 2
const SLOW_ROUNDS = 3

/** Measures the cost of a route, and its speed compared with the floor. Throws if their responses differ. */
export async function measureRoute(
  servers: Servers,
  route: MeasuredRoute,
  token: string,
  plan: Plan,
): Promise<RouteResult> {
  const { ours, floor } = servers
  if (route.hasFloor) await checkSameResponse(servers, route, token)
  const { cost, milliseconds } = await probe(ours, route, token)
  const none = { ours: null, floor: null, comparison: null, stream: null }
  if (route.isStream) {
    const stream = await measureStream(ours, route, token, plan.rounds * plan.seconds)
    return { route: route.name, ...cost, connections: 1, ...none, stream }
  }
  const loadPlan = planLoad(plan.connections, plan.seconds, milliseconds)
  const { connections } = loadPlan
  const rounds = connections === 1 ? Math.min(SLOW_ROUNDS, plan.rounds) : plan.rounds
  const fire = (server: Server) => load(server, route, token, loadPlan)
  await fire(ours)
  if (!route.hasFloor) {
    const found: Round[] = []
    while (found.length < rounds) found.push(await fire(ours))
    return { route: route.name, ...cost, connections, ...none, ours: figuresOf(found) }
  }
  await fire(floor)
  const pairs = await firePairs(servers, rounds, fire)
  return {
    route: route.name,
    ...cost,
    connections,
    ours: figuresOf(pairs.map((pair) => pair.ours)),
    floor: figuresOf(pairs.map((pair) => pair.floor)),
    comparison: compare(pairs),
    stream: null,
  }
}

/** The number of requests for the planned duration; sequential or on all connections. */
function planLoad(connections: number, seconds: number, milliseconds: number): LoadPlan {
  const requests = Math.max(1, Math.round((seconds * 1_000) / milliseconds))
  return { requests, connections: requests < connections * REQUESTS_PER_CONNECTION ? 1 : connections }
}

/** Pairs of rounds, so that both have the same noise; the first one alternates. */
async function firePairs(servers: Servers, rounds: number, fire: (server: Server) => Promise<Round>) {
  const pairs: Pair[] = []
  while (pairs.length < rounds)
    pairs.push(
      pairs.length % 2 === 0
        ? { ours: await fire(servers.ours), floor: await fire(servers.floor) }
        : { floor: await fire(servers.floor), ours: await fire(servers.ours) },
    )
  return pairs
}
