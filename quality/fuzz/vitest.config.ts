import { defineConfig } from 'vitest/config'
import { options, plugins } from '../../test/config/worker.ts'

/** `npm run test:fuzz`: the same tests with another seed and more requests. */
export default defineConfig({
  root: new URL('../..', import.meta.url).pathname,
  plugins,
  test: {
    ...options,
    include: ['quality/fuzz/*.test.ts'],
    isolate: false,
    maxWorkers: 1,
    bail: 1,
    silent: 'passed-only',
    provide: { fuzz: JSON.parse(process.env.FUZZ ?? 'null') },
  },
})
