import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { ROOT } from '../scripts/lib/local-state.ts'
import { type Bundle, buildBundle } from './build.ts'
import { checkOut } from './checkout.ts'
import { ACCOUNT_ID } from './dataset.ts'
import { median } from './figures.ts'
import { openWorker } from './in-process.ts'
import { measurePairs, quartiles } from './pairs.ts'
import { log, startProgress } from './progress.ts'
import { headersOf, type MeasuredRoute, routesOf } from './routes.ts'
import { RecordedD1 } from './sqlite-d1.ts'
import { copyState, databaseFile, seededState } from './states.ts'
import { issueTokens } from './token.ts'

const SIZE = 1_000
const ROUNDS = 40
const REQUESTS = 100
const WARM_UP = 500
const ROUTES = [
  'GET /tickets',
  'GET /tickets?status=open',
  'GET /tickets?q= a rare word',
  'GET /tickets/{id}',
  'GET /tickets/stats',
  'GET /events',
  'POST /tickets',
  'PATCH /tickets/{id}',
  'POST /tickets/{id}/comments',
]

type Send = () => Promise<Response>

/**
 * The time that the Worker itself takes for a request, in one process and with recorded results of D1: routing, validation,
 * statements and presentation. With a commit, both take turns, and the difference is of medians of rounds.
 */
export async function compareRequestCost(ref: string | undefined): Promise<void> {
  const other = ref === undefined ? null : checkOut(ref)
  try {
    const here = await prepare(ROOT, 'here')
    const there = other && (await prepare(other.root, 'there'))
    console.log(`\nTime of one request within the Worker, in µs${other ? `, this tree against ${other.commit}` : ''}`)
    for (const route of routes()) console.log(await lineOf(route, here, there))
  } finally {
    other?.remove()
  }
}

function routes(): MeasuredRoute[] {
  const all = routesOf(SIZE, '')
  return ROUTES.map((name) => {
    const route = all.find((each) => each.name === name)
    if (!route) throw new Error(`there is no route ${name} to measure`)
    return route
  })
}

interface Prepared {
  bundle: Bundle
  folder: string
}

async function prepare(root: string, label: string): Promise<Prepared> {
  log(`Building ${label}`)
  const bundle = buildBundle(join(root, 'wrangler.toml'), `-${label}`)
  const state = await seededState(bundle, SIZE, startProgress(`Creating the data of ${label}`), root)
  return { bundle, folder: state.folder }
}

async function lineOf(route: MeasuredRoute, here: Prepared, there: Prepared | null): Promise<string> {
  const mine = await requestsOf(route, here, 'here')
  const theirs = there && (await requestsOf(route, there, 'there'))
  return `${route.name.padEnd(30)} ${theirs ? await comparison(mine, theirs) : inMicroseconds(await medianTime(mine))}`
}

async function medianTime(send: Send): Promise<number> {
  const rounds: number[] = []
  while (rounds.length < ROUNDS) rounds.push(await time(send))
  return median(rounds)
}

async function comparison(mine: Send, theirs: Send): Promise<string> {
  const pairs = await measurePairs(
    ROUNDS,
    () => time(mine),
    () => time(theirs),
  )
  const differences = pairs.map(({ here, there }) => here - there)
  const [here, there] = [median(pairs.map((pair) => pair.here)), median(pairs.map((pair) => pair.there))]
  return `${inMicroseconds(here)} against ${inMicroseconds(there)}   difference ${inMicroseconds(median(differences))} (${quartiles(differences, 0)})`
}

const inMicroseconds = (value: number) => value.toFixed(0).padStart(5)

/** A function that sends the same request again and again. The first one is run on a copy of the data. */
async function requestsOf(route: MeasuredRoute, { bundle, folder }: Prepared, label: string): Promise<Send> {
  const database = new DatabaseSync(databaseFile(copyState(folder, label)))
  const d1 = new RecordedD1(database)
  const request = await openWorker(bundle, d1, ACCOUNT_ID)
  const token = issueTokens(Date.now())[route.role]
  const body = route.body?.(0)
  const init = { method: route.method, headers: headersOf(route, token), ...(body !== undefined && { body }) }
  const send = async () => {
    d1.rewind()
    const response = await request(route.paths[0] ?? '', init)
    if (!response.ok) throw new Error(`${route.name}: ${response.status} ${await response.text()}`)
    await response.arrayBuffer()
    return response
  }
  await send()
  database.close()
  for (let sent = 0; sent < WARM_UP; sent += 1) await send()
  return send
}

/** Microseconds for one of many requests. */
async function time(send: Send): Promise<number> {
  const started = performance.now()
  for (let sent = 0; sent < REQUESTS; sent += 1) await send()
  return ((performance.now() - started) * 1_000) / REQUESTS
}
