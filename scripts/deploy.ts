import type { Findings } from './deploy/cloudflare-api.ts'
import type { EnvironmentConfig } from './deploy/config.ts'
import { commandLine } from './lib/command-line.ts'
import { runWrangler } from './lib/local-state.ts'

const NEVER_CHECKED = [
  'whether the bucket and the queues exist: docs/guides/deploy.md, step 2',
  'the settings of the zone: docs/operations.md, "Zone settings"',
  'the alerts: docs/operations.md, "Monitoring and alerts"',
]

const { values } = commandLine({
  name: 'npm run deploy',
  usage: '--env staging|production [--dry-run]',
  about:
    'Checks the configuration and the bundle, applies new migrations, and deploys. docs/operations.md has the steps.',
  options: {
    env: { type: 'string', value: 'NAME', about: 'environment in wrangler.toml: staging or production' },
    'dry-run': {
      type: 'boolean',
      about:
        'only run the checks; exit with code 1 if something is missing. Asks Cloudflare if CLOUDFLARE_API_TOKEN is set',
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
  const { checkCloudflare } = await import('./deploy/cloudflare-api.ts')
  const { configProblems, readEnvironment } = await import('./deploy/config.ts')
  const config = readEnvironment(environment)
  const bundle = checkBundle(environment)
  const problems = [...configProblems(config), ...bundle.problems]
  if (!isDry) throwProblems(problems)
  const found = await checkCloudflare(config, process.env)
  for (const line of [...bundle.summary, ...config.summary]) console.log(line)
  if (isDry) return printDryRun(config, { ...found, problems: [...problems, ...found.problems, ...found.warnings] })
  throwProblems(found.problems)
  for (const line of found.warnings) console.log(`Warning       ${line}`)
  for (const line of found.unchecked) console.log(`Not checked   ${line}`)
  throwProblems(await deployedSecretProblems(environment))
  const target = ['--env', environment]
  console.log(runWrangler(['d1', 'migrations', 'apply', 'DB', '--remote', ...target]))
  console.log(runWrangler(['deploy', ...target]))
}

function printDryRun({ name, migrations }: EnvironmentConfig, { problems, unchecked }: Findings): void {
  console.log(`Would run     wrangler d1 migrations apply DB --remote --env ${name}`)
  console.log(`              of ${migrations.length} migrations, those that the database has not seen`)
  console.log(`              wrangler deploy --env ${name}`)
  for (const line of [...unchecked, ...NEVER_CHECKED]) console.log(`Not checked   ${line}`)
  for (const problem of problems) console.log(`Problem       ${problem}`)
  process.exitCode = problems.length > 0 ? 1 : 0
}

function throwProblems(problems: string[]): void {
  if (problems.length > 0) throw new Error(problems.join('\n'))
}

/** With the login of wrangler, which may be another one than the token of the API. */
async function deployedSecretProblems(environment: string): Promise<string[]> {
  const { secretProblems, SecretNames } = await import('./deploy/cloudflare-api.ts')
  return secretProblems(
    environment,
    SecretNames.parse(JSON.parse(runWrangler(['secret', 'list', '--env', environment]))),
  )
}

await main().catch((error) => {
  console.error(error instanceof Error ? error.message : String(error))
  process.exit(1)
})
