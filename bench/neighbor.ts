import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { getTableName } from 'drizzle-orm'
import { ROOT } from '../scripts/lib/local-state.ts'
import { sqlText } from '../scripts/lib/sql-text.ts'
import { tickets } from '../src/db/schema/tickets.ts'
import { ticketSearch } from '../src/db/search-table.ts'
import { insertSelect } from '../src/db/write.ts'
import { insertAccount } from './account-sql.ts'
import { type Bundle, buildBundle } from './build.ts'
import { ticketId } from './dataset.ts'
import { openWorker } from './in-process.ts'
import { measurePairs } from './pairs.ts'
import { log, startProgress } from './progress.ts'
import { SqliteD1 } from './sqlite-d1.ts'
import { copyState, databaseFile, migrationStatements, seededState } from './states.ts'
import { issueToken } from './token.ts'

const NEIGHBOR_SIZE = 40_000
const ROUNDS = 15
const REQUESTS = 5
const ACCOUNT = 'acct_small'
const USER = 'user_small'
/** The length of the longest prefix that has an index of its own in the full-text index. */
const LONGEST_INDEXED_PREFIX = 3
/**
 * A request of a small account may take so many times as long with the neighbor as without it. Longer prefixes merge the
 * lists of all words that begin with them, those of other accounts too: see docs/adr/0014-full-text-index.md.
 */
const MAX_RATIO = { search: 20, longPrefix: 150, other: 5 }
/** Below this, in ms of D1 time, ratios are noise. */
const NEGLIGIBLE = 0.5

interface Account {
  /** Sends a GET and returns its D1 time in ms. Throws unless it is a 2xx or a 404. */
  time: (path: string) => Promise<number>
}

/**
 * `npm run bench -- --neighbor`: the D1 time of requests of an account with two tickets, alone and with a neighbor of 40,000
 * tickets in the same database, in alternating rounds. Returns whether all of them are within their bounds.
 */
export async function measureNeighbor(): Promise<boolean> {
  log('Building the Worker')
  const bundle = buildBundle(join(ROOT, 'wrangler.toml'), '-neighbor')
  const state = await seededState(bundle, NEIGHBOR_SIZE, startProgress(`Making ${NEIGHBOR_SIZE} tickets`))
  const withNeighbor = new DatabaseSync(databaseFile(copyState(state.folder, 'neighbor')))
  const alone = new DatabaseSync(':memory:')
  for (const statement of migrationStatements(ROOT)) alone.exec(statement)
  const open = (database: DatabaseSync) => openAccount(database, bundle)
  const accounts = { alone: await open(alone), withNeighbor: await open(withNeighbor) }
  console.log('\nD1 time of a request in ms, fastest of the rounds: alone, with the neighbor, ratio')
  let isWithinBounds = true
  for (const [name, path, kind] of requestsFor(withNeighbor)) {
    const [own, shared] = await compare(accounts, path)
    const isOk = shared < NEGLIGIBLE || shared / own <= MAX_RATIO[kind]
    isWithinBounds &&= isOk
    const columns = [own.toFixed(3), shared.toFixed(3), (shared / own).toFixed(1)].map((text) => text.padStart(9))
    console.log(`${name.padEnd(44)}${columns.join('')}  ${isOk ? '' : `above ${MAX_RATIO[kind]}`}`)
  }
  return isWithinBounds
}

async function openAccount(database: DatabaseSync, bundle: Bundle): Promise<Account> {
  for (const statement of SMALL_ACCOUNT) database.exec(statement)
  const d1 = new SqliteD1(database)
  const request = await openWorker(bundle, d1, ACCOUNT)
  const headers = {
    Authorization: `Bearer ${issueToken({ accountId: ACCOUNT, userId: USER, role: 'agent' }, Date.now())}`,
  }
  return {
    async time(path) {
      const before = d1.milliseconds
      const response = await request(`/api/v1${path}`, { headers })
      const text = await response.text()
      if (!response.ok && response.status !== 404) throw new Error(`${path}: ${response.status} ${text}`)
      return d1.milliseconds - before
    },
  }
}

const NOW = Date.UTC(2026, 10, 1)
const SMALL_ACCOUNT = [
  ...insertAccount({
    id: ACCOUNT,
    slug: 'small',
    tickets: 2,
    user: { id: USER, name: 'Ann', email: 'ann@small.example', role: 'agent' },
    createdAt: NOW,
  }),
  ...[1, 2].map((number) =>
    insertSelect(tickets, {
      accountId: ACCOUNT,
      id: `ticket_small${number}`,
      number,
      version: 1,
      title: `The report number ${number}`,
      description: 'It does not work',
      status: 'open',
      priority: 'low',
      createdBy: USER,
      assignedTo: null,
      tags: '["tag7"]',
      customFields: '{}',
      createdAt: NOW,
      updatedAt: NOW,
    }),
  ),
].map(sqlText)

type Measured = [name: string, path: string, kind: keyof typeof MAX_RATIO]

/** For each length of a prefix, one to ten of those that the neighbor's texts contain most often; and all other kinds. */
function requestsFor(neighbor: DatabaseSync): Measured[] {
  neighbor.exec(`CREATE VIRTUAL TABLE temp.terms USING fts5vocab('main', '${getTableName(ticketSearch)}', 'row')`)
  const frequent = neighbor.prepare(
    `SELECT substr(term, 1, ?) AS prefix FROM temp.terms WHERE length(term) >= ? AND term NOT GLOB 'z[qr]*'
    GROUP BY 1 ORDER BY sum(doc) DESC LIMIT 10`,
  )
  const searches = [1, 2, 3, 4, 5, 6, 8].flatMap((length): Measured[] => {
    const prefixes = frequent.all(length, length).map(({ prefix }) => String(prefix))
    const counts = [...new Set([1, 3, prefixes.length])]
    return counts.map((count) => [
      `search, ${count} words of ${length} letters`,
      `/tickets?q=${encodeURIComponent(prefixes.slice(0, count).join(' '))}`,
      length <= LONGEST_INDEXED_PREFIX ? 'search' : 'longPrefix',
    ])
  })
  neighbor.exec('DROP TABLE temp.terms')
  return [
    ...searches,
    ['list', '/tickets', 'other'],
    ['list by status and priority', '/tickets?status=open,closed&priority=low,high&sort=priority', 'other'],
    ['list by a common tag', '/tickets?tag=tag7', 'other'],
    ['list by cursor', '/tickets?cursor=&per_page=100', 'other'],
    ['export', '/tickets/export', 'other'],
    ['stats', '/tickets/stats', 'other'],
    ['events', '/events', 'other'],
    ['own ticket', '/tickets/ticket_small1', 'other'],
    ["the neighbor's ticket (404)", `/tickets/${ticketId(1)}`, 'other'],
  ]
}

/** The fastest rounds, because other programs on the machine only ever make a round slower. */
async function compare({ alone, withNeighbor }: Record<'alone' | 'withNeighbor', Account>, path: string) {
  const round = async (account: Account) => {
    let total = 0
    for (let sent = 0; sent < REQUESTS; sent += 1) total += await account.time(path)
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
