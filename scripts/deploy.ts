import { commandLine } from './lib/command-line.ts'
import { runWrangler } from './lib/local-state.ts'

const COMMAND = 'npm run deploy -- --env staging|production [--dry-run]'

const { values } = commandLine({
  name: 'npm run deploy',
  usage: '--env staging|production [--dry-run]',
  about:
    'Checks the configuration and the bundle, applies new migrations, and deploys. docs/operations.md has the steps.',
  options: {
    env: { type: 'string', value: 'NAME', about: 'environment in wrangler.toml: staging or production' },
    'dry-run': {
      type: 'boolean',
      about: 'only run the checks, without a network; exit with code 1 if something is missing',
    },
  },
  examples: ['npm run deploy -- --env production --dry-run'],
})

async function main(): Promise<void> {
  const { env: environment, 'dry-run': isDry = false } = values
  if (environment !== 'staging' && environment !== 'production') throw new Error(`Usage: ${COMMAND}`)
  // Imported late, because they load wrangler, which takes longer than the checks before.
  const { checkBundle } = await import('./deploy/bundle.ts')
  const { configProblems, readEnvironment } = await import('./deploy/config.ts')
  const config = readEnvironment(environment)
  const bundle = checkBundle(environment)
  const problems = [...configProblems(config), ...bundle.problems]
  if (!isDry) throwProblems(problems)
  for (const line of [...bundle.summary, ...config.summary]) console.log(line)
  if (isDry) {
    console.log(`Would run     wrangler d1 migrations apply DB --remote --env ${environment}`)
    console.log(`              of ${config.migrations.length} migrations, those that the database has not seen`)
    console.log(`              wrangler deploy --env ${environment}`)
    for (const problem of problems) console.log(`But first     ${problem}`)
    process.exitCode = problems.length > 0 ? 1 : 0
    return
  }
  throwProblems(secretProblems(environment))
  const target = ['--env', environment]
  console.log(runWrangler(['d1', 'migrations', 'apply', 'DB', '--remote', ...target]))
  console.log(runWrangler(['deploy', ...target]))
}

function throwProblems(problems: string[]): void {
  if (problems.length > 0) throw new Error(problems.join('\n'))
}

function secretProblems(environment: string): string[] {
  const names = runWrangler(['secret', 'list', '--env', environment])
  const problems = []
  // A secret has the same effect as the variable: it would allow webhooks to private IP addresses.
  if (names.includes('"ALLOW_PRIVATE_WEBHOOKS"'))
    problems.push(
      `There is a secret ALLOW_PRIVATE_WEBHOOKS: npx wrangler secret delete ALLOW_PRIVATE_WEBHOOKS --env ${environment}`,
    )
  if (!names.includes('"APP_SECRET"'))
    problems.push(
      `There is no APP_SECRET: openssl rand -hex 32 | npx wrangler secret put APP_SECRET --env ${environment}`,
    )
  return problems
}

await main().catch((error) => {
  console.error(error instanceof Error ? error.message : String(error))
  process.exit(1)
})
