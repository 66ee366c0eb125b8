import { spawnSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { parseOptions } from '../../scripts/lib/options.ts'

const HELP = `Usage: npm run test:fuzz -- [--seconds 300] [--factor 5] [--seed N]

Asks every operation of the OpenAPI document for what it allows and what it does not, as everybody, and follows what is made
through sequences of requests. Goes round with another seed until the time is up, each time with so many times the requests
of npm test; with --seed once. Ends at the first failure and prints the seed, the shrunken request and what to keep.`

function main(): number {
  const config = {
    options: {
      seconds: { type: 'string', default: '300' },
      factor: { type: 'string', default: '5' },
      seed: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  } as const
  const { values } = parseOptions(config, 'npm run test:fuzz -- --help')
  if (values.help) {
    console.info(HELP)
    return 0
  }
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
