import { existsSync, globSync, readFileSync } from 'node:fs'
import { defineConfig } from 'vitest/config'
import { inWorkerd } from '../../vitest.config.ts'

const root = new URL('../..', import.meta.url).pathname
const found = new URL('./conditions.json', import.meta.url).pathname

/** Packages that are bundled once for all runs: each module that is loaded by itself costs a round trip. */
const BUNDLED = [
  ...['@hono/zod-openapi', 'drizzle-orm', 'drizzle-orm/sqlite-core', 'ipaddr.js', 'zod'],
  ...['', '/cors', '/http-exception', '/jwt', '/method-not-allowed', '/request-id', '/route'].map((p) => `hono${p}`),
]

/** Tests of functions that need no Worker: Node starts in a fraction of the time. */
const PLAIN = globSync('test/*/*.test.ts', { cwd: root }).filter(
  (file) => !file.startsWith('test/node/') && !/cloudflare:|helpers\//.test(readFileSync(`${root}${file}`, 'utf8')),
)

/** The judge runs few files at a time, each of which may want its runtime alone. */
export default defineConfig({
  test: {
    maxWorkers: 1,
    projects: [
      {
        root,
        cacheDir: process.env.JUDGE_CACHE ?? 'node_modules/.vite',
        ...inWorkerd,
        test: {
          ...inWorkerd.test,
          name: 'workerd',
          include: ['test/**/*.test.ts', 'test/judge/*.judge.ts'],
          exclude: ['test/node/**', ...PLAIN],
          deps: { optimizer: { ssr: { enabled: true, include: BUNDLED } } },
          provide: { conditions: existsSync(found) ? readFileSync(found, 'utf8') : '[]' },
        },
      },
      { root, test: { name: 'plain', testTimeout: 30_000, include: PLAIN } },
    ],
  },
})
