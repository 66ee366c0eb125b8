import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { ROOT } from '../scripts/lib/local-state.ts'
import { type Bundle, buildBundle } from './build.ts'
import { openWorker } from './in-process.ts'
import { type Caller, type Kind, neighborRequests } from './neighbor-requests.ts'
import { CALLERS, neighborhoodSql } from './neighbor-sql.ts'
import { measurePairs } from './pairs.ts'
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
const ROUNDS = 15
const REQUESTS = 5
/**
 * A request of a small account may take so many times as long with the neighbor as without it. Longer prefixes merge the
 * lists of all words that begin with them, those of other accounts too: see docs/adr/0014-full-text-index.md.
 */
const MAX_RATIO: Record<Kind, number> = { search: 20, longPrefix: 150, other: 5 }
/** Below this, in ms of D1 time, ratios are noise. */
const NEGLIGIBLE = 0.5
/** In ms of D1 time, whatever the ratio. */
const MAX_TIME = 250

/** A database with the small accounts. */
interface Neighborhood {
  /** Sends a GET and returns its D1 time in ms. Throws unless it is a 2xx or a 404. */
  time: (caller: Caller, path: string) => Promise<number>
}

/**
 * `npm run bench -- --neighbor`: the D1 time of requests of small accounts, alone and with a large neighbor in the same
 * database, in alternating rounds. Returns whether all of them are within their bounds.
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
  console.log(`\nD1 time of a request in ms, fastest of the rounds: alone, with ${size} tickets of a neighbor, ratio`)
  let isWithinBounds = true
  for (const { name, path, kind, caller } of neighborRequests(withNeighbor)) {
    if (!kinds.includes(kind)) continue
    const [own, shared] = await compare(databases, caller, path)
    const problem = problemOf(own, shared, kind)
    isWithinBounds &&= problem === ''
    const columns = [own.toFixed(3), shared.toFixed(3), (shared / own).toFixed(1)].map((text) => text.padStart(9))
    console.log(`${name.padEnd(56)}${columns.join('')}  ${problem}`)
  }
  return isWithinBounds
}

function problemOf(own: number, shared: number, kind: Kind): string {
  if (shared > MAX_TIME) return `above ${MAX_TIME} ms`
  return shared < NEGLIGIBLE || shared / own <= MAX_RATIO[kind] ? '' : `above ${MAX_RATIO[kind]}`
}

async function open(database: DatabaseSync, bundle: Bundle): Promise<Neighborhood> {
  for (const statement of neighborhoodSql()) database.exec(statement)
  const d1 = new SqliteD1(database)
  const send = {
    small: await sender(bundle, d1, 'small'),
    fullSize: await sender(bundle, d1, 'fullSize'),
  }
  return {
    async time(caller, path) {
      const before = d1.milliseconds
      const response = await send[caller](path)
      const text = await response.text()
      if (!response.ok && response.status !== 404) throw new Error(`${path}: ${response.status} ${text}`)
      return d1.milliseconds - before
    },
  }
}

async function sender(bundle: Bundle, d1: SqliteD1, caller: Caller) {
  const { accountId, userId } = CALLERS[caller]
  const request = await openWorker(bundle, d1, accountId)
  const headers = { Authorization: `Bearer ${issueToken({ accountId, userId, role: 'agent' }, Date.now())}` }
  return (path: string) => request(`/api/v1${path}`, { headers })
}

/** The fastest rounds, because other programs on the machine only ever make a round slower. */
async function compare(
  { alone, withNeighbor }: Record<'alone' | 'withNeighbor', Neighborhood>,
  caller: Caller,
  path: string,
) {
  const round = async (database: Neighborhood) => {
    let total = 0
    for (let sent = 0; sent < REQUESTS; sent += 1) total += await database.time(caller, path)
    return total / REQUESTS
  }
  await round(alone)
  await round(withNeighbor)
  const pairs = await measurePairs(
    ROUNDS,
    () => round(alone),
    () => round(withNeighbor),
  )
  return [Math.min(...pairs.map(({ here }) => here)), Math.min(...pairs.map(({ there }) => there))] as const
}
