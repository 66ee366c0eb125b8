import { commandLine } from './lib/command-line.ts'
import { runWrangler } from './lib/local-state.ts'

const { values } = commandLine({
  name: 'npm run deploy',
  usage: '--env staging|production [--dry-run]',
  about:
    'Checks the configuration and the bundle, applies new migrations, and deploys. docs/operations.md has the steps.',
  options: {
    env: { type: 'string', value: 'NAME', about: 'environment in wrangler.toml: staging or production' },
    'dry-run': {
      type: 'boolean',
      about: 'only run the checks, offline; exit with code 1 if there is a problem',
    },
  },
  examples: ['npm run deploy -- --env production --dry-run'],
})

const WRONG_ENVIRONMENT = '--env must be staging or production. Example: npm run deploy -- --env production --dry-run'

async function main(): Promise<void> {
  const { env: environment, 'dry-run': isDry = false } = values
  if (environment !== 'staging' && environment !== 'production') throw new Error(WRONG_ENVIRONMENT)
  // Imported late, because they load wrangler, which takes longer than the checks before.
  const { checkBundle } = await import('./deploy/bundle.ts')
  const { configProblems, readEnvironment } = await import('./deploy/config.ts')
  const config = readEnvironment(environment)
  const bundle = checkBundle(environment)
  const problems = [...configProblems(config), ...bundle.problems]
  if (!isDry) throwProblems(problems)
  for (const line of [...bundle.summary, ...config.summary]) console.log(line)
  if (isDry) {
    const migrations = `${config.migrations.length} migrations; only new ones are applied`
    console.log(`Would run     wrangler d1 migrations apply DB --remote --env ${environment} (${migrations})`)
    console.log(`Would run     wrangler deploy --env ${environment}`)
    for (const problem of problems) console.log(`Problem       ${problem}`)
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
      `The secret ALLOW_PRIVATE_WEBHOOKS must not exist. Delete it: npx wrangler secret delete ALLOW_PRIVATE_WEBHOOKS --env ${environment}`,
    )
  if (!names.includes('"APP_SECRET"'))
    problems.push(
      'The secret APP_SECRET is not set. See "Set the secret" in docs/guides/deploy.md: you need a copy of it in a vault.',
    )
  return problems
}

await main().catch((error) => {
  console.error(error instanceof Error ? error.message : String(error))
  process.exit(1)
})
