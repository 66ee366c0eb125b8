import { mergeConfig } from 'vitest/config'
import { inWorkerd } from '../../vitest.config.ts'

/** For the long form: the same tests, of another seed and with more of everything. */
export default mergeConfig(inWorkerd, {
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['test/property/*.test.ts'],
    isolate: false,
    maxWorkers: 1,
    bail: 1,
    silent: 'passed-only',
    provide: { fuzz: JSON.parse(process.env.FUZZ ?? 'null') },
  },
})
