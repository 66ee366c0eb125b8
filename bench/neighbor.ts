import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { ROOT } from '../scripts/lib/local-state.ts'
import { type Bundle, buildBundle } from './build.ts'
import { openWorker } from './in-process.ts'
import { type Caller, type Kind, neighborRequests } from './neighbor-requests.ts'
import { CALLERS, neighborhoodSql } from './neighbor-sql.ts'
import { log, startProgress } from './progress.ts'
import { SqliteD1 } from './sqlite-d1.ts'
import { copyState, databaseFile, migrationStatements, scratchFolder, seededState } from './states.ts'
import { issueToken } from './token.ts'

interface Neighbor {
  size: number
  kinds: readonly Kind[]
}

/** The time of longer prefixes still grows with the neighbor: their bound is that for 40,000 tickets. */
const NEIGHBORS: readonly Neighbor[] = [
  { size: 100_000, kinds: ['search', 'other'] },
  { size: 40_000, kinds: ['longPrefix'] },
]
/** Of each kind, alternating. */
const REQUESTS = 50
/**
 * A request of a small account may take so many times as long with the neighbor as without it. Longer prefixes merge the
 * lists of all words that begin with them, those of other accounts too: see docs/adr/0014-full-text-index.md.
 */
const MAX_RATIO: Record<Kind, number> = { search: 20, longPrefix: 150, other: 5 }
/** Below this, in ms of D1 time, ratios are noise. */
const NEGLIGIBLE = 0.5
/** In ms of D1 time of one batch, whatever the ratio: an export sends several. */
const MAX_BATCH = 250

/** In ms of D1 time. */
interface Times {
  total: number
  longestBatch: number
}

/** A database with the small accounts: sends a GET and returns its times. Throws unless it is a 2xx or a 404. */
type Neighborhood = (caller: Caller, path: string) => Promise<Times>

/**
 * `npm run bench -- --neighbor`: the D1 time of requests of small accounts, alone and with a large neighbor in the same
 * database, alternating. Returns whether all of them are within their bounds.
 */
export async function measureNeighbor(): Promise<boolean> {
  log('Building the Worker')
  const bundle = buildBundle(join(ROOT, 'wrangler.toml'), '-neighbor')
  let isWithinBounds = true
  for (const neighbor of NEIGHBORS) isWithinBounds = (await measureNextTo(neighbor, bundle)) && isWithinBounds
  return isWithinBounds
}

async function measureNextTo({ size, kinds }: Neighbor, bundle: Bundle): Promise<boolean> {
  const state = await seededState(bundle, size, startProgress(`Making ${size} tickets`))
  const withNeighbor = new DatabaseSync(databaseFile(copyState(state.folder, `neighbor-${size}`)))
  // In a file as well: reading large rows from memory is several times as fast.
  const folder = scratchFolder(`alone-${size}`)
  mkdirSync(folder, { recursive: true })
  const alone = new DatabaseSync(join(folder, 'alone.sqlite'))
  for (const statement of migrationStatements(ROOT)) alone.exec(statement)
  const databases = { alone: await open(alone, bundle), withNeighbor: await open(withNeighbor, bundle) }
  console.log(
    `\nD1 time of a request in ms, the fastest of ${REQUESTS}: alone, with ${size} tickets of a neighbor, ratio`,
  )
  let isWithinBounds = true
  for (const { name, path, kind, caller } of neighborRequests(withNeighbor)) {
    if (!kinds.includes(kind)) continue
    const { own, shared } = await compare(databases, caller, path)
    const problem = problemOf(own.total, shared, kind)
    isWithinBounds &&= problem === ''
    const ratio = (shared.total / own.total).toFixed(1)
    const columns = [own.total.toFixed(3), shared.total.toFixed(3), ratio].map((text) => text.padStart(9))
    console.log(`${name.padEnd(56)}${columns.join('')}  ${problem}`)
  }
  return isWithinBounds
}

function problemOf(own: number, { total, longestBatch }: Times, kind: Kind): string {
  if (longestBatch > MAX_BATCH) return `a batch above ${MAX_BATCH} ms`
  return total < NEGLIGIBLE || total / own <= MAX_RATIO[kind] ? '' : `above ${MAX_RATIO[kind]}`
}

async function open(database: DatabaseSync, bundle: Bundle): Promise<Neighborhood> {
  for (const statement of neighborhoodSql()) database.exec(statement)
  const d1 = new SqliteD1(database)
  const send = {
    small: await sender(bundle, d1, 'small'),
    fullSize: await sender(bundle, d1, 'fullSize'),
  }
  return async (caller, path) => {
    const before = d1.milliseconds
    d1.longestBatch = 0
    const response = await send[caller](path)
    const text = await response.text()
    if (!response.ok && response.status !== 404) throw new Error(`${path}: ${response.status} ${text}`)
    return { total: d1.milliseconds - before, longestBatch: d1.longestBatch }
  }
}

async function sender(bundle: Bundle, d1: SqliteD1, caller: Caller) {
  const { accountId, userId } = CALLERS[caller]
  const request = await openWorker(bundle, d1, accountId)
  const headers = { Authorization: `Bearer ${issueToken({ accountId, userId, role: 'agent' }, Date.now())}` }
  return (path: string) => request(`/api/v1${path}`, { headers })
}

/** The fastest requests, because other programs on the machine only ever make a request slower. */
async function compare(
  { alone, withNeighbor }: Record<'alone' | 'withNeighbor', Neighborhood>,
  caller: Caller,
  path: string,
): Promise<{ own: Times; shared: Times }> {
  const times: Record<'own' | 'shared', Times[]> = { own: [], shared: [] }
  await alone(caller, path)
  await withNeighbor(caller, path)
  for (let sent = 0; sent < REQUESTS; sent += 1) {
    times.own.push(await alone(caller, path))
    times.shared.push(await withNeighbor(caller, path))
  }
  return { own: fastest(times.own), shared: fastest(times.shared) }
}

function fastest(times: readonly Times[]): Times {
  return {
    total: Math.min(...times.map(({ total }) => total)),
    longestBatch: Math.min(...times.map(({ longestBatch }) => longestBatch)),
  }
}
