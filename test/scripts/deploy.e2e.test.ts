import { describe, expect, it } from 'vitest'
import { unstable_readConfig } from 'wrangler'
import { bundleProblems } from '../../scripts/deploy/bundle.ts'
import { configProblems, readEnvironment } from '../../scripts/deploy/config.ts'
import { ROOT } from '../../scripts/lib/local-state.ts'
import { HOST, OFFLINE, READY, runDeploy } from '../helpers/node/deploy-config.ts'
import { runDocumentedBlock } from '../helpers/node/operations.ts'

const LINES = {
  database:
    '[env.production] of wrangler.toml: database_id is a placeholder: set it to the ID that npx wrangler d1 create ticketing-production prints.',
  origin:
    '[env.production.vars] PUBLIC_ORIGIN must be set to the https origin of the service, because ENVIRONMENT is production.',
  placeholder:
    '[env.production] of wrangler.toml: the route "ticketing-production.example.com" is a placeholder: replace it with the host name of the service.',
}

const deploy = (...args: string[]) => runDeploy(ROOT, ...args)

describe('npm run deploy', () => {
  it('F06 prints its steps offline, for a bundle without test hooks and demo data', async () => {
    const { code, out, err } = await runDocumentedBlock('npm run deploy', OFFLINE)
    expect(code, err).toBe(1)
    expect(out).toContain('Worker        ticketing-api-production\n')
    expect(out).toContain('Queues        ticketing-webhooks-production, ticketing-webhooks-production-dead\n')
    expect(out).toContain('Would run     wrangler d1 migrations apply DB --remote --env production\n')
    expect(out.match(/^Problem .*$/gm)).toEqual(
      [LINES.database, LINES.origin, LINES.placeholder].map((line) => `Problem       ${line}`),
    )
  })

  it('deploys nothing without a database, an origin and a custom domain', () => {
    const { status, err } = deploy('--env', 'staging')
    const lines = Object.values(LINES).map((line) => line.replaceAll('production', 'staging'))
    expect([status, err.split('\n')]).toEqual([1, lines])
  })

  it.each([[[]], [['--env', 'prod']], [['--dry-run']]])('rejects %j', (args) => {
    expect(deploy(...args)).toMatchObject({
      status: 1,
      err: '--env must be staging or production. Example: npm run deploy -- --env production --dry-run',
    })
  })

  it('has environments that differ only in names, and have everything the local server has', () => {
    const [staging, production] = [readEnvironment('staging'), readEnvironment('production')]
    expect(JSON.parse(JSON.stringify(production).replaceAll('production', 'staging'))).toEqual(staging)
    expect(configProblems(READY)).toEqual([])
  })

  it.each([undefined, 'staging', 'production'])(
    'W09 has a queue of dead letters for webhooks, recognized by its name, and consumes both (%s)',
    (name) => {
      const { queues } = unstable_readConfig({ config: `${ROOT}wrangler.toml`, ...(name && { env: name }) })
      const [producer] = queues.producers ?? []
      const deadLetterQueue = `${producer?.queue}-dead`
      expect(queues.consumers).toMatchObject([
        { queue: producer?.queue, max_retries: 3, dead_letter_queue: deadLetterQueue },
        { queue: deadLetterQueue, max_retries: 3 },
      ])
    },
  )

  it.each([
    [{ ALLOW_PRIVATE_WEBHOOKS: 'true' }, /ALLOW_PRIVATE_WEBHOOKS is only for local development/],
    [{ ALLOW_PRIVATE_WEBHOOKS: 'false' }, /ALLOW_PRIVATE_WEBHOOKS is only for local development/],
    [{ APP_SECRET: 'x'.repeat(40) }, /APP_SECRET is a secret/],
    [{ EVENT_RETENTION_DAYS: '0' }, /EVENT_RETENTION_DAYS must be a whole number/],
    [{ PUBLIC_ORIGIN: `https://${HOST}/` }, /PUBLIC_ORIGIN must be an origin/],
    [{ PUBLIC_ORIGIN: `https://${HOST}/api/v1` }, /PUBLIC_ORIGIN must be an origin/],
    [{ PUBLIC_ORIGIN: HOST }, /PUBLIC_ORIGIN must be an origin/],
    [{ PUBLIC_ORIGIN: `http://${HOST}` }, /PUBLIC_ORIGIN must be set to the https origin/],
    [{ PUBLIC_ORIGIN: '' }, /PUBLIC_ORIGIN must be set to the https origin/],
    [{ PUBLIC_ORIGIN: undefined }, /PUBLIC_ORIGIN must be set to the https origin/],
    [{ PUBLIC_ORIGIN: 'https://other.acme.dev' }, /"tickets.acme.dev" must be the host of PUBLIC_ORIGIN, other/],
    [{ PUBLIC_ORIGIN: `https://${HOST}:8443` }, /must be the host of PUBLIC_ORIGIN, tickets.acme.dev:8443/],
    [{ ENVIRONMENT: undefined }, /ENVIRONMENT must be "production"/],
    [{ ENVIRONMENT: 'development' }, /ENVIRONMENT must be "production"/],
    [{ ENVIRONMENT: 'staging' }, /ENVIRONMENT must be "production"/],
  ])('rejects variables %j', (variables, message) => {
    expect(configProblems({ ...READY, variables: { ...READY.variables, ...variables } })).toEqual([
      expect.stringMatching(message),
    ])
  })

  it.each(["import { vi } from 'vitest'", 'env.TEST_MIGRATIONS', 'vi.useFakeTimers()', '"acct_globex"'])(
    'F06 rejects a bundle with %s',
    (text) => {
      expect(bundleProblems([{ name: 'index.js', text }])).toEqual([
        expect.stringMatching(/^The bundle contains (a|demo)/),
      ])
    },
  )
})
