import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Api } from '../node/helpers/api.ts'
import { freePort, type RunningServer, startServer, temporaryState } from '../node/helpers/server.ts'
import { checkChains, checkDeeds, checkDeliveries, checkSequences, readEvents } from './check-events.ts'
import { checkThings, readTickets } from './check-things.ts'
import type { Told } from './shapes.ts'
import { missingAt, type Subscriber, startSubscriber } from './subscriber.ts'
import { prepare } from './world.ts'
import { type Ledger, writeUntilKilled } from './writers.ts'

/** What one round came to. */
export interface Round {
  round: number
  killedAfterMs: number
  acknowledged: number
  /** Of the requests without an answer: those that happened, and those that did not. */
  happened: number
  notHappened: number
  /** New ones of the round, and all so far. */
  events: { fresh: number; all: number }
  /** From the restart to the last delivery of the round's events. */
  deliveredAfterMs: number
  /** Requests beyond the first of an event. */
  duplicates: number
  problems: string[]
}

const WRITING_MS = [1_000, 4_000] as const
const DELIVERY_MS = 60_000

/**
 * Writes with eight writers, kills the server and everything it has started in the middle of it, starts it again, and
 * checks that nothing is lost, halved or invented; `rounds` times, on state of its own. The last check is of all rounds.
 */
export async function crashRounds(rounds: number, tell: (round: Round) => void): Promise<Round[]> {
  const state = temporaryState()
  process.once('exit', state.remove)
  const port = await freePort()
  const start = () => startServer(port, state.folder, { ownGroup: true })
  const subscriber = await startSubscriber()
  let server: RunningServer | null = null
  try {
    server = await start()
    const { api, secret } = await prepare(server.origin, subscriber.url)
    subscriber.secret = secret
    const world: World = { api, subscriber, ledger: new Map(), known: { events: [], cursor: '' }, begun: Date.now() }
    const results: Round[] = []
    for (let round = 1; round <= rounds; round++) {
      const begun = Date.now()
      const { killedAfterMs, problems } = await crash(world, round, server)
      server = null
      server = await start()
      const restart = { round, begun, isLast: round === rounds, restarted: Date.now(), killedAfterMs, problems }
      const result = await check(world, restart)
      results.push(result)
      tell(result)
    }
    return results
  } finally {
    await server?.kill()
    subscriber.close()
    state.remove()
    process.off('exit', state.remove)
  }
}

interface World {
  api: Api
  subscriber: Subscriber
  ledger: Ledger
  known: { events: Told[]; cursor: string }
  begun: number
}

async function crash({ api, ledger }: World, round: number, server: RunningServer) {
  const killed = new AbortController()
  const writing = writeUntilKilled(api, ledger, round, killed.signal)
  const killedAfterMs = randomInt(...WRITING_MS)
  await sleep(killedAfterMs)
  killed.abort()
  await server.kill()
  return { killedAfterMs, problems: await writing }
}

interface Restart {
  round: number
  begun: number
  /** Then the check is of all rounds. */
  isLast: boolean
  restarted: number
  killedAfterMs: number
  problems: string[]
}

async function check(world: World, restart: Restart): Promise<Round> {
  const { api, subscriber, ledger, known } = world
  const { round, isLast, restarted, killedAfterMs } = restart
  const deeds = [...ledger.values()].filter((deed) => deed.round === round)
  const acknowledged = deeds.filter((deed) => deed.acknowledged)
  const deadline = restarted + DELIVERY_MS
  const markers = acknowledged.map(({ marker }) => marker)
  // Before anything is asked: the server is to deliver of its own accord.
  const untold = await missingAt(deadline, markers, subscriber.knows)
  const fresh = await readEvents(api, known)
  const ids = fresh.map(({ id }) => id)
  const undelivered = await missingAt(deadline, ids, (id) => subscriber.deliveries.has(id))
  const looked = isLast
    ? { since: world.begun, deeds: [...ledger.values()], events: known.events }
    : { since: restart.begun, deeds, events: fresh }
  const tickets = await readTickets(api, looked.since, looked.deeds)
  const things = await checkThings(tickets, looked.deeds, ledger)
  const told = new Set(fresh.map(({ marker }) => marker))
  const happened = deeds.filter((deed) => !deed.acknowledged && told.has(deed.marker)).length
  return {
    round,
    killedAfterMs,
    acknowledged: acknowledged.length,
    happened,
    notHappened: deeds.length - acknowledged.length - happened,
    events: { fresh: fresh.length, all: known.events.length },
    deliveredAfterMs: Math.max(0, ...ids.map((id) => (subscriber.deliveries.get(id)?.at ?? 0) - restarted)),
    duplicates: subscriber.requests() - subscriber.deliveries.size,
    problems: [
      ...restart.problems,
      ...untold.map((marker) => `${marker} was acknowledged, and not delivered within 60 s of the restart`),
      ...undelivered.map((id) => `${id} was not delivered within 60 s of the restart`),
      ...things.problems,
      ...checkSequences(known.events),
      ...checkDeeds(looked.events, looked.deeds, ledger, things.there),
      ...checkChains(tickets, known.events, ledger),
      ...checkDeliveries(known.events, subscriber),
      ...subscriber.takeProblems(),
    ],
  }
}
