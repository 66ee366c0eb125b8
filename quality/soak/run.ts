import { commandLine } from '../../scripts/lib/command-line.ts'
import { type ServerRun, type SoakResult, soak } from './soak.ts'
import type { Tally } from './traffic.ts'

const { values } = commandLine({
  name: 'npm run test:soak',
  about: `Sends mixed traffic of four callers at 80 % of their limit, kills the server with all its processes again and again, and
restarts it. Fails on:
- an error while a server is running
- a lost write
- deliveries that are pending a minute after the end
- less than 95 % of the planned requests sent while a server is running
- memory that grows, from the tenth second of a server on (on Linux only)`,
  options: {
    minutes: { type: 'string', value: 'N', default: '5', about: 'duration' },
    'kill-every': { type: 'string', value: 'SECONDS', default: '30', about: 'time between two kills' },
  },
  examples: ['npm run test:soak -- --minutes 1 --kill-every 20'],
})

const PROBLEMS_SHOWN = 20
const SECOND = 1_000

async function main(): Promise<void> {
  const minutes = number('--minutes', values.minutes)
  const run = number('--kill-every', values['kill-every'])
  const result = await soak(minutes * 60 * SECOND, run * SECOND, (of, tally) => console.info(lineOn(of, tally)))
  console.info(`\n${summaryOf(result)}`)
  if (result.problems.length > 0 || result.tally.errors.size > 0) process.exitCode = 1
}

function number(name: string, text: string): number {
  if (!(Number(text) > 0)) throw new Error(`${name} must be a number above 0`)
  return Number(text)
}

function lineOn({ seconds, memory }: ServerRun, { planned, started, sent, inGaps, errors }: Tally): string {
  const resident = memory
    ? `${memory.warm} MiB resident when warm, ${memory.max} at most, ${memory.end} at its end`
    : 'memory not told'
  const requests = `${sent} requests so far, ${inGaps} amid a kill, ${sum(errors)} errors`
  return `ran ${seconds} s  ${resident}  ${requests}, ${started} begun of ${planned} planned`
}

function summaryOf({ tally, runs, acknowledged, events, drainedAfterMs, problems }: SoakResult): string {
  const counted = tally.sent - tally.inGaps
  const share = ((100 * sum(tally.errors)) / Math.max(1, counted)).toFixed(2)
  const lines = [...[...tally.errors].map(([error, count]) => `${count} × ${error}`), ...problems]
  return [
    `${runs.length} runs of the server, ${tally.sent} requests, ${tally.inGaps} of them amid a kill; of the others ${share} % failed`,
    `${tally.started} begun of ${tally.planned} that were planned while there was a server`,
    `${acknowledged} writes acknowledged, ${tally.retried} times sent again; ${events} events, the last delivered ` +
      `${(drainedAfterMs / SECOND).toFixed(1)} s after the end`,
    problems.length === 0 ? 'nothing lost, the outbox empty' : `${problems.length} problems`,
    ...lines.slice(0, PROBLEMS_SHOWN).map((line) => `    ${line}`),
    ...(lines.length > PROBLEMS_SHOWN ? [`    … and ${lines.length - PROBLEMS_SHOWN} more`] : []),
  ].join('\n')
}

function sum(errors: Map<string, number>): number {
  return [...errors.values()].reduce((total, count) => total + count, 0)
}

// The server has a process group of its own, so a signal to this process does not stop it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1))

await main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error))
  process.exit(1)
})
