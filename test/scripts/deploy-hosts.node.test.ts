import { afterAll, describe, expect, it } from 'vitest'
import { Copy } from '../../quality/mutation/copy.ts'
import { configProblems, readEnvironment } from '../../scripts/deploy/config.ts'
import { ROOT } from '../../scripts/lib/local-state.ts'
import {
  configWith,
  environmentWith,
  FILLED_IN,
  HOST,
  type Replacement,
  runDeploy,
} from '../helpers/node/deploy-config.ts'

const ROUTES = /^routes = .*$/m

describe('the hosts of a deployed environment', () => {
  it.each<[string, RegExp, string | RegExp, string]>([
    ['workers_dev = true', /must have workers_dev = false/, 'workers_dev = false', 'workers_dev = true'],
    ['no workers_dev, which is inherited', /must have workers_dev = false/, 'workers_dev = false\n', ''],
    ['workers_dev as a text', /must have workers_dev = false/, 'workers_dev = false', 'workers_dev = "false"'],
    ['preview_urls = true', /must have preview_urls = false/, 'preview_urls = false', 'preview_urls = true'],
    ['no preview_urls', /must have preview_urls = false/, 'preview_urls = false\n', ''],
    ['no routes', /has no routes/, ROUTES, ''],
    ['an empty list of routes', /has no routes/, ROUTES, 'routes = []'],
    ['a route of a zone', /"tickets.acme.dev" must have custom_domain = true/, ', custom_domain = true', ''],
    ['custom_domain = false', /must have custom_domain = true/, 'custom_domain = true', 'custom_domain = false'],
    ['a route as a text', /must have custom_domain = true/, ROUTES, `routes = ["${HOST}"]`],
    ['a single route', /must have custom_domain = true/, ROUTES, `route = "${HOST}"`],
    ['a route without a pattern', /a route must be \{ pattern/, ROUTES, 'routes = [{ custom_domain = true }]'],
    ['previews at the domain', /must not have previews_enabled/, ' }]', ', previews_enabled = true }]'],
    ['a disabled domain', /must be enabled/, ' }]', ', enabled = false }]'],
    ['another host', /"acme.dev" must be the host of PUBLIC_ORIGIN, tickets/, 'pattern = "tickets.', 'pattern = "'],
    [
      'a second host',
      /"www.acme.dev" must be the host of PUBLIC_ORIGIN, tickets.acme.dev/,
      ' }]',
      ' }, { pattern = "www.acme.dev", custom_domain = true }]',
    ],
    ['a path', /must be a host name, without/, 'acme.dev", c', 'acme.dev/api", c'],
    ['a wildcard', /must be a host name, without/, 'pattern = "tickets.', 'pattern = "*.'],
    ['a port', /must be a host name, without/, 'acme.dev", c', 'acme.dev:443", c'],
    ['a scheme', /must be a host name, without/, 'pattern = "', 'pattern = "https://'],
    ['an empty pattern', /must be a host name, without/, 'pattern = "tickets.acme.dev', 'pattern = "'],
    ['an IP address', /must be a host name, without/, 'pattern = "tickets.acme.dev', 'pattern = "192.0.2.1'],
    ['a workers.dev host', /must not be a host of workers.dev/, 'tickets.acme.dev", c', 'tickets.acme.workers.dev", c'],
    [
      'a workers.dev host in capitals',
      /must not be a host of workers.dev/,
      'tickets.acme.dev", c',
      'A.WORKERS.dev", c',
    ],
    ['a name for documentation', /is a placeholder/, 'pattern = "tickets.acme.dev', 'pattern = "tickets.example'],
    ['a name for tests', /is a placeholder/, 'pattern = "tickets.acme.dev', 'pattern = "your-host.invalid'],
  ])('rejects %s', (_name, message, from, to) => {
    expect(configProblems(environmentWith(...FILLED_IN, [from, to]))).toEqual([expect.stringMatching(message)])
  })

  it('accepts a custom domain in other forms of the same name', () => {
    const international: Replacement[] = [
      [`https://${HOST}`, 'https://xn--bcher-kva.acme.dev'],
      [`pattern = "${HOST}`, 'pattern = "B\u00fccher.ACME.dev'],
    ]
    expect(configProblems(environmentWith(...FILLED_IN, ...international))).toEqual([])
  })

  it('lists all problems of an environment in one run', () => {
    const problems = configProblems(
      environmentWith(
        ['workers_dev = false\n', ''],
        ['preview_urls = false', 'preview_urls = true'],
        [ROUTES, 'routes = ["a.acme.dev/*"]'],
        ['PUBLIC_ORIGIN = ""', 'PUBLIC_ORIGIN = "https://b.acme.dev/x"'],
        ['ENVIRONMENT = "production"\n', 'ALLOW_PRIVATE_WEBHOOKS = "true"\n'],
        ['EVENT_RETENTION_DAYS = "30"', 'EVENT_RETENTION_DAYS = "x"'],
      ),
    )
    expect(problems).toEqual([
      expect.stringContaining('database_id is a placeholder'),
      expect.stringContaining('ALLOW_PRIVATE_WEBHOOKS'),
      expect.stringContaining('ENVIRONMENT must be "production"'),
      expect.stringContaining('EVENT_RETENTION_DAYS'),
      expect.stringContaining('PUBLIC_ORIGIN must be an origin'),
      expect.stringContaining('workers_dev = false'),
      expect.stringContaining('preview_urls = false'),
      expect.stringContaining('"a.acme.dev/*" must have custom_domain = true'),
      expect.stringContaining('"a.acme.dev/*" must be a host name'),
    ])
    expect(problems.filter((problem) => problem.includes('\n'))).toEqual([])
  })
})

describe('an environment that cannot be read', () => {
  it('is rejected in one sentence if it has no section', () => {
    expect(() => readEnvironment('canary')).toThrow(/^wrangler\.toml has no section \[env\.canary\]\.$/)
  })

  it.each<[string, Replacement[]]>([
    ['d1_databases', [['[[env.production.d1_databases]]', '[env.production.other]']]],
    ['d1_databases.0.database_id', [[/^database_id = .*$/m, '']]],
    ['vars', [[/^\[env\.production\.vars\]$/m, 'vars = "none"\n[env.production.other]']]],
    [
      'r2_buckets, queues',
      [
        ['[[env.production.r2_buckets]]', '[env.production.a]'],
        [/env\.production\.queues/g, 'env.production.b'],
      ],
    ],
  ])('is rejected in one sentence with the values: %s', (fields, replacements) => {
    const message = `[env.production] of wrangler.toml has missing or invalid values: ${fields}.`
    expect(() => environmentWith(...replacements)).toThrow(new Error(message))
  })
})

describe('npm run deploy -- --dry-run', () => {
  const project = new Copy(ROOT)
  afterAll(() => project.remove())

  const dryRun = (...replacements: Replacement[]) => {
    project.write('wrangler.toml', configWith([...FILLED_IN, ...replacements]))
    const { status, out } = runDeploy(project.root, '--env', 'production', '--dry-run')
    return { status, out, problems: out.match(/^Problem .*$/gm) ?? [] }
  }

  it('reports no missing value for the configuration of the guide', () => {
    const { status, out, problems } = dryRun()
    expect(problems).toEqual([])
    expect(status).toBe(0)
    expect(out).toContain(`Host          ${HOST}\n`)
    expect(out).toContain('Environment   production\n')
  })

  it('prints one sentence and no stack for a missing section', () => {
    project.write('wrangler.toml', configWith([]).replaceAll('env.production', 'env.other'))
    const { status, out, err } = runDeploy(project.root, '--env', 'production', '--dry-run')
    expect([status, out, err]).toEqual([1, '', 'wrangler.toml has no section [env.production].'])
  })

  it('lists all problems of a configuration that wrangler does not bundle', () => {
    const { status, problems } = dryRun(['preview_urls = false', 'preview_urls = "no"'], ['workers_dev = false\n', ''])
    expect(status).toBe(1)
    expect(problems).toEqual([
      expect.stringContaining('workers_dev = false'),
      expect.stringContaining('preview_urls = false'),
      expect.stringContaining('The bundle could not be built'),
    ])
  })
})
