import { env } from 'cloudflare:workers'
import { afterAll, expect } from 'vitest'
import { findLeaks, listenToConsole } from './log-scan'

/** All migrations in one transaction: applied one by one they take most of the time of a test file. */
await env.DB.batch(env.TEST_MIGRATIONS.flatMap(({ queries }) => queries).map((query) => env.DB.prepare(query)))

listenToConsole()

/** S20, for every test file. */
afterAll(() => expect(findLeaks(), 'secrets in the log').toEqual([]))
