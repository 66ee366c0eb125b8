import { join } from 'node:path'
import { ROOT } from '../scripts/lib/local-state.ts'
import { buildBundle } from './build.ts'
import { checkOut } from './checkout.ts'
import { median } from './figures.ts'
import { load } from './load.ts'
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

interface Pair {
  current: number
  compared: number
}

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
  const state = await seededState(bundle, SIZE, startProgress(`Making the data of ${label}`), root)
  return startServer(bundle, copyState(state.folder, label))
}

async function measure(current: Server, compared: Server, route: MeasuredRoute, token: string): Promise<Pair[]> {
  const fire = async (server: Server) => (await load(server, route, token, LOAD_PLAN)).cpuMilliseconds ?? Number.NaN
  await fire(current)
  await fire(compared)
  const pairs: Pair[] = []
  while (pairs.length < ROUNDS)
    pairs.push(
      pairs.length % 2 === 0
        ? { current: await fire(current), compared: await fire(compared) }
        : { compared: await fire(compared), current: await fire(current) },
    )
  return pairs
}

function lineOf(name: string, pairs: Pair[]): string {
  const ratios = pairs.map(({ current, compared }) => current / compared).toSorted((a, b) => a - b)
  const quartile = (share: number) => (ratios[Math.floor(ratios.length * share)] ?? Number.NaN).toFixed(2)
  const of = (side: keyof Pair) => median(pairs.map((pair) => pair[side])).toFixed(3)
  const spread = `${quartile(0.25)} to ${quartile(0.75)}`
  return `${name.padEnd(30)} ${of('current')} against ${of('compared')}  ratio ${median(ratios).toFixed(3)} (quartiles ${spread})`
}
