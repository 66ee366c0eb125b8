import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { findInGroup } from '../../bench/cpu-time.ts'
import { watchResident } from '../../bench/resident.ts'
import type { Api } from '../../test/helpers/node/api.ts'
import { freePort, type RunningServer, startServer, temporaryState } from '../../test/helpers/node/server.ts'
import { checkDeliveries, checkSequences, isTold, readEvents } from '../crash/check-events.ts'
import { prepare } from '../crash/fixture.ts'
import type { Ledger, Problem } from '../crash/operations.ts'
import type { Told } from '../crash/shapes.ts'
import { missingAt, startSubscriber } from '../crash/subscriber.ts'
import { startTraffic, type Tally } from './traffic.ts'

/** Requests a minute of a premium account's caller, and how much of that is used. */
const LIMIT = 300
const SHARE = 0.8
const CALLERS = 4
const SECOND = 1_000
const MINUTE = 60 * SECOND
/** Of the requests that were to be sent while there was a server, so many have to be: a server that is spared is not tried. */
const LEAST_SENT = 0.95
/** How much memory may grow from the end of the first life to that of the last, and within a life (MiB): more would be a leak. */
const MAY_GROW = 64
const LOOK_EVERY = 2 * SECOND
/** In its first seconds a life loads what it needs; its growth is told from then on. */
const WARM_AFTER = 10 * SECOND

/** The memory (MiB) that a server had resident: once it was warm (in a short life: at its end), at most, and at its end. */
interface Memory {
  warm: number
  most: number
  end: number
}

/** One life of the server; its memory is null where the system does not tell. */
export interface Life {
  seconds: number
  memory: Memory | null
}

export interface Soaked {
  tally: Tally
  lives: Life[]
  acknowledged: number
  events: number
  /** From the end of the traffic to the last delivery. */
  drainedAfterMs: number
  problems: (Problem | string)[]
}

const Webhooks = z.object({ data: z.array(z.object({ id: z.string() })) })
const Deliveries = z.object({ data: z.array(z.unknown()) })

/**
 * F05: mixed traffic of four callers at 80 % of their limit for so long (ms), with a kill of the server and everything it has
 * started after each `lifeMs`; then waits until all is delivered. On state of its own.
 */
export async function soak(forMs: number, lifeMs: number, tell: (life: Life, tally: Tally) => void): Promise<Soaked> {
  const state = temporaryState()
  process.once('exit', state.remove)
  const port = await freePort()
  const start = () => startServer(port, state.folder, { ownGroup: true })
  const subscriber = await startSubscriber()
  const ledger: Ledger = new Map()
  const lives: Life[] = []
  let server: RunningServer | null = null
  try {
    server = await start()
    const { api, writers, secret, keys } = await prepare(server.origin, subscriber.url)
    subscriber.secret = secret
    const everyMs = MINUTE / (LIMIT * SHARE)
    const traffic = startTraffic({ origin: server.origin, keys: keys.slice(0, CALLERS), everyMs, ledger, writers })
    const end = Date.now() + forMs
    while (Date.now() < end) {
      const born = Date.now()
      const memory = await watchMemory(server, Math.min(born + lifeMs, end))
      const life = { seconds: Math.round((Date.now() - born) / SECOND), memory }
      lives.push(life)
      tell(life, traffic.tally())
      if (Date.now() >= end) continue
      traffic.pause()
      await server.kill()
      server = null
      server = await start()
      traffic.resume()
    }
    await traffic.stop()
    const stopped = Date.now()
    const deeds = [...ledger.values()]
    const known = { events: [] as Told[], cursor: '' }
    await readEvents(api, known)
    const ids = known.events.map(({ id }) => id)
    const late = await missingAt(stopped + MINUTE, ids, (id) => subscriber.deliveries.has(id))
    const drainedAfterMs = Math.max(0, ...[...subscriber.deliveries.values()].map(({ at }) => at - stopped))
    const told = new Set(known.events.map(({ marker }) => marker))
    const acknowledged = deeds.filter((deed) => deed.acknowledged)
    return {
      tally: traffic.tally(),
      lives,
      acknowledged: acknowledged.length,
      events: known.events.length,
      drainedAfterMs,
      problems: [
        ...deeds.filter((deed) => !deed.acknowledged).map(({ marker }) => `lost: ${marker} never got an answer`),
        ...acknowledged
          .filter((deed) => isTold(deed) && !told.has(deed.marker))
          .map(({ marker }) => `lost: ${marker} is told by no event`),
        ...late.map((id) => `lost: ${id} was not delivered within a minute of the end`),
        ...checkSequences(known.events),
        ...checkDeliveries(known.events, subscriber),
        ...subscriber.takeProblems(),
        ...(await leftInOutbox(api)),
        ...spared(traffic.tally()),
        ...grown(lives),
      ],
    }
  } finally {
    await server?.kill()
    subscriber.close()
    state.remove()
    process.off('exit', state.remove)
  }
}

/** Looks at the server's memory until a time. */
async function watchMemory(server: RunningServer, until: number): Promise<Memory | null> {
  const warmAt = Date.now() + WARM_AFTER
  const looks: { at: number; resident: number }[] = []
  while (Date.now() < until) {
    await sleep(Math.min(LOOK_EVERY, until - Date.now()))
    const resident = residentOf(server)
    if (resident !== null) looks.push({ at: Date.now(), resident })
  }
  const last = looks.at(-1)
  if (!last) return null
  const warm = looks.find(({ at }) => at >= warmAt) ?? last
  return { warm: warm.resident, most: Math.max(...looks.map(({ resident }) => resident)), end: last.resident }
}

function residentOf({ group }: RunningServer): number | null {
  const pid = findInGroup(group, 'workerd')
  return pid === null ? null : Math.round(watchResident(pid))
}

/** Deliveries that are still to be made when all has been received. */
async function leftInOutbox(api: Api): Promise<string[]> {
  const { data } = Webhooks.parse(await api.get('/webhooks'))
  const problems: string[] = []
  for (const { id } of data) {
    const isEmpty = async () =>
      Deliveries.parse(await api.get(`/webhooks/${id}/deliveries?status=pending`)).data.length === 0
    // The last results are written down just after they have come.
    for (let tries = 0; tries < 20 && !(await isEmpty()); tries += 1) await sleep(SECOND)
    if (!(await isEmpty())) problems.push(`wrong: ${id} still has deliveries to make`)
  }
  return problems
}

function spared({ planned, begun }: Tally): string[] {
  if (begun >= LEAST_SENT * planned) return []
  return [`wrong: of ${planned} requests that were to be sent while there was a server, only ${begun} were`]
}

function grown(lives: Life[]): string[] {
  const [first, last] = [lives[0]?.memory, lives.at(-1)?.memory]
  const betweenLives =
    first && last && last.end - first.end > MAY_GROW
      ? [`wrong: the last life ended with ${last.end} MiB resident, the first with ${first.end}`]
      : []
  const withinLives = lives.flatMap(({ memory }, index) =>
    memory && memory.end - memory.warm > MAY_GROW
      ? [`wrong: life ${index + 1} ended with ${memory.end} MiB resident, after ${memory.warm} when it was warm`]
      : [],
  )
  return [...betweenLives, ...withinLives]
}
