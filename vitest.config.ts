import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-pool-workers'
import { defineConfig } from 'vitest/config'
import { unstable_readConfig } from 'wrangler'
import { buildDocsAssets } from './scripts/docs-assets.ts'

const migrations = await readD1Migrations(new URL('./migrations', import.meta.url).pathname)
// Vitest takes what `[assets]` names, but does not run `[build]`.
await buildDocsAssets()

/** Files that put something in the place of a module, or try what others have made cheap: each has a runtime of its own. */
const ALONE = [
  'test/auth/passwords.test.ts',
  // What is known of health is kept by the runtime, and other files move the clock far ahead.
  'test/http/health.test.ts',
  'test/faults/every-call.test.ts',
  'test/webhooks/answers.test.ts',
  'test/webhooks/parts.test.ts',
]

/** Files that look at all there is: each begins with nothing but the schema. */
const CLEARED = [
  'test/faults/background.test.ts',
  'test/access/twins.test.ts',
  'test/webhooks/**/*.test.ts',
  'test/auth/throttle-objects.test.ts',
  'test/db/round-trips.test.ts',
  'test/db/rows-read.test.ts',
]

const COST = 'N: 16_384, r: 8, p: 5'

/**
 * A hash takes as long as dozens of requests, and few tests are about what it costs: those have a runtime of their own,
 * or ask the real server. Throws where the cost is no longer written as it was.
 */
const cheapHashes = {
  name: 'cheap-hashes',
  enforce: 'pre' as const,
  transform(code: string, id: string) {
    if (!id.endsWith('/src/lib/passwords.ts')) return
    if (!code.includes(COST)) throw new Error(`${id} does not say ${COST}`)
    return code.replace(COST, 'N: 16, r: 8, p: 1')
  },
}

export const inWorkerd = {
  plugins: [
    cloudflareTest({
      wrangler: { configPath: './wrangler.toml' },
      miniflare: {
        // Whatever a developer's .dev.vars says, these are the variables as they are deployed.
        bindings: {
          ...unstable_readConfig({ config: './wrangler.toml' }).vars,
          ALLOW_PRIVATE_WEBHOOKS: 'false',
          APP_SECRET: 'a secret of the tests, and of nothing else',
          PUBLIC_ORIGIN: '',
          TEST_MIGRATIONS: migrations,
        },
        // A fetch that no test has mocked ends here, so that no test can reach a network.
        outboundService: (request: Request) => new Response(`blocked: ${request.url}`, { status: 599 }),
      },
    }),
  ],
  test: {
    testTimeout: 30_000,
    hookTimeout: 60_000,
    setupFiles: ['./test/helpers/setup.ts'],
  },
}

/** To load the application takes longer than most files run, so files share it: accounts keep their tests apart. */
const shared = {
  ...inWorkerd,
  plugins: [...inWorkerd.plugins, cheapHashes],
  test: { ...inWorkerd.test, isolate: false },
}

const together = {
  ...shared,
  test: {
    ...shared.test,
    name: 'together',
    include: ['test/**/*.test.ts'],
    exclude: ['test/node/**', ...ALONE, ...CLEARED],
  },
}

const cleared = {
  ...shared,
  test: {
    ...shared.test,
    name: 'cleared',
    setupFiles: [...shared.test.setupFiles, './test/helpers/cleared.ts'],
    include: CLEARED,
    exclude: ALONE,
  },
}

const alone = { ...inWorkerd, test: { ...inWorkerd.test, name: 'alone', include: ALONE } }

export default defineConfig({
  test: {
    silent: 'passed-only',
    // Two cores keep three files busy: those of test/node wait for clocks and for servers.
    maxWorkers: 3,
    reporters: ['default', './test/helpers/summary-reporter.ts'],
    projects: [
      together,
      cleared,
      alone,
      {
        test: {
          name: 'node',
          include: ['test/node/**/*.test.ts'],
          globalSetup: './test/node/helpers/prepare-state.ts',
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
})
