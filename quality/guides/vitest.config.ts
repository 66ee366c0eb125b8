import { defineConfig } from 'vitest/config'

/** `npm run test:guides` */
export default defineConfig({
  root: new URL('../..', import.meta.url).pathname,
  test: {
    include: ['quality/guides/*.suite.ts'],
    globalSetup: './test/config/prepare-state.ts',
    testTimeout: 600_000,
    hookTimeout: 600_000,
  },
})
