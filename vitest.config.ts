import { defineConfig } from 'vitest/config'
import { COMPILE_CACHE } from './scripts/lib/local-state.ts'
import { writeToMemory } from './test/config/memory-folder.ts'
import { LongestFirst } from './test/config/sequencer.ts'
import { options, plugins } from './test/config/worker.ts'

writeToMemory()
// Dozens of processes load the same modules.
process.env.NODE_COMPILE_CACHE ??= COMPILE_CACHE

/** The first group waits much of its time, or has long files. */
const FIRST = { maxWorkers: 6, sequence: { groupOrder: 0 } }
const SECOND = { maxWorkers: 3, sequence: { groupOrder: 1 } }

const named = (suffix: string) => [`{test,quality}/**/*${suffix}.test.ts`]
const KINDS = ['.isolated', '.empty-db', '.node', '.e2e']

/** Files share a runtime, because loading the application takes longer than most of them run. Each has its own accounts. */
const shared = {
  ...options,
  ...SECOND,
  isolate: false,
  setupFiles: [...options.setupFiles, './test/config/disable-sweeper.ts'],
}

export default defineConfig({
  test: {
    silent: 'passed-only',
    sequence: { sequencer: LongestFirst },
    reporters: ['default', './test/config/summary-reporter.ts'],
    projects: [
      {
        plugins,
        test: { ...shared, name: 'worker', include: named(''), exclude: KINDS.flatMap(named) },
      },
      {
        plugins,
        test: {
          ...shared,
          name: 'empty-db',
          include: named('.empty-db'),
          setupFiles: [...shared.setupFiles, './test/config/fresh-database.ts'],
        },
      },
      {
        plugins,
        test: { ...options, ...FIRST, name: 'isolated', include: named('.isolated') },
      },
      {
        test: {
          ...FIRST,
          name: 'node',
          isolate: false,
          include: ['.node', '.e2e'].flatMap(named),
          globalSetup: './test/config/prepare-state.ts',
          testTimeout: 240_000,
          hookTimeout: 480_000,
        },
      },
    ],
  },
})
