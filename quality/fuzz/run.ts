import { spawnSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { commandLine } from '../../scripts/lib/command-line.ts'

const { values } = commandLine({
  name: 'npm run test:fuzz',
  about: `Sends valid and invalid requests, generated from the OpenAPI document, to every operation as every role, and follows the
created resources through sequences of requests. Runs with one seed after another until the time is up. Stops at the
first failure, and prints the seed, the shortest failing request and the case to keep.`,
  options: {
    seconds: { type: 'string', value: 'N', default: '300', about: 'duration' },
    factor: { type: 'string', value: 'N', default: '5', about: 'number of requests in a run, compared with npm test' },
    seed: { type: 'string', value: 'N', about: 'run once, with this seed' },
  },
  examples: ['npm run test:fuzz -- --seconds 60', 'npm run test:fuzz -- --seed 42'],
})

function main(): number {
  const [seconds, factor] = [number('--seconds', values.seconds), number('--factor', values.factor)]
  const seed = values.seed === undefined ? null : wholeNumber('--seed', values.seed)
  const end = Date.now() + seconds * 1_000
  if (seed !== null) return runRound(seed, factor)
  let status = 0
  while (status === 0 && Date.now() < end) status = runRound(randomInt(2 ** 31), factor)
  return status
}

function number(name: string, text: string): number {
  if (!(Number(text) > 0)) throw new Error(`${name} must be a number above 0`)
  return Number(text)
}

function wholeNumber(name: string, text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new Error(`${name} must be a whole number`)
  return Number(text)
}

function runRound(seed: number, factor: number): number {
  console.info(`seed ${seed}, ${factor} times the requests of npm test`)
  const args = ['run', '--config', 'quality/fuzz/vitest.config.ts']
  const env = { ...process.env, FUZZ: JSON.stringify({ seed, factor }) }
  return spawnSync('node_modules/.bin/vitest', args, { env, stdio: 'inherit' }).status ?? 1
}

try {
  process.exitCode = main()
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
}
