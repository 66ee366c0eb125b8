import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort, type RunningServer, startServer, temporaryState } from '../../test/helpers/node/server.ts'
import { type Checked, checkRound, type World } from './check-round.ts'
import { prepare } from './fixture.ts'
import { missingAt, startSubscriber } from './subscriber.ts'
import { writeUntilKilled } from './writers.ts'

/** What one round came to. */
export interface Round extends Checked {
  round: number
  /** After the first answer. */
  killedAfterMs: number
}

interface Plan {
  rounds: number
  /** The shortest and the longest that is written for after the first answer. */
  writingMs?: readonly [number, number]
  /** Values for variables of the server. */
  variables?: Record<string, string>
  /** What the first server starts on; without it, on nothing. It is taken away in the end. */
  state?: ReturnType<typeof temporaryState>
}

const WRITING_MS = [1_000, 4_000] as const
/** A server that has just started may take its time for the first answer, on a busy machine. */
const WARMING_UP_MS = 30_000

/**
 * Writes with eight writers, kills the server and everything it has started in the middle of it, starts it again, and
 * checks that nothing is lost, halved, doubled or invented, also when it is sent again; on state of its own. The last
 * check is of all rounds.
 */
export async function crashRounds(
  { rounds, writingMs = WRITING_MS, variables = {}, state = temporaryState() }: Plan,
  tell: (round: Round) => void,
): Promise<Round[]> {
  process.once('exit', state.remove)
  const port = await freePort()
  const start = () => startServer(port, state.folder, { ownGroup: true, variables })
  const subscriber = await startSubscriber()
  let server: RunningServer | null = null
  try {
    server = await start()
    const { api, writers, secret } = await prepare(server.origin, subscriber.url)
    subscriber.secret = secret
    const known = { events: [], cursor: '' }
    const { origin } = server
    const world: World = { origin, api, writers, subscriber, ledger: new Map(), known, begun: Date.now() }
    const results: Round[] = []
    for (let round = 1; round <= rounds; round++) {
      const begun = Date.now()
      const killedAfterMs = randomInt(...writingMs)
      const written = await writeAndKill(world, round, server, killedAfterMs)
      server = null
      server = await start()
      const restart = { round, begun, isLast: round === rounds, restarted: Date.now(), ...written }
      const result = { round, killedAfterMs, ...(await checkRound(world, restart)) }
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

async function writeAndKill({ writers, ledger }: World, round: number, server: RunningServer, afterMs: number) {
  const killed = new AbortController()
  const writing = writeUntilKilled(writers, ledger, round, killed.signal)
  const isAnswered = () => [...ledger.values()].some((deed) => deed.round === round && deed.acknowledged)
  await missingAt(Date.now() + WARMING_UP_MS, ['the first answer'], isAnswered)
  await sleep(afterMs)
  killed.abort()
  await server.kill()
  return writing
}
