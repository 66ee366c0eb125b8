import { join } from 'node:path'
import { ROOT } from '../scripts/lib/local-state.ts'
import { compareWith } from './against.ts'
import { type Bundle, buildBundle, sizeOf } from './build.ts'
import { measureRoute, type Plan, type RouteResult } from './measure.ts'
import { measureMemory } from './memory.ts'
import { measureNeighbor } from './neighbor.ts'
import { plotOf } from './plot.ts'
import { elapsedSeconds, log, startProgress } from './progress.ts'
import { memoryTableOf, storageTableOf, tableOf } from './report.ts'
import { findDeepCursor } from './request.ts'
import { compareRequestCost } from './request-cost.ts'
import { type Results, type SizeResult, saveMemory, saveResult } from './results.ts'
import { routesOf } from './routes.ts'
import { startServer, stopServers } from './servers.ts'
import { copyState, deleteLeftovers, seededState } from './states.ts'
import { measureStorage } from './storage.ts'
import { issueTokens } from './token.ts'

const THOROUGH = { sizes: [1_000, 100_000, 1_000_000], connections: 16, rounds: 5, seconds: 1 }
const QUICK = { sizes: [1_000, 20_000], connections: 4, rounds: 2, seconds: 0.2 }

const CONFIG = join(ROOT, 'wrangler.toml')
const FLOOR_CONFIG = join(import.meta.dirname, 'floor.toml')

const MEMORY_RUNS = { thorough: 3, quick: 1 }

interface Flags {
  quick: boolean
  memory: boolean
  requests: boolean
  neighbor: boolean
  storage: boolean
  against: string | undefined
}

/** Prints an error instead of throwing it. */
export async function runBenchmark(flags: Flags): Promise<void> {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => void stopServers().finally(() => process.exit(1)))

  try {
    await run(flags)
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  } finally {
    await stopServers()
  }
}

async function run(flags: Flags): Promise<void> {
  deleteLeftovers()
  if (flags.neighbor) {
    if (!(await measureNeighbor())) process.exitCode = 1
    return
  }
  if (flags.storage) {
    console.log(storageTableOf(await measureStorage()))
    return
  }
  if (flags.requests) return compareRequestCost(flags.against)
  if (flags.against !== undefined) return compareWith(flags.against)
  const plan = flags.quick ? QUICK : THOROUGH
  log('Building the Worker and the floor')
  const bundles = { ours: buildBundle(CONFIG), floor: buildBundle(FLOOR_CONFIG) }
  if (flags.memory || !flags.quick) await reportMemory(bundles, flags)
  if (flags.memory) return
  const sizes: SizeResult[] = []
  for (const size of plan.sizes) sizes.push(await measureSize(bundles, size, plan))
  const results: Results = {
    measured_at: new Date().toISOString(),
    node: process.version,
    quick: flags.quick,
    seconds: Math.round(elapsedSeconds()),
    connections: plan.connections,
    rounds: plan.rounds,
    seconds_a_round: plan.seconds,
    bundle: sizeOf(bundles.ours),
    sizes,
  }
  console.log(`\n${tableOf(results)}\n`)
  log(`Written: ${saveResult(results, 'json', `${JSON.stringify(results, null, 2)}\n`)}`)
  log(`Written: ${saveResult(results, 'svg', plotOf(results))}`)
}

async function reportMemory({ ours, floor }: Record<'ours' | 'floor', Bundle>, flags: Flags): Promise<void> {
  const runs = flags.quick ? MEMORY_RUNS.quick : MEMORY_RUNS.thorough
  const memory = await measureMemory(ours, floor, runs)
  if (memory === null) return log('Memory is not measured: only Linux reports the resident memory of a process')
  console.log(`\n${memoryTableOf(memory)}\n`)
  const results = { measured_at: new Date().toISOString(), node: process.version, runs, cases: memory }
  log(`Written: ${saveMemory(flags, `${JSON.stringify(results, null, 2)}\n`)}`)
}

/** Both servers work on copies, which are deleted with them. */
async function measureSize(bundles: Record<'ours' | 'floor', Bundle>, size: number, plan: Plan): Promise<SizeResult> {
  const tickets = `${size.toLocaleString('en')} tickets`
  const state = await seededState(bundles.floor, size, startProgress(`Making ${tickets}`))
  const start = (name: 'ours' | 'floor') => startServer(bundles[name], copyState(state.folder, name))
  const [ours, floor] = await Promise.all([start('ours'), start('floor')])
  const tokens = issueTokens(Date.now())
  const measured = routesOf(size, await findDeepCursor(ours, size, tokens.agent))
  const routes: RouteResult[] = []
  for (const [index, route] of measured.entries()) {
    const result = await measureRoute({ ours, floor }, route, tokens[route.role], plan)
    log(`${tickets}, ${index + 1}/${measured.length}  ${route.name}: ${inShort(result)}`)
    routes.push(result)
  }
  await stopServers()
  return { tickets: size, seeding_seconds: state.seconds, routes }
}

function inShort({ rows_read, ours, comparison, stream }: RouteResult): string {
  const speed = stream
    ? `${stream.tickets.toLocaleString('en')} in ${stream.total_ms.toLocaleString('en')} ms`
    : `${ours?.requests_per_second.toLocaleString('en')}/s`
  const ratio = comparison ? `, ratio ${comparison.ratio.toFixed(2)}` : ''
  return `${rows_read.toLocaleString('en')} rows read, ${speed}${ratio}`
}
