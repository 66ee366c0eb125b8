import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { type Bundle, buildBundle } from './build.ts'
import { ticketId } from './dataset.ts'
import { median } from './figures.ts'
import { log } from './progress.ts'
import { peakResident, watchResident } from './resident.ts'
import { type Server, startServer } from './servers.ts'
import { copyState, scratchFolder, seededState } from './states.ts'
import { issueTokens } from './token.ts'
import { download, upload } from './transfers.ts'

/** Growth of the runtime's process during transfers; in MiB. */
export interface MemoryResult {
  case: string
  ours: Growth
  floor: Growth
  /** The service's growth minus the floor's. */
  difference_mib: number
}

interface Growth {
  /** Resident memory of a server that has served one small file. */
  idle_mib: number
  growth_mib: number
}

interface Case {
  name: string
  isDownload: boolean
  mib: number
  /** Concurrent transfers. */
  times: number
}

const CASES: readonly Case[] = [
  { name: 'upload of 95 MiB', isDownload: false, mib: 95, times: 1 },
  { name: 'download of 95 MiB', isDownload: true, mib: 95, times: 1 },
  { name: '5 concurrent uploads of 20 MiB', isDownload: false, mib: 20, times: 5 },
  { name: '5 concurrent downloads of 20 MiB', isDownload: true, mib: 20, times: 5 },
]

const MIB = 1_024 * 1_024
const DATABASE_SIZE = 1_000

type Name = 'ours' | 'floor'

interface Endpoint {
  bundle: Bundle
  path: string
  headers: Record<string, string>
}

/**
 * Measures every case `runs` times with new servers, compared with a Worker that only stores; returns the medians. Null
 * on systems other than Linux.
 */
export async function measureMemory(ours: Bundle, seeder: Bundle, runs: number): Promise<MemoryResult[] | null> {
  if (process.platform !== 'linux') return null
  const { folder } = await seededState(seeder, DATABASE_SIZE, () => undefined)
  const endpoints: Record<Name, Endpoint> = {
    ours: {
      bundle: ours,
      path: `/api/v1/tickets/${ticketId(1)}/attachments?filename=`,
      headers: { Authorization: `Bearer ${issueTokens(Date.now()).agent}` },
    },
    floor: { bundle: buildBundle(join(import.meta.dirname, 'memory-floor.toml')), path: '/', headers: {} },
  }
  const results: MemoryResult[] = []
  for (const one of CASES) {
    const grown: Record<Name, Growth[]> = { ours: [], floor: [] }
    for (let run = 0; run < runs; run += 1)
      for (const name of ['ours', 'floor'] as const) grown[name].push(await measure(endpoints[name], folder, one))
    const [mine, floors] = [medianOf(grown.ours), medianOf(grown.floor)]
    const difference = Number((mine.growth_mib - floors.growth_mib).toFixed(1))
    log(`Memory, ${one.name}: ${mine.growth_mib} MiB more than idle, the floor ${floors.growth_mib}`)
    results.push({ case: one.name, ours: mine, floor: floors, difference_mib: difference })
  }
  return results
}

async function measure(endpoint: Endpoint, seeded: string, one: Case): Promise<Growth> {
  const bytes = one.mib * MIB
  const served = copyState(seeded, 'memory')
  if (!one.isDownload) {
    const server = await startServer(endpoint.bundle, served)
    return grow(server, endpoint, () => all(one.times, (index) => uploadTo(server, endpoint, `big${index}`, bytes)))
  }
  // Written by another process, whose memory does not count.
  const writer = await startServer(endpoint.bundle, served)
  const urls = await all(one.times, (index) => uploadTo(writer, endpoint, `big${index}`, bytes))
  const written = scratchFolder('memory-read')
  cpSync(served, written, { recursive: true })
  await writer.stop()
  const server = await startServer(endpoint.bundle, written)
  const addresses = urls.map((url) => url.replace(writer.origin, server.origin))
  return grow(server, endpoint, () => all(one.times, (index) => download(addresses[index] ?? '', bytes)))
}

async function grow(server: Server, endpoint: Endpoint, work: () => Promise<unknown>): Promise<Growth> {
  if (server.runtime === null) throw new Error('the process of the runtime was not found')
  await download(await uploadTo(server, endpoint, 'small', 1_024), 1_024)
  const idle = watchResident(server.runtime)
  await work()
  const growth = peakResident(server.runtime) - idle
  await server.stop()
  return { idle_mib: Number(idle.toFixed(1)), growth_mib: Number(growth.toFixed(1)) }
}

function uploadTo({ origin }: Server, { path, headers }: Endpoint, name: string, bytes: number): Promise<string> {
  return upload(`${origin}${path}${name}`, headers, bytes)
}

function all<T>(times: number, run: (index: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: times }, (_, index) => run(index)))
}

function medianOf(grown: readonly Growth[]): Growth {
  const of = (name: keyof Growth) => Number(median(grown.map((one) => one[name])).toFixed(1))
  return { idle_mib: of('idle_mib'), growth_mib: of('growth_mib') }
}
