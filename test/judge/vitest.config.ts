import { existsSync, readFileSync } from 'node:fs'
import { mergeConfig } from 'vitest/config'
import { inWorkerd } from '../../vitest.config.ts'

const found = new URL('./conditions.json', import.meta.url).pathname

/** One project for all files that run in workerd: the judge runs few files at a time, each of which may want them alone. */
export default mergeConfig(inWorkerd, {
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['test/**/*.test.ts', 'test/judge/*.judge.ts'],
    exclude: ['test/node/**'],
    maxWorkers: 1,
    experimental: { fsModuleCache: true, fsModuleCachePath: process.env.JUDGE_CACHE },
    provide: { conditions: existsSync(found) ? readFileSync(found, 'utf8') : '[]' },
  },
})
