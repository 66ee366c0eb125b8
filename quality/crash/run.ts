import { commandLine } from '../../scripts/lib/command-line.ts'
import { crashRounds, type Round } from './rounds.ts'

const { values } = commandLine({
  name: 'npm run test:crash',
  about: `Starts the server on state of its own, lets eight clients write, kills the server with all its processes, and starts it
again. Each acknowledged write must be there, and be delivered to a webhook. Requests without a response are sent again
with their idempotency key, and must have run once. A round takes about a minute.`,
  options: { rounds: { type: 'string', value: 'N', default: '10', about: 'number of kills' } },
  examples: ['npm run test:crash -- --rounds 2'],
})

const PROBLEMS_SHOWN = 20

async function main(): Promise<void> {
  const count = Number(values.rounds)
  if (!/^\d+$/.test(values.rounds) || count < 1) throw new Error(`--rounds must be a number of 1 or more`)
  const rounds = await crashRounds({ rounds: count }, (round) => console.info(lineOn(round)))
  const problems = rounds.flatMap((round) => round.problems)
  console.info(`\n${summaryOf(rounds)}`)
  if (problems.length > 0) process.exitCode = 1
}

function lineOn(round: Round): string {
  const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`
  const { retries, events, problems: all } = round
  const columns = [
    `round ${String(round.round).padStart(2)}`,
    `killed after ${seconds(round.killedAfterMs)}`,
    `${round.acknowledged} acknowledged`,
    `${round.withoutResponse} unanswered and sent again (${retries.ranBefore} done before, ${retries.ranNow} now)`,
    `${retries.compared} replays compared`,
    `${events.fresh} events (${events.all} in all)`,
    `delivered ${seconds(round.deliveredAfterMs)} after the restart`,
    `${round.repeatedDeliveries} deliveries repeated so far`,
    all.length === 0 ? 'ok' : `${all.length} PROBLEMS`,
  ]
  const problems = round.problems.slice(0, PROBLEMS_SHOWN).map((problem) => `    ${problem}`)
  const rest = round.problems.length - problems.length
  return [columns.join('  '), ...problems, ...(rest > 0 ? [`    … and ${rest} more`] : [])].join('\n')
}

function summaryOf(rounds: Round[]): string {
  const sum = (of: (round: Round) => number) => rounds.reduce((total, round) => total + of(round), 0)
  const problems = rounds.flatMap((round) => round.problems)
  const found = ['lost', 'doubled', 'halved', 'invented', 'wrong'].map(
    (kind) => `${problems.filter((problem) => problem.startsWith(`${kind}:`)).length} ${kind}`,
  )
  return [
    `${rounds.length} rounds: ${sum((round) => round.acknowledged)} acknowledged writes`,
    `${sum((round) => round.withoutResponse)} sent again (${sum(({ retries }) => retries.ranBefore)} done before, ` +
      `${sum(({ retries }) => retries.ranNow)} now)`,
    `${sum(({ retries }) => retries.compared)} replays compared`,
    `all delivered within ${(Math.max(...rounds.map((round) => round.deliveredAfterMs)) / 1_000).toFixed(1)} s`,
    found.join(', '),
  ].join('; ')
}

// The server has a process group of its own, so a signal to this process does not stop it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1))

await main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error))
  process.exit(1)
})
