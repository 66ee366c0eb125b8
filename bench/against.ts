import { join } from 'node:path'
import { ROOT } from '../scripts/lib/local-state.ts'
import { buildBundle } from './build.ts'
import { checkOut } from './checkout.ts'
import { median } from './figures.ts'
import { load } from './load.ts'
import { sharesTold, tell } from './progress.ts'
import { findDeepCursor } from './request.ts'
import { type MeasuredRoute, routesOf } from './routes.ts'
import { type Server, startServer, stopServers } from './servers.ts'
import { copyState, seededState } from './states.ts'
import { issueTokens } from './token.ts'

const SIZE = 20_000
const PACE = { connections: 4, requests: 400 }
const ROUNDS = 15
const ROUTES = [
  'GET /tickets',
  'GET /tickets/{id}',
  'GET /tickets?q= a rare word',
  'POST /tickets',
  'PATCH /tickets/{id}',
  'POST /tickets/{id}/comments',
]

interface Pair {
  here: number
  there: number
}

/**
 * Compares the CPU time of requests with that of another commit: both are served over data of the same content, each with
 * its own migrations, and take turns. A ratio is taken within a pair of rounds, which met the same noise.
 */
export async function compareWith(ref: string): Promise<void> {
  const other = checkOut(ref)
  try {
    tell(`Building this tree and ${other.commit}`)
    const here = await serve(ROOT, 'here')
    const there = await serve(other.root, 'there')
    const tokens = issueTokens(Date.now())
    const all = routesOf(SIZE, await findDeepCursor(here, SIZE, tokens.agent))
    console.log(
      `\nCPU time of one request in ms, this tree against ${other.commit}: medians of ${ROUNDS} pairs of rounds`,
    )
    for (const name of ROUTES) {
      const route = all.find((each) => each.name === name)
      if (!route) throw new Error(`there is no route ${name} to measure`)
      console.log(lineOf(name, await measure(here, there, route, tokens[route.role])))
    }
  } finally {
    await stopServers()
    other.remove()
  }
}

async function serve(root: string, label: string): Promise<Server> {
  const bundle = buildBundle(join(root, 'wrangler.toml'), `-${label}`)
  const state = await seededState(bundle, SIZE, sharesTold(`Making the data of ${label}`), root)
  return startServer(bundle, copyState(state.folder, label))
}

async function measure(here: Server, there: Server, route: MeasuredRoute, token: string): Promise<Pair[]> {
  const fire = async (server: Server) => (await load(server, route, token, PACE)).cpuMilliseconds ?? Number.NaN
  await fire(here)
  await fire(there)
  const pairs: Pair[] = []
  while (pairs.length < ROUNDS)
    pairs.push(
      pairs.length % 2 === 0
        ? { here: await fire(here), there: await fire(there) }
        : { there: await fire(there), here: await fire(here) },
    )
  return pairs
}

function lineOf(name: string, pairs: Pair[]): string {
  const ratios = pairs.map(({ here, there }) => here / there).toSorted((a, b) => a - b)
  const quartile = (share: number) => (ratios[Math.floor(ratios.length * share)] ?? Number.NaN).toFixed(2)
  const of = (side: keyof Pair) => median(pairs.map((pair) => pair[side])).toFixed(3)
  const spread = `${quartile(0.25)} to ${quartile(0.75)}`
  return `${name.padEnd(30)} ${of('here')} against ${of('there')}  ratio ${median(ratios).toFixed(3)} (quartiles ${spread})`
}
