import { env } from 'cloudflare:workers'
import { afterAll, expect, vi } from 'vitest'
import { cacheEntryPath } from '../helpers/entry-path'
import { drainLeaks, listenToConsole } from '../helpers/log-scan'
import { schemaStatements } from '../helpers/schema'
import { connect } from '../helpers/sockets'

cacheEntryPath()

const migrated = await env.DB.prepare("SELECT 1 FROM sqlite_master WHERE name = 'tickets'").first()

/** All migrations in one transaction; one by one they would take most of the time of a test file. */
if (!migrated) await env.DB.batch(schemaStatements())

listenToConsole()

// Files may share a runtime.
afterAll(() => {
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
  vi.useRealTimers()
  connect.mockReset()
})

/** S20, for every test file. */
afterAll(() => expect(drainLeaks(), 'secrets in the log').toEqual([]))
