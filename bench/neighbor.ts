import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { ROOT } from '../scripts/lib/local-state.ts'
import { type Bundle, buildBundle } from './build.ts'
import { median } from './figures.ts'
import { openWorker } from './in-process.ts'
import { type Caller, neighborRequests } from './neighbor-requests.ts'
import { CALLERS, neighborhoodSql } from './neighbor-sql.ts'
import { log, startProgress } from './progress.ts'
import { SqliteD1 } from './sqlite-d1.ts'
import { copyState, databaseFile, migrationStatements, scratchFolder, seededState } from './states.ts'
import { issueToken } from './token.ts'

const NEIGHBOR_TICKETS = 100_000
/** Of each path to each database, alternating. */
const REQUESTS = 50
/** A request of a small account may take so many times as long with the neighbor as without it. */
const MAX_RATIO = 5
/** Below this, in ms of D1 time, ratios are noise. */
const NEGLIGIBLE = 0.5
/** In ms of D1 time of one batch, whatever the ratio: an export sends several. */
const MAX_BATCH = 250

/** In ms of D1 time. */
interface Times {
  total: number
  longestBatch: number
}

/** Medians. */
interface Comparison {
  /** In ms of D1 time, without the neighbor and with it. */
  alone: number
  shared: number
  ratio: number
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
  const state = await seededState(bundle, NEIGHBOR_TICKETS, startProgress(`Making ${NEIGHBOR_TICKETS} tickets`))
  const withNeighbor = new DatabaseSync(databaseFile(copyState(state.folder, 'neighbor')))
  // In a file as well: reading large rows from memory is several times as fast.
  const folder = scratchFolder('alone')
  mkdirSync(folder, { recursive: true })
  const alone = new DatabaseSync(join(folder, 'alone.sqlite'))
  for (const statement of migrationStatements(ROOT)) alone.exec(statement)
  const databases = { alone: await open(alone, bundle), withNeighbor: await open(withNeighbor, bundle) }
  console.log(
    `\nD1 time of a request in ms, medians of ${REQUESTS} pairs: alone, with ${NEIGHBOR_TICKETS} tickets of a neighbor, ratio`,
  )
  let isWithinBounds = true
  for (const { name, path, caller } of neighborRequests(withNeighbor)) {
    const times = await compare(databases, caller, path)
    const problem = problemOf(times)
    isWithinBounds &&= problem === ''
    const columns = [times.alone.toFixed(3), times.shared.toFixed(3), times.ratio.toFixed(1)].map((text) =>
      text.padStart(9),
    )
    console.log(`${name.padEnd(56)}${columns.join('')}  ${problem}`)
  }
  return isWithinBounds
}

function problemOf({ shared, ratio, longestBatch }: Comparison): string {
  if (longestBatch > MAX_BATCH) return `a batch above ${MAX_BATCH} ms`
  return shared < NEGLIGIBLE || ratio <= MAX_RATIO ? '' : `above ${MAX_RATIO}`
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

async function compare(
  databases: Record<'alone' | 'withNeighbor', Neighborhood>,
  caller: Caller,
  path: string,
): Promise<Comparison> {
  const pairs: { alone: Times; shared: Times }[] = []
  await databases.alone(caller, path)
  await databases.withNeighbor(caller, path)
  for (let sent = 0; sent < REQUESTS; sent += 1)
    pairs.push({ alone: await databases.alone(caller, path), shared: await databases.withNeighbor(caller, path) })
  return {
    alone: median(pairs.map(({ alone }) => alone.total)),
    shared: median(pairs.map(({ shared }) => shared.total)),
    ratio: median(pairs.map(({ alone, shared }) => shared.total / alone.total)),
    longestBatch: median(pairs.map(({ shared }) => shared.longestBatch)),
  }
}
