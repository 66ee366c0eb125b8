import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { unstable_readConfig } from 'wrangler'
import { bundleProblems } from '../../scripts/deploy/bundle.ts'
import { configProblems, type EnvironmentConfig, readEnvironment } from '../../scripts/deploy/config.ts'
import { ROOT } from '../../scripts/lib/local-state.ts'
import { runShown } from './helpers/operations.ts'

const READY: EnvironmentConfig = {
  ...readEnvironment('production'),
  databaseId: '5a4fd6b1-8f0c-4f0a-9f63-0c9b1f6f4f11',
}

/** Whatever went out to a network would end here; of the proxy wrangler would warn. */
const OFFLINE = { HTTPS_PROXY: 'http://localhost:9', CLOUDFLARE_API_TOKEN: '', WRANGLER_LOG: 'error' }

function deploy(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(ROOT, 'scripts/deploy.ts'), ...args], {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...process.env, ...OFFLINE },
  })
  return { status, out: stdout, err: stderr.trim() }
}

describe('npm run deploy', () => {
  it('F06 says what it would do, offline, of a bundle without test hooks and demo data', async () => {
    const { code, out, err } = await runShown('npm run deploy', OFFLINE)
    expect(code, err).toBe(0)
    expect(out).toContain('Worker        ticketing-api-production\n')
    expect(out).toContain('Queues        ticketing-webhooks-production, ticketing-webhooks-production-dead\n')
    expect(out).toContain('Would run     wrangler d1 migrations apply DB --remote --env production\n')
    expect(out.match(/^But first .*$/gm)).toEqual([
      'But first     [env.production] of wrangler.toml has no database_id yet: put there what npx wrangler d1 create ticketing-production prints.',
    ])
  })

  it('deploys nothing without a database', () => {
    const { status, err } = deploy('--env', 'staging')
    expect([status, err]).toEqual([
      1,
      '[env.staging] of wrangler.toml has no database_id yet: put there what npx wrangler d1 create ticketing-staging prints.',
    ])
  })

  it.each([[[]], [['--env', 'prod']], [['--dry-run']]])('refuses %j', (args) => {
    expect(deploy(...args)).toMatchObject({
      status: 1,
      err: 'Usage: npm run deploy -- --env staging|production [--dry-run]',
    })
  })

  it('has environments that differ in names alone, and have what the local server has', () => {
    const [staging, production] = [readEnvironment('staging'), readEnvironment('production')]
    expect(JSON.parse(JSON.stringify(production).replaceAll('production', 'staging'))).toEqual(staging)
    expect(configProblems(READY)).toEqual([])
  })

  it.each([undefined, 'staging', 'production'])(
    'W09 has a queue of dead letters behind that of webhooks, known as one by its name, and consumes both (%s)',
    (name) => {
      const { queues } = unstable_readConfig({ config: `${ROOT}wrangler.toml`, ...(name && { env: name }) })
      const [producer] = queues.producers ?? []
      const dead = `${producer?.queue}-dead`
      expect(queues.consumers).toMatchObject([
        { queue: producer?.queue, max_retries: 3, dead_letter_queue: dead },
        { queue: dead, max_retries: 3 },
      ])
    },
  )

  it.each([
    [{ ALLOW_PRIVATE_WEBHOOKS: 'true' }, /ALLOW_PRIVATE_WEBHOOKS is for a developer/],
    [{ ALLOW_PRIVATE_WEBHOOKS: 'false' }, /ALLOW_PRIVATE_WEBHOOKS is for a developer/],
    [{ APP_SECRET: 'x'.repeat(40) }, /APP_SECRET is a secret/],
    [{ EVENT_RETENTION_DAYS: '0' }, /EVENT_RETENTION_DAYS must be a whole number/],
    [{ PUBLIC_ORIGIN: 'https://a.example/' }, /PUBLIC_ORIGIN must be an origin/],
  ])('refuses variables %j', (variables, message) => {
    expect(configProblems({ ...READY, variables: { ...READY.variables, ...variables } })).toEqual([
      expect.stringMatching(message),
    ])
  })

  it.each(["import { vi } from 'vitest'", 'env.TEST_MIGRATIONS', 'vi.useFakeTimers()', '"acct_globex"'])(
    'F06 refuses a bundle with %s',
    (text) => {
      expect(bundleProblems([{ name: 'index.js', text }])).toEqual([
        expect.stringMatching(/^The bundle holds a|^The bundle holds demo/),
      ])
    },
  )
})
