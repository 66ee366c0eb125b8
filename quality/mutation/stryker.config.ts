import { PURE_MODULES } from './pure-modules.ts'
import { Sources } from './query/sources.ts'

const sources = new Sources(process.cwd())

export default {
  mutate: Object.keys(PURE_MODULES).map((name) => sources.declaration(name).file),
  plugins: ['@stryker-mutator/vitest-runner', './quality/mutation/stryker-ignorer.ts'],
  ignorers: ['documentation'],
  testRunner: 'vitest',
  vitest: { configFile: 'quality/mutation/stryker.vitest.config.ts' },
  ignorePatterns: ['bench', 'dist', 'docs', 'migrations', 'public', 'openapi.json', '.wrangler'],
  // Stryker would rewrite it with the API of TypeScript, which TypeScript 7 does not have.
  tsconfigFile: 'none',
  concurrency: 2,
  reporters: ['clear-text', 'progress-append-only'],
  clearTextReporter: { allowColor: false, reportTests: false, reportMutants: true },
  thresholds: { high: 100, low: 100, break: 100 },
  tempDirName: '.wrangler/stryker',
}
