import { existsSync, globSync, readFileSync } from 'node:fs'
import { defineConfig } from 'vitest/config'
import { HASHES, inWorkerd, inWorkerdWithCheapHashes } from '../../vitest.config.ts'

const root = new URL('../..', import.meta.url).pathname
const conditionsFile = new URL('./conditions.json', import.meta.url).pathname

/** Tests of functions that need no Worker: Node starts in a fraction of the time. */
const PLAIN = globSync('test/*/*.test.ts', { cwd: root }).filter(
  (file) => !file.startsWith('test/node/') && !/cloudflare:|helpers\//.test(readFileSync(`${root}${file}`, 'utf8')),
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
        ...inWorkerdWithCheapHashes,
        test: {
          ...inWorkerd.test,
          name: 'workerd',
          include: ['test/**/*.test.ts', 'quality/mutation/account-conditions.test.ts'],
          exclude: ['test/node/**', HASHES, ...PLAIN],
          provide: { conditions },
        },
      },
      { root, cacheDir, ...inWorkerd, test: { ...inWorkerd.test, name: 'hashes', include: [HASHES] } },
      { root, test: { name: 'plain', testTimeout: 30_000, include: PLAIN } },
    ],
  },
})
