import type { Api } from '../../test/helpers/node/api.ts'
import { checkChains, checkDeeds, checkDeliveries, checkSequences, isTold, readEvents } from './check-events.ts'
import { checkThings, readListed, readTickets } from './check-resources.ts'
import type { Deed, Ledger, Problem, WriteRequest } from './operations.ts'
import { ending, type Writers } from './random-writes.ts'
import { type SentAgain, sendAgain } from './send-again.ts'
import type { Told } from './shapes.ts'
import { missingAt, type Subscriber } from './subscriber.ts'
import { acknowledge, send } from './writers.ts'

export interface World {
  origin: string
  api: Api
  writers: Writers
  subscriber: Subscriber
  ledger: Ledger
  /** All events that were read so far. */
  known: { events: Told[]; cursor: string }
  begun: number
}

export interface Restart {
  round: number
  begun: number
  restarted: number
  /** Then the check is of all rounds. */
  isLast: boolean
  requests: WriteRequest[]
  problems: Problem[]
}

/** What the check of a round has found. */
export interface Checked {
  acknowledged: number
  unanswered: number
  again: Omit<SentAgain, 'problems'>
  /** New ones of the round, and all so far. */
  events: { fresh: number; all: number }
  /** From the restart to the last delivery of what had happened before the crash. */
  deliveredAfterMs: number
  /** Deliveries beyond the first of an event, so far. */
  repeatedDeliveries: number
  problems: Problem[]
}

const DELIVERY_MS = 60_000

/**
 * Checks what a crash has left; then sends again what got no answer, and checks that all is there once. What the server
 * is to do of its own accord it does before anything is asked of it.
 */
export async function checkRound(world: World, { requests, ...restart }: Restart): Promise<Checked> {
  const { origin, subscriber, known, ledger } = world
  const deeds = requests.map(({ deed }) => deed)
  const acknowledged = deeds.filter((deed) => deed.acknowledged)
  const markers = acknowledged.filter(isTold).map(({ marker }) => marker)
  const untold = await missingAt(restart.restarted + DELIVERY_MS, markers, subscriber.knows)
  const left = await readEvents(world.api, known)
  const undelivered = await undeliveredOf(left, subscriber, restart.restarted)
  const deliveredAt = left.map(({ id }) => subscriber.deliveries.get(id)?.at ?? 0)
  const before = await checkWritten(world, restart.begun, deeds, left)

  const told = new Set(left.map(({ marker }) => marker))
  const happened = (deed: Deed) => (isTold(deed) ? told.has(deed.marker) : before.there.has(deed.marker))
  const sentAgainAt = Date.now()
  const { problems: unrepeated, ...again } = await sendAgain(origin, requests, happened)
  const added = await readEvents(world.api, known)
  const unadded = await undeliveredOf(added, subscriber, sentAgainAt)
  const after = restart.isLast
    ? await checkWritten(world, world.begun, [...ledger.values()], known.events)
    : await checkWritten(world, restart.begun, deeds, [...left, ...added])

  return {
    acknowledged: acknowledged.length,
    unanswered: deeds.length - acknowledged.length,
    again,
    events: { fresh: left.length + added.length, all: known.events.length },
    deliveredAfterMs: Math.max(0, ...deliveredAt.map((at) => at - restart.restarted)),
    repeatedDeliveries: subscriber.requests() - subscriber.deliveries.size,
    problems: [
      ...restart.problems,
      ...untold.map((marker) => `lost: ${marker} was acknowledged, and not delivered within 60 s` as const),
      ...[...undelivered, ...unadded].map((id) => `lost: ${id} was not delivered within 60 s` as const),
      ...before.problems,
      ...unrepeated,
      ...after.problems,
      ...checkSequences(known.events),
      ...checkDeliveries(known.events, subscriber),
      ...subscriber.takeProblems(),
      ...(await endLimited(world, deeds)),
    ],
  }
}

function undeliveredOf(events: Told[], subscriber: Subscriber, since: number): Promise<string[]> {
  const ids = events.map(({ id }) => id)
  return missingAt(since + DELIVERY_MS, ids, (id) => subscriber.deliveries.has(id))
}

/** Holds what is there now, and the events, against deeds. */
async function checkWritten(world: World, since: number, deeds: Deed[], events: Told[]) {
  const { api, writers, ledger, known } = world
  const tickets = await readTickets(api, since, deeds)
  const things = await checkThings(tickets, await readListed(writers.person), deeds, ledger)
  const problems = [
    ...things.problems,
    ...checkDeeds(events, deeds, ledger, things.there),
    ...checkChains(tickets, known.events, ledger),
  ]
  return { there: things.there, problems }
}

/** Ends API keys and webhooks that the round has made, for an account may have only so many. */
async function endLimited({ writers, ledger }: World, deeds: Deed[]): Promise<Problem[]> {
  const problems: Problem[] = []
  for (const deed of deeds.filter(({ sent: { kind } }) => kind === 'key' || kind === 'webhook')) {
    const request = ending(deed, writers.person)
    ledger.set(request.deed.marker, request.deed)
    const answer = await send(request)
    if (!acknowledge(request, answer)) problems.push(`lost: ${deed.marker} can not be ended: ${answer.text}`)
  }
  return problems
}
