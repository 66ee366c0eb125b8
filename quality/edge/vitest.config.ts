import { globSync, readFileSync } from 'node:fs'
import { defineConfig } from 'vitest/config'

const root = new URL('../..', import.meta.url).pathname
process.env.THROUGH_EDGE = '1'

/** Tests that start the server themselves or by a helper. */
const USES_SERVER = /startServer|preparedState/

/** `npm run test:edge`: the end-to-end tests with a server, through the edge. */
export default defineConfig({
  root,
  test: {
    silent: 'passed-only',
    include: globSync('{test,quality}/**/*.e2e.test.ts', { cwd: root }).filter(
      (file) => USES_SERVER.test(readFileSync(`${root}${file}`, 'utf8')) && !file.startsWith('quality/edge/'),
    ),
    reporters: ['default', './test/config/summary-reporter.ts'],
    maxWorkers: 3,
    isolate: false,
    globalSetup: './test/config/prepare-state.ts',
    testTimeout: 240_000,
    hookTimeout: 480_000,
  },
})
