import { type Comparison, compare, type Figures, figuresOf, type Pair } from './figures.ts'
import { load, type Pace, type Round } from './load.ts'
import { type Cost, probe } from './probe.ts'
import type { MeasuredRoute } from './routes.ts'
import { checkSameAnswer } from './same-answers.ts'
import type { Server } from './servers.ts'
import { measureStream, type StreamFigures } from './stream.ts'

/** How thoroughly it is measured. */
export interface Plan {
  /** How many ask at once. */
  connections: number
  /** How often each server has its turn, after one that does not count. */
  rounds: number
  /** About how long a turn takes. */
  seconds: number
}

/** What was found out about a route at a size. */
export interface RouteResult extends Cost {
  route: string
  /** How many asked at once; fewer than planned where an answer takes long. */
  connections: number
  /** Null for a stream. */
  ours: Figures | null
  /** Null where the floor has no such route. */
  floor: Figures | null
  comparison: Comparison | null
  stream: StreamFigures | null
}

interface Servers {
  ours: Server
  floor: Server
}

/** Fewer requests than this for each connection in a round, and they are sent one at a time. */
const REQUESTS_A_CONNECTION = 2
const SLOW_ROUNDS = 3

/** Measures a route: what it costs, and how fast it is beside the floor. Throws when the two do different work. */
export async function measureRoute(
  servers: Servers,
  route: MeasuredRoute,
  token: string,
  plan: Plan,
): Promise<RouteResult> {
  const { ours, floor } = servers
  if (route.hasFloor) await checkSameAnswer(servers, route, token)
  const { cost, milliseconds } = await probe(ours, route, token)
  const none = { ours: null, floor: null, comparison: null, stream: null }
  if (route.isStream) {
    const stream = await measureStream(ours, route, token, plan.rounds * plan.seconds)
    return { route: route.name, ...cost, connections: 1, ...none, stream }
  }
  const pace = paceOf(plan.connections, plan.seconds, milliseconds)
  const { connections } = pace
  const rounds = connections === 1 ? Math.min(SLOW_ROUNDS, plan.rounds) : plan.rounds
  const fire = (server: Server) => load(server, route, token, pace)
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

/** As many requests as take about so long one after the other, by all connections at once where they are many. */
function paceOf(connections: number, seconds: number, milliseconds: number): Pace {
  const requests = Math.max(1, Math.round((seconds * 1_000) / milliseconds))
  return { requests, connections: requests < connections * REQUESTS_A_CONNECTION ? 1 : connections }
}

/** Rounds in pairs, so that the machine's noise falls on both; who goes first alternates. */
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
