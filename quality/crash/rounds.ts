import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort, type RunningServer, startServer, temporaryState } from '../../test/helpers/node/server.ts'
import { checkRound, type Fixture, type RoundCheck } from './check-round.ts'
import { createFixture } from './fixture.ts'
import { missingAt, startSubscriber } from './subscriber.ts'
import { writeUntilKilled } from './writers.ts'

export interface Round extends RoundCheck {
  round: number
  /** After the first response. */
  killedAfterMs: number
}

interface Plan {
  rounds: number
  /** The range of the writing time after the first response. */
  writingMs?: readonly [number, number]
  variables?: Record<string, string>
  /** The state of the first server, empty by default. Removed at the end. */
  state?: ReturnType<typeof temporaryState>
}

const WRITING_MS = [1_000, 4_000] as const
/** A server that has just started may be slow to respond on a busy machine. */
const WARMING_UP_MS = 30_000

/**
 * Starts the server on its own state, kills it with all its processes while eight clients write, starts it again, and
 * checks that nothing is lost, halved, doubled or invented, even after retries. The last check covers all rounds.
 */
export async function crashRounds(
  { rounds, writingMs = WRITING_MS, variables = {}, state = temporaryState() }: Plan,
  report: (round: Round) => void,
): Promise<Round[]> {
  process.once('exit', state.remove)
  const port = await freePort()
  const start = () => startServer(port, state.folder, { ownGroup: true, variables })
  const subscriber = await startSubscriber()
  let server: RunningServer | null = null
  try {
    server = await start()
    const { api, writers, secret } = await createFixture(server.origin, subscriber.url, state.folder)
    subscriber.secret = secret
    const known = { events: [], cursor: '' }
    const { origin } = server
    const fixture: Fixture = { origin, api, writers, subscriber, writeLog: new Map(), known, startedAt: Date.now() }
    const results: Round[] = []
    for (let round = 1; round <= rounds; round++) {
      const startedAt = Date.now()
      const killedAfterMs = randomInt(...writingMs)
      const written = await writeAndKill(fixture, round, server, killedAfterMs)
      server = null
      server = await start()
      const restart = { round, startedAt, isLast: round === rounds, restartedAt: Date.now(), ...written }
      const result = { round, killedAfterMs, ...(await checkRound(fixture, restart)) }
      results.push(result)
      report(result)
    }
    return results
  } finally {
    await server?.kill()
    subscriber.close()
    state.remove()
    process.off('exit', state.remove)
  }
}

async function writeAndKill({ writers, writeLog }: Fixture, round: number, server: RunningServer, afterMs: number) {
  const killed = new AbortController()
  const writing = writeUntilKilled(writers, writeLog, round, killed.signal)
  const hasResponse = () => [...writeLog.values()].some((write) => write.round === round && write.acknowledged)
  await missingAt(Date.now() + WARMING_UP_MS, ['the first answer'], hasResponse)
  await sleep(afterMs)
  killed.abort()
  await server.kill()
  return writing
}
