import { join } from 'node:path'
import { ROOT } from '../scripts/lib/local-state.ts'
import { buildBundle } from './build.ts'
import { checkOut } from './checkout.ts'
import { median } from './figures.ts'
import { load } from './load.ts'
import { measurePairs, type Pair, quartiles } from './pairs.ts'
import { log, startProgress } from './progress.ts'
import { findDeepCursor } from './request.ts'
import { type MeasuredRoute, routesOf } from './routes.ts'
import { type Server, startServer, stopServers } from './servers.ts'
import { copyState, seededState } from './states.ts'
import { issueTokens } from './token.ts'

const SIZE = 20_000
const LOAD_PLAN = { connections: 4, requests: 400 }
const ROUNDS = 25
const ROUTES = [
  'GET /tickets',
  'GET /tickets/{id}',
  'GET /tickets?q= a rare word',
  'POST /tickets',
  'PATCH /tickets/{id}',
  'POST /tickets/{id}/comments',
]

/**
 * Compares the CPU time per request with that of another commit. Both serve the same data, each with its own
 * migrations, in alternating rounds. Ratios are computed within a pair of rounds, which have the same noise.
 */
export async function compareWith(ref: string): Promise<void> {
  const other = checkOut(ref)
  try {
    log(`Building this tree and ${other.commit}`)
    const current = await serve(ROOT, 'here')
    const compared = await serve(other.root, 'there')
    const tokens = issueTokens(Date.now())
    const all = routesOf(SIZE, await findDeepCursor(current, SIZE, tokens.agent))
    console.log(
      `\nCPU time of one request in ms, this tree against ${other.commit}: medians of ${ROUNDS} pairs of rounds`,
    )
    for (const name of ROUTES) {
      const route = all.find((each) => each.name === name)
      if (!route) throw new Error(`there is no route ${name} to measure`)
      console.log(lineOf(name, await measure(current, compared, route, tokens[route.role])))
    }
  } finally {
    await stopServers()
    other.remove()
  }
}

async function serve(root: string, label: string): Promise<Server> {
  const bundle = buildBundle(join(root, 'wrangler.toml'), `-${label}`)
  const state = await seededState(bundle, SIZE, startProgress(`Creating the data of ${label}`), root)
  return startServer(bundle, copyState(state.folder, label))
}

async function measure(current: Server, compared: Server, route: MeasuredRoute, token: string): Promise<Pair[]> {
  const fire = async (server: Server) => (await load(server, route, token, LOAD_PLAN)).cpuMilliseconds ?? Number.NaN
  await fire(current)
  await fire(compared)
  return measurePairs(
    ROUNDS,
    () => fire(current),
    () => fire(compared),
  )
}

function lineOf(name: string, pairs: Pair[]): string {
  const ratios = pairs.map(({ here, there }) => here / there)
  const of = (side: keyof Pair) => median(pairs.map((pair) => pair[side])).toFixed(3)
  return `${name.padEnd(30)} ${of('here')} against ${of('there')}  ratio ${median(ratios).toFixed(3)} (${quartiles(ratios, 2)})`
}
