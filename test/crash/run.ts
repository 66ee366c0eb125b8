import { parseArgs } from 'node:util'
import { crashRounds, type Round } from './rounds.ts'

const HELP = `Usage: npm run test:crash -- [--rounds 10]

Starts the server on state of its own, lets eight writers write, kills it with everything it has started, starts it
again, and looks whether all that was acknowledged is there and was delivered to a webhook. Takes about a minute a round.`

const PROBLEMS_TOLD = 20

/** `npm run test:crash`: ten rounds unless told otherwise. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { rounds: { type: 'string', default: '10' }, help: { type: 'boolean', short: 'h' } },
  })
  if (values.help) return console.info(HELP)
  const count = Number(values.rounds)
  if (!/^\d+$/.test(values.rounds) || count < 1) throw new Error(`--rounds must be a number of 1 or more`)
  const rounds = await crashRounds(count, (round) => console.info(lineOn(round)))
  const problems = rounds.flatMap((round) => round.problems)
  console.info(`\n${verdictOn(rounds)}`)
  if (problems.length > 0) process.exitCode = 1
}

function lineOn(round: Round): string {
  const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`
  const told = [
    `round ${String(round.round).padStart(2)}`,
    `killed after ${seconds(round.killedAfterMs)}`,
    `${round.acknowledged} acknowledged`,
    `${round.happened + round.notHappened} without an answer (${round.happened} happened, ${round.notHappened} did not)`,
    `${round.events.fresh} events (${round.events.all} in all)`,
    `delivered ${seconds(round.deliveredAfterMs)} after the restart`,
    `${round.duplicates} duplicates so far`,
    round.problems.length === 0 ? 'ok' : `${round.problems.length} PROBLEMS`,
  ]
  const problems = round.problems.slice(0, PROBLEMS_TOLD).map((problem) => `    ${problem}`)
  const rest = round.problems.length - problems.length
  return [told.join('  '), ...problems, ...(rest > 0 ? [`    … and ${rest} more`] : [])].join('\n')
}

function verdictOn(rounds: Round[]): string {
  const sum = (of: (round: Round) => number) => rounds.reduce((total, round) => total + of(round), 0)
  const acknowledged = sum((round) => round.acknowledged)
  const problems = sum((round) => round.problems.length)
  return problems === 0
    ? `Nothing lost, halved or invented in ${rounds.length} rounds with ${acknowledged} acknowledged writes.`
    : `${problems} problems in ${rounds.length} rounds with ${acknowledged} acknowledged writes.`
}

// Only an exit that is begun here ends the server, which has a process group of its own.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1))

await main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error))
  process.exit(1)
})
