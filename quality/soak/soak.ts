import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { findInGroup } from '../../bench/cpu-time.ts'
import { watchResident } from '../../bench/resident.ts'
import type { Api } from '../../test/helpers/node/api.ts'
import { freePort, type RunningServer, startServer, temporaryState } from '../../test/helpers/node/server.ts'
import { checkDeliveries, checkSequences, hasEvent, readEvents } from '../crash/check-events.ts'
import { writtenMarker } from '../crash/erased.ts'
import { createFixture } from '../crash/fixture.ts'
import type { Problem, WriteLog } from '../crash/operations.ts'
import type { ReceivedEvent } from '../crash/shapes.ts'
import { missingAt, startSubscriber } from '../crash/subscriber.ts'
import { startTraffic, type Tally } from './traffic.ts'

/** Requests per minute and caller of a premium account. */
const LIMIT = 300
const LIMIT_SHARE = 0.8
const CALLERS = 4
const SECOND = 1_000
const MINUTE = 60 * SECOND
/** The server must receive this share of the planned requests; otherwise the load was too low. */
const MIN_STARTED_SHARE = 0.95
/** MiB, from the end of the first run of the server to that of the last, and within a run. More counts as a leak. */
const MAX_GROWTH_MIB = 64
const SAMPLE_EVERY = 2 * SECOND
/** A server loads what it needs in its first seconds; growth is measured after them. */
const WARM_AFTER = 10 * SECOND

/** Resident memory in MiB. `warm` is that at the end if the run was shorter than the warm-up. */
interface Memory {
  warm: number
  max: number
  end: number
}

/** From a start of the server to its kill. `memory` is null if the system does not provide it. */
export interface ServerRun {
  seconds: number
  memory: Memory | null
}

export interface SoakResult {
  tally: Tally
  runs: ServerRun[]
  acknowledged: number
  events: number
  drainedAfterMs: number
  problems: (Problem | string)[]
}

const Webhooks = z.object({ data: z.array(z.object({ id: z.string() })) })
const Deliveries = z.object({ data: z.array(z.unknown()) })

/**
 * F05: mixed traffic of four callers at 80 % of their rate limit for `forMs`, with a kill of the server and all its
 * processes after each `runMs`; then waits until everything is delivered. Uses its own state.
 */
export async function soak(
  forMs: number,
  runMs: number,
  report: (run: ServerRun, tally: Tally) => void,
): Promise<SoakResult> {
  const state = temporaryState()
  process.once('exit', state.remove)
  const port = await freePort()
  const start = () => startServer(port, state.folder, { ownGroup: true })
  const subscriber = await startSubscriber()
  const writeLog: WriteLog = new Map()
  const runs: ServerRun[] = []
  let server: RunningServer | null = null
  try {
    server = await start()
    const { api, writers, secret, keys } = await createFixture(server.origin, subscriber.url, state.folder)
    subscriber.secret = secret
    const everyMs = MINUTE / (LIMIT * LIMIT_SHARE)
    const traffic = startTraffic({ origin: server.origin, keys: keys.slice(0, CALLERS), everyMs, writeLog, writers })
    const end = Date.now() + forMs
    while (Date.now() < end) {
      const startedAt = Date.now()
      const memory = await watchMemory(server, Math.min(startedAt + runMs, end))
      const run = { seconds: Math.round((Date.now() - startedAt) / SECOND), memory }
      runs.push(run)
      report(run, traffic.tally())
      if (Date.now() >= end) continue
      traffic.pause()
      await server.kill()
      server = null
      server = await start()
      traffic.resume()
    }
    await traffic.stop()
    const stopped = Date.now()
    const writes = [...writeLog.values()]
    const known = { events: [] as ReceivedEvent[], cursor: '' }
    await readEvents(api, known)
    const ids = known.events.map(({ id }) => id)
    const undelivered = await missingAt(stopped + MINUTE, ids, (id) => subscriber.deliveries.has(id))
    const drainedAfterMs = Math.max(0, ...[...subscriber.deliveries.values()].map(({ at }) => at - stopped))
    const markers = new Set(known.events.map(({ marker }) => marker && writtenMarker(marker, writeLog)))
    const acknowledged = writes.filter((write) => write.acknowledged)
    return {
      tally: traffic.tally(),
      runs,
      acknowledged: acknowledged.length,
      events: known.events.length,
      drainedAfterMs,
      problems: [
        ...writes.filter((write) => !write.acknowledged).map(({ marker }) => `lost: ${marker} never got a response`),
        ...acknowledged
          .filter((write) => hasEvent(write) && !markers.has(write.marker))
          .map(({ marker }) => `lost: ${marker} has no event`),
        ...undelivered.map((id) => `lost: ${id} was not delivered within a minute of the end`),
        ...checkSequences(known.events),
        ...checkDeliveries(known.events, subscriber),
        ...subscriber.drainProblems(),
        ...(await checkOutbox(api)),
        ...checkLoad(traffic.tally()),
        ...checkMemory(runs),
      ],
    }
  } finally {
    await server?.kill()
    subscriber.close()
    state.remove()
    process.off('exit', state.remove)
  }
}

async function watchMemory(server: RunningServer, until: number): Promise<Memory | null> {
  const warmAt = Date.now() + WARM_AFTER
  const samples: { at: number; resident: number }[] = []
  while (Date.now() < until) {
    await sleep(Math.min(SAMPLE_EVERY, until - Date.now()))
    const resident = residentOf(server)
    if (resident !== null) samples.push({ at: Date.now(), resident })
  }
  const last = samples.at(-1)
  if (!last) return null
  const warm = samples.find(({ at }) => at >= warmAt) ?? last
  return { warm: warm.resident, max: Math.max(...samples.map(({ resident }) => resident)), end: last.resident }
}

function residentOf({ group }: RunningServer): number | null {
  const pid = findInGroup(group, 'workerd')
  return pid === null ? null : Math.round(watchResident(pid))
}

async function checkOutbox(api: Api): Promise<string[]> {
  const { data } = Webhooks.parse(await api.get('/webhooks'))
  const problems: string[] = []
  for (const { id } of data) {
    const isEmpty = async () =>
      Deliveries.parse(await api.get(`/webhooks/${id}/deliveries?status=pending`)).data.length === 0
    // The results of deliveries are stored shortly after the requests arrive.
    for (let attempt = 0; attempt < 20 && !(await isEmpty()); attempt += 1) await sleep(SECOND)
    if (!(await isEmpty())) problems.push(`wrong: ${id} still has pending deliveries`)
  }
  return problems
}

function checkLoad({ planned, started }: Tally): string[] {
  if (started >= MIN_STARTED_SHARE * planned) return []
  return [`wrong: only ${started} of ${planned} planned requests started while the server was running`]
}

function checkMemory(runs: ServerRun[]): string[] {
  const [first, last] = [runs[0]?.memory, runs.at(-1)?.memory]
  const betweenRuns =
    first && last && last.end - first.end > MAX_GROWTH_MIB
      ? [`wrong: the last run ended with ${last.end} MiB resident, the first with ${first.end}`]
      : []
  const withinRuns = runs.flatMap(({ memory }, index) =>
    memory && memory.end - memory.warm > MAX_GROWTH_MIB
      ? [`wrong: run ${index + 1} ended with ${memory.end} MiB resident, and had ${memory.warm} after the start`]
      : [],
  )
  return [...betweenRuns, ...withinRuns]
}
