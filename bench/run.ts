import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ROOT } from '../scripts/lib/local-state.ts'
import { buildBundle, sizeOf } from './build.ts'
import { CONNECTIONS, load } from './load.ts'
import { GOAL, type Pair, type Results, ratioOf, summarize, tableOf } from './report.ts'
import { type MeasuredRoute, ROUTES } from './routes.ts'
import { checkSameAnswers } from './same-answers.ts'
import { type Server, startServer, stopServers } from './servers.ts'
import { callerToken } from './token.ts'
import { TICKETS } from './world.ts'

const THOROUGH = { rounds: 8, seconds: 1, warmUpSeconds: 1.2 }
const QUICK = { rounds: 3, seconds: 0.7, warmUpSeconds: 0.5 }

const { values: flags } = parseArgs({ options: { quick: { type: 'boolean', default: false } } })
const plan = flags.quick ? QUICK : THOROUGH

/** `npm run bench`: the built Worker beside a floor Worker, in turns, so that the machine's noise falls on both. */
async function main(): Promise<void> {
  console.log('Building the Worker and the floor …')
  const bundle = buildBundle(join(ROOT, 'wrangler.toml'))
  const floorBundle = buildBundle(join(import.meta.dirname, 'floor.toml'))
  console.log(`Serving both, over ${TICKETS.toLocaleString('en')} tickets each …`)
  const [ours, floor] = await Promise.all([startServer(bundle), startServer(floorBundle)])
  const token = callerToken(Date.now())
  await checkSameAnswers({ ours, floor }, ROUTES, token)
  const routes = []
  for (const route of ROUTES) routes.push(summarize(route.name, await measure({ ours, floor }, route, token)))
  const results: Results = {
    measured_at: new Date().toISOString(),
    node: process.version,
    quick: flags.quick,
    connections: CONNECTIONS,
    rounds: plan.rounds,
    seconds_a_round: plan.seconds,
    tickets: TICKETS,
    goal: GOAL,
    bundle: sizeOf(bundle),
    routes,
  }
  console.log(`\n${tableOf(results)}`)
  save(results)
}

/** Rounds of one route in pairs; who goes first alternates. */
async function measure(servers: { ours: Server; floor: Server }, route: MeasuredRoute, token: string): Promise<Pair[]> {
  for (const server of Object.values(servers)) await load(server, route, token, plan.warmUpSeconds)
  const pairs: Pair[] = []
  while (pairs.length < plan.rounds) {
    const fire = (server: Server) => load(server, route, token, plan.seconds)
    const pair =
      pairs.length % 2 === 0
        ? { ours: await fire(servers.ours), floor: await fire(servers.floor) }
        : { floor: await fire(servers.floor), ours: await fire(servers.ours) }
    pairs.push(pair)
    console.log(progressOf(route, pairs.length, pair))
  }
  return pairs
}

function progressOf({ name }: MeasuredRoute, round: number, pair: Pair): string {
  const rate = (requestsPerSecond: number) => Math.round(requestsPerSecond).toLocaleString('en').padStart(7)
  const rates = `${rate(pair.ours.requestsPerSecond)}/s, floor ${rate(pair.floor.requestsPerSecond)}/s`
  return `${name.padEnd(18)} ${round}/${plan.rounds} ${rates}, ratio ${ratioOf(pair).toFixed(2)}`
}

function save(results: Results): void {
  const folder = join(import.meta.dirname, 'results')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'latest.json'), `${JSON.stringify(results, null, 2)}\n`)
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(signal, () => void stopServers().finally(() => process.exit(1)))

try {
  await main()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
} finally {
  await stopServers()
}
