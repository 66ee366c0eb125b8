import { once } from 'node:events'
import { mkdirSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import {
  appliedIn,
  assertCounters,
  createOldDatabase,
  MIGRATIONS,
  migrate,
  openFile,
  schemaOf,
} from '../helpers/node/old-database.ts'
import { freePort, spawnStart, startServer, temporaryState } from '../helpers/node/server.ts'
import { logInAs } from '../helpers/node/webhooks.ts'

/** `npm start` on the database of the first release, killed during its migrations. */

const FIRST_RELEASE = 2
/** Enough that indexes are written to the disk before the commit. */
const TICKETS = 20_000

const state = temporaryState()
let file: string

beforeAll(() => {
  const folder = 'v3/d1/miniflare-D1DatabaseObject'
  const names = readdirSync(join(inject('preparedState'), folder))
  mkdirSync(join(state.folder, folder), { recursive: true })
  file = join(state.folder, folder, names.find((name) => /^[0-9a-f]+\.sqlite$/.test(name)) ?? '')
  const db = openFile(file)
  createOldDatabase(db, FIRST_RELEASE)
  db.exec(`
    INSERT INTO tickets (account_id, id, number, version, title, description, status, priority, created_by, tags,
      custom_fields, created_at, updated_at)
    WITH RECURSIVE n (i) AS (SELECT 3 UNION ALL SELECT i + 1 FROM n WHERE i < ${TICKETS})
    SELECT 'acct_acme', 'ticket_old' || i, i, 1, 'Old ' || i, 'Was there before', 'open', 'low', 'user456', '["old"]',
      '{}', 1700000000000 + i, 1700000000000 + i FROM n;
    UPDATE account_state SET ticket_number = ${TICKETS} WHERE account_id = 'acct_acme'`)
  db.close()
})

afterAll(() => state.remove())

const walSize = () => statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0

async function killInMigration(bytes: number): Promise<void> {
  const start = spawnStart(await freePort(), state.folder, { ownGroup: true })
  const ended = once(start, 'exit')
  const before = walSize()
  while (walSize() < before + bytes && start.exitCode === null) await sleep(1)
  process.kill(-Number(start.pid), 'SIGKILL')
  await ended
  while (isThere(Number(start.pid))) await sleep(10)
}

function isThere(group: number): boolean {
  try {
    return process.kill(-group, 0)
  } catch {
    return false
  }
}

function schemaAt(count: number): string[] {
  const db = openFile(':memory:')
  migrate(db, count)
  const schema = schemaOf(db)
  db.close()
  return schema
}

it('F04 applies each migration completely or not at all, and the next start completes them', async () => {
  const names = MIGRATIONS.map(({ name }) => name)
  await killInMigration(3_000_000)
  const left = openFile(file)
  const applied = appliedIn(left)
  expect(applied).toEqual(names.slice(0, applied.length))
  expect(schemaOf(left)).toEqual(schemaAt(applied.length))
  left.close()
  // Otherwise the kill came too late.
  expect(applied.length).toBeLessThan(names.length)

  const server = await startServer(await freePort(), state.folder)
  try {
    const api = await logInAs(server.origin, 'john@example.com')
    expect(await api.get('/tickets?per_page=1')).toMatchObject({ pagination: { total: TICKETS } })
    expect(await api.get('/tickets/ticket123')).toMatchObject({ data: { comment_count: 2, attachment_count: 2 } })
  } finally {
    await server.stop()
  }
  const db = openFile(file)
  expect(appliedIn(db)).toEqual(names)
  expect(schemaOf(db)).toEqual(schemaAt(names.length))
  assertCounters(db)
  db.close()
}, 180_000)
