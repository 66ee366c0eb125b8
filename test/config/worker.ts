import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-pool-workers'
import { unstable_readConfig } from 'wrangler'
import { buildDocsSite } from '../../scripts/docs-site.ts'
import { cheapHashes } from './cheap-hashes.ts'
import { testSockets } from './test-sockets.ts'

const migrations = await readD1Migrations(new URL('../../migrations', import.meta.url).pathname)
// Vitest reads the folder that `[assets]` names, but does not run `[build]`.
await buildDocsSite()

/** Bundled once for all runs, because each module that is loaded separately costs a round trip. */
const BUNDLED = [
  ...['@hono/zod-openapi', 'drizzle-orm', 'drizzle-orm/sqlite-core', 'ipaddr.js', 'ulid', 'p-limit', 'zod'],
  ...['', '/cors', '/http-exception', '/jwt', '/method-not-allowed', '/request-id', '/route'].map((p) => `hono${p}`),
  ...['@cfworker/json-schema', 'fast-check'],
]

export const plugins = [
  testSockets,
  cheapHashes,
  cloudflareTest({
    wrangler: { configPath: './wrangler.toml' },
    miniflare: {
      // The variables of a deployment, whatever a developer's .dev.vars contains.
      bindings: {
        ...unstable_readConfig({ config: './wrangler.toml' }).vars,
        ALLOW_PRIVATE_WEBHOOKS: 'false',
        APP_SECRET: 'a secret of the tests, and of nothing else',
        PUBLIC_ORIGIN: '',
        TEST_MIGRATIONS: migrations,
      },
      // Receives each fetch that no test has mocked, so that no test reaches a network.
      outboundService: (request: Request) => new Response(`blocked: ${request.url}`, { status: 599 }),
    },
  }),
]

export const options = {
  testTimeout: 120_000,
  hookTimeout: 240_000,
  setupFiles: ['./test/config/setup.ts'],
  deps: { optimizer: { ssr: { enabled: true, include: BUNDLED } } },
}
