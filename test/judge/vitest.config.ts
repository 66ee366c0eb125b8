import { existsSync, readFileSync } from 'node:fs'
import { mergeConfig } from 'vitest/config'
import { inWorkerd } from '../../vitest.config.ts'

const found = new URL('./conditions.json', import.meta.url).pathname

/** Packages that are bundled once for all runs: each module that is loaded by itself costs a round trip. */
const BUNDLED = [
  '@hono/zod-openapi',
  'drizzle-orm',
  'drizzle-orm/sqlite-core',
  'hono',
  'hono/cors',
  'hono/http-exception',
]
const BUNDLED_TOO = ['hono/jwt', 'hono/method-not-allowed', 'hono/request-id', 'hono/route', 'ipaddr.js', 'zod']

/** One project for all files that run in workerd: the judge runs few files at a time, each of which may want them alone. */
export default mergeConfig(inWorkerd, {
  cacheDir: process.env.JUDGE_CACHE,
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['test/**/*.test.ts', 'test/judge/*.judge.ts'],
    exclude: ['test/node/**'],
    maxWorkers: 1,
    deps: { optimizer: { ssr: { enabled: true, include: [...BUNDLED, ...BUNDLED_TOO] } } },
    provide: { conditions: existsSync(found) ? readFileSync(found, 'utf8') : '[]' },
  },
})
