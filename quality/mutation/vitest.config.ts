import { existsSync, globSync, readFileSync } from 'node:fs'
import { defineConfig } from 'vitest/config'
import { options, plugins } from '../../test/config/worker.ts'

const root = new URL('../..', import.meta.url).pathname
const conditionsFile = new URL('./conditions.json', import.meta.url).pathname

const needsWorker = (file: string) => /cloudflare:|helpers\//.test(readFileSync(`${root}${file}`, 'utf8'))

/** Tests of functions that need no Worker: Node starts in a fraction of the time. */
const PLAIN = globSync('test/*/*.test.ts', { cwd: root }).filter(
  (file) => !file.endsWith('.e2e.test.ts') && (file.endsWith('.node.test.ts') || !needsWorker(file)),
)

const cacheDir = process.env.MUTATION_CACHE ?? 'node_modules/.vite'
const conditions = existsSync(conditionsFile) ? readFileSync(conditionsFile, 'utf8') : '[]'

/** A mutation runs few files, each of which may need a runtime of its own. */
export default defineConfig({
  test: {
    maxWorkers: 1,
    projects: [
      {
        root,
        cacheDir,
        plugins,
        test: {
          ...options,
          name: 'worker',
          include: ['{test,quality}/**/*.test.ts', 'quality/mutation/account-conditions.suite.ts'],
          exclude: ['**/*.{node,e2e}.test.ts', ...PLAIN],
          provide: { conditions },
        },
      },
      { root, test: { name: 'plain', testTimeout: 30_000, include: PLAIN } },
    ],
  },
})
