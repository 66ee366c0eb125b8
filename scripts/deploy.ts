import { runWrangler } from './lib/local-state.ts'
import { parseOptions } from './lib/options.ts'

const COMMAND = 'npm run deploy -- --env staging|production [--dry-run]'

/**
 * `npm run deploy`: checks the configuration and the bundle, applies migrations, and deploys. With `--dry-run` it does the
 * checks and says what it would do; that needs no network.
 */
async function main(): Promise<void> {
  const options = { env: { type: 'string' }, 'dry-run': { type: 'boolean' } } as const
  const { values } = parseOptions({ options }, COMMAND)
  const { env: environment, 'dry-run': isDry = false } = values
  if (environment !== 'staging' && environment !== 'production') throw new Error(`Usage: ${COMMAND}`)
  // They load wrangler, which takes longer than to refuse.
  const { bundleProblems, makeBundle } = await import('./deploy/bundle.ts')
  const { configProblems, readEnvironment } = await import('./deploy/config.ts')
  const config = readEnvironment(environment)
  const misconfigured = configProblems(config)
  if (!isDry) refuseFor(misconfigured)
  const { files, bytes } = makeBundle(environment)
  const unfit = bundleProblems(files)
  console.log(`Bundle        ${(bytes / 1_000).toFixed(0)} KB`)
  for (const line of config.summary) console.log(line)
  if (isDry) {
    console.log(`Would run     wrangler d1 migrations apply DB --remote --env ${environment}`)
    console.log(`              of ${config.migrations.length} migrations, those that the database has not seen`)
    console.log(`              wrangler deploy --env ${environment}`)
    for (const problem of [...misconfigured, ...unfit]) console.log(`But first     ${problem}`)
    return
  }
  refuseFor(unfit)
  refuseSecrets(environment)
  const target = ['--env', environment]
  console.log(runWrangler(['d1', 'migrations', 'apply', 'DB', '--remote', ...target]))
  console.log(runWrangler(['deploy', ...target]))
}

function refuseFor(problems: string[]): void {
  if (problems.length > 0) throw new Error(problems.join('\n'))
}

/** A secret of this name would open the service to private addresses as the variable does. */
function refuseSecrets(environment: string): void {
  const names = runWrangler(['secret', 'list', '--env', environment])
  if (names.includes('"ALLOW_PRIVATE_WEBHOOKS"'))
    throw new Error(`There is a secret ALLOW_PRIVATE_WEBHOOKS: npx wrangler secret delete it --env ${environment}.`)
  if (!names.includes('"APP_SECRET"'))
    throw new Error(
      `There is no APP_SECRET: openssl rand -hex 32 | npx wrangler secret put APP_SECRET --env ${environment}`,
    )
}

await main().catch((error) => {
  console.error(error instanceof Error ? error.message : String(error))
  process.exit(1)
})
