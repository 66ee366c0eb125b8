import { existsSync, mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-pool-workers'
import { defineConfig } from 'vitest/config'
import { unstable_readConfig } from 'wrangler'
import { buildDocsAssets } from './scripts/docs-assets.ts'
import { COMPILED } from './scripts/lib/local-state.ts'
import { LongestFirst } from './test/helpers/sequencer.ts'

const migrations = await readD1Migrations(new URL('./migrations', import.meta.url).pathname)
// Vitest takes what `[assets]` names, but does not run `[build]`.
await buildDocsAssets()

const MEMORY = { folder: '/dev/shm', bytesNeeded: 1024 ** 3 }

/** A fifth of the time goes into waiting for a disk, and nothing that tests write outlives them. */
function writeToMemory(): void {
  const { bavail, bsize } = statfsSync(MEMORY.folder)
  if (bavail * bsize < MEMORY.bytesNeeded) return
  const folder = mkdtempSync(`${MEMORY.folder}/ticketing-tests-`)
  process.env.TMPDIR = folder
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
}
if (existsSync(MEMORY.folder)) writeToMemory()

// Dozens of processes load the same modules, each of which would compile them anew.
process.env.NODE_COMPILE_CACHE ??= COMPILED

/** The file that tries hashes at their full cost. */
export const HASHES = 'test/auth/passwords.test.ts'

/** Files that try what others have made cheap, or what a clock that was moved would spoil: each has a runtime of its own. */
const ALONE = [HASHES, 'test/http/health.test.ts', 'test/faults/durable-objects.test.ts']

/** Files that compute for so long that they fill what those of test/node leave of the cores: each has a runtime of its own. */
const LONG = ['test/faults/every-call.test.ts', 'test/property/requests.test.ts']

/** Files that look at all there is: each begins with nothing but the schema. */
const CLEARED = [
  'test/faults/background.test.ts',
  'test/access/twins.test.ts',
  'test/webhooks/**/*.test.ts',
  'test/auth/throttle-objects.test.ts',
  'test/db/round-trips.test.ts',
  'test/db/rows-read.test.ts',
]

/** The modules of packages, bundled once for all runs: each that is loaded by itself costs a round trip. */
const BUNDLED = [
  ...['@hono/zod-openapi', 'drizzle-orm', 'drizzle-orm/sqlite-core', 'ipaddr.js', 'ulid', 'p-limit', 'zod'],
  ...['', '/cors', '/http-exception', '/jwt', '/method-not-allowed', '/request-id', '/route'].map((p) => `hono${p}`),
  ...['@cfworker/json-schema', 'fast-check'],
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

/** In the place of connections there is what tests make of them. */
const testSockets = {
  name: 'test-sockets',
  enforce: 'pre' as const,
  resolveId(source: string, importer?: string) {
    if (source !== 'cloudflare:sockets' || !importer?.includes('/src/')) return null
    return new URL('./test/helpers/sockets.ts', import.meta.url).pathname
  },
}

export const inWorkerd = {
  plugins: [
    testSockets,
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
    testTimeout: 120_000,
    hookTimeout: 240_000,
    setupFiles: ['./test/helpers/setup.ts'],
    deps: { optimizer: { ssr: { enabled: true, include: BUNDLED } } },
  },
}

/** As `inWorkerd`, where a hash costs next to nothing. */
export const inWorkerdWithCheapHashes = { ...inWorkerd, plugins: [...inWorkerd.plugins, cheapHashes] }

/** What runs at once: first files of test/node, which wait for servers and clocks much of their time, then the others. */
const GROUPS = {
  waiting: { maxWorkers: 6, sequence: { groupOrder: 0 } },
  computing: { maxWorkers: 3, sequence: { groupOrder: 1 } },
}

/** To load the application takes longer than most files run, so files share it: accounts keep their tests apart. */
const shared = {
  ...inWorkerdWithCheapHashes,
  test: {
    ...inWorkerd.test,
    ...GROUPS.computing,
    isolate: false,
    setupFiles: [...inWorkerd.test.setupFiles, './test/helpers/undisturbed.ts'],
  },
}

const together = {
  ...shared,
  test: {
    ...shared.test,
    name: 'together',
    include: ['test/**/*.test.ts'],
    exclude: ['test/node/**', ...ALONE, ...LONG, ...CLEARED],
  },
}

const cleared = {
  ...shared,
  test: {
    ...shared.test,
    name: 'cleared',
    setupFiles: [...shared.test.setupFiles, './test/helpers/cleared.ts'],
    include: CLEARED,
  },
}

const alone = { ...inWorkerd, test: { ...inWorkerd.test, ...GROUPS.computing, name: 'alone', include: ALONE } }

const long = {
  ...inWorkerdWithCheapHashes,
  test: { ...inWorkerd.test, ...GROUPS.waiting, name: 'long', include: LONG },
}

export default defineConfig({
  test: {
    silent: 'passed-only',
    sequence: { sequencer: LongestFirst },
    reporters: ['default', './test/helpers/summary-reporter.ts'],
    projects: [
      together,
      cleared,
      alone,
      long,
      {
        test: {
          ...GROUPS.waiting,
          name: 'node',
          isolate: false,
          include: ['test/node/**/*.test.ts'],
          globalSetup: './test/node/helpers/prepare-state.ts',
          testTimeout: 240_000,
          hookTimeout: 480_000,
        },
      },
    ],
  },
})
