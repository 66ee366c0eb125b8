import type { Api } from '../../test/helpers/node/api.ts'
import { checkChains, checkDeliveries, checkSequences, checkWrites, hasEvent, readEvents } from './check-events.ts'
import { checkResources, readListed, readTickets } from './check-resources.ts'
import { erasedMarker, writtenMarker } from './erased.ts'
import type { Problem, Write, WriteLog, WriteRequest } from './operations.ts'
import { deletion, type Writers } from './random-writes.ts'
import { type Retries, retryRequests } from './retry-requests.ts'
import type { ReceivedEvent } from './shapes.ts'
import { missingAt, type Subscriber } from './subscriber.ts'
import { acknowledge, send } from './writers.ts'

export interface Fixture {
  origin: string
  api: Api
  writers: Writers
  subscriber: Subscriber
  writeLog: WriteLog
  known: { events: ReceivedEvent[]; cursor: string }
  startedAt: number
}

export interface Restart {
  round: number
  startedAt: number
  restartedAt: number
  /** The last check covers all rounds. */
  isLast: boolean
  requests: WriteRequest[]
  problems: Problem[]
}

export interface RoundCheck {
  acknowledged: number
  withoutResponse: number
  retries: Omit<Retries, 'problems'>
  events: { fresh: number; all: number }
  /** From the restart to the last delivery of an event from before the crash. */
  deliveredAfterMs: number
  /** Repeated deliveries of all rounds. */
  repeatedDeliveries: number
  problems: Problem[]
}

const DELIVERY_MS = 60_000

/**
 * Checks the state after a crash; then repeats the requests without a response, and checks that every write exists
 * once. The server must recover on its own: deliveries are awaited before the first request.
 */
export async function checkRound(fixture: Fixture, { requests, ...restart }: Restart): Promise<RoundCheck> {
  const { origin, subscriber, known, writeLog } = fixture
  const writes = requests.map(({ write }) => write)
  const acknowledged = writes.filter((write) => write.acknowledged)
  const markers = acknowledged.filter(hasEvent).map(({ marker }) => marker)
  const missingMarkers = await missingAt(
    restart.restartedAt + DELIVERY_MS,
    markers,
    (marker) => subscriber.hasMarker(marker) || subscriber.hasMarker(erasedMarker(writeLog.get(marker)?.id ?? '')),
  )
  const eventsBefore = await readEvents(fixture.api, known)
  const undeliveredBefore = await undeliveredOf(eventsBefore, subscriber, restart.restartedAt)
  const deliveredAt = eventsBefore.map(({ id }) => subscriber.deliveries.get(id)?.at ?? 0)
  const before = await checkState(fixture, restart.startedAt, writes, eventsBefore)

  const emitted = new Set(eventsBefore.map(({ marker }) => marker && writtenMarker(marker, writeLog)))
  const happened = (write: Write) => (hasEvent(write) ? emitted.has(write.marker) : before.existing.has(write.marker))
  const sentAgainAt = Date.now()
  const { problems: retryProblems, ...retries } = await retryRequests(origin, requests, happened)
  const eventsAfter = await readEvents(fixture.api, known)
  const undeliveredAfter = await undeliveredOf(eventsAfter, subscriber, sentAgainAt)
  const after = restart.isLast
    ? await checkState(fixture, fixture.startedAt, [...writeLog.values()], known.events)
    : await checkState(fixture, restart.startedAt, writes, [...eventsBefore, ...eventsAfter])

  return {
    acknowledged: acknowledged.length,
    withoutResponse: writes.length - acknowledged.length,
    retries,
    events: { fresh: eventsBefore.length + eventsAfter.length, all: known.events.length },
    deliveredAfterMs: Math.max(0, ...deliveredAt.map((at) => at - restart.restartedAt)),
    repeatedDeliveries: subscriber.requests() - subscriber.deliveries.size,
    problems: [
      ...restart.problems,
      ...missingMarkers.map((marker) => `lost: ${marker} was acknowledged, and not delivered within 60 s` as const),
      ...[...undeliveredBefore, ...undeliveredAfter].map((id) => `lost: ${id} was not delivered within 60 s` as const),
      ...before.problems,
      ...retryProblems,
      ...after.problems,
      ...checkSequences(known.events),
      ...checkDeliveries(known.events, subscriber),
      ...subscriber.drainProblems(),
      ...(await removeLimited(fixture, writes)),
    ],
  }
}

function undeliveredOf(events: ReceivedEvent[], subscriber: Subscriber, since: number): Promise<string[]> {
  const ids = events.map(({ id }) => id)
  return missingAt(since + DELIVERY_MS, ids, (id) => subscriber.deliveries.has(id))
}

async function checkState(fixture: Fixture, since: number, writes: Write[], events: ReceivedEvent[]) {
  const { api, writers, writeLog, known } = fixture
  const tickets = await readTickets(api, since, writes)
  const resources = await checkResources(tickets, await readListed(writers.user), writes, writeLog)
  const problems = [
    ...resources.problems,
    ...checkWrites(events, writes, writeLog, resources.existing),
    ...checkChains(tickets, known.events, writeLog),
  ]
  return { existing: resources.existing, problems }
}

/** An account may only have a limited number of API keys and webhooks. */
async function removeLimited({ writers, writeLog }: Fixture, writes: Write[]): Promise<Problem[]> {
  const problems: Problem[] = []
  for (const write of writes.filter(({ sent: { kind } }) => kind === 'key' || kind === 'webhook')) {
    const request = deletion(write, writers.user)
    writeLog.set(request.write.marker, request.write)
    const response = await send(request)
    if (!acknowledge(request, response)) problems.push(`lost: ${write.marker} could not be deleted: ${response.text}`)
  }
  return problems
}
