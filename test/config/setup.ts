import { env } from 'cloudflare:workers'
import { afterAll, expect, vi } from 'vitest'
import { sql } from '../../src/db/sql'
import { row } from '../helpers/database'
import { cacheEntryPath } from '../helpers/entry-path'
import { listenToConsole, takeLeaks } from '../helpers/log-scan'
import { schemaStatements } from '../helpers/schema'
import { connect } from '../helpers/sockets'

cacheEntryPath()

const migrated = await row(sql`SELECT 1 FROM sqlite_master WHERE name = 'tickets'`)

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
afterAll(() => expect(takeLeaks(), 'secrets in the log').toEqual([]))
