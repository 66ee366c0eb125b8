import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  appliedIn,
  assertCounters,
  copyOpenDatabase,
  createOldDatabase,
  MIGRATIONS,
  migrate,
  openFile,
  project,
  type Snapshot,
  schemaOf,
  snapshot,
} from '../helpers/node/old-database.ts'
import { temporaryState } from '../helpers/node/server.ts'

const state = temporaryState()
const fileOf = (name: string) => join(state.folder, `${name}.sqlite`)
let newest: string[]

beforeAll(() => {
  const db = openFile(fileOf('newest'))
  migrate(db)
  newest = schemaOf(db)
  db.close()
})

afterAll(() => state.remove())

/** The databases that a kill leaves after each statement of a migration. */
function* killedAfterEach(old: string, statements: readonly string[]): Generator<string> {
  const db = openFile(old)
  // Writes uncommitted pages to the disk, as in a large database.
  db.exec('PRAGMA cache_size = 1; BEGIN IMMEDIATE')
  const left = `${old}-killed`
  for (const statement of ['SELECT 1', ...statements]) {
    db.exec(statement)
    copyOpenDatabase(old, left)
    yield left
    for (const suffix of ['', '-wal', '-shm']) rmSync(left + suffix, { force: true })
  }
  db.exec('ROLLBACK')
  db.close()
}

describe('F04 an interrupted migration', () => {
  it.each(MIGRATIONS.map(({ name, statements }, index) => ({ name, statements, before: index })))(
    'F04 $name: at any statement, the next start completes it, and an older database keeps its data',
    ({ name, statements, before }) => {
      const old = openFile(fileOf(name))
      createOldDatabase(old, before)
      const original = snapshot(old)
      const emptyTables = [...original].filter(([table, { rows }]) => rows.length === 0 && table !== 'guards')
      if (before > 1) expect(emptyTables).toEqual([])
      let stops = 0
      for (const file of killedAfterEach(fileOf(name), statements)) {
        stops += 1
        const db = openFile(file)
        expect(appliedIn(db)).toEqual(MIGRATIONS.slice(0, before).map((one) => one.name))
        expect(snapshot(db)).toEqual(original)
        expect(migrate(db)).toEqual(MIGRATIONS.slice(before).map((one) => one.name))
        expect(schemaOf(db)).toEqual(newest)
        const after = snapshot(db)
        expectRowsKept(original, after)
        assertCounters(db)
        expect(db.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }])
        expect(db.prepare('PRAGMA foreign_key_check').all()).toEqual([])
        expect(migrate(db)).toEqual([])
        expect(snapshot(db)).toEqual(after)
        db.close()
      }
      expect(stops).toBe(statements.length + 1)
      old.close()
    },
  )
})

/** Later migrations add counters, which `mustRecount` checks, and work for the sweep. */
const GAINS = new Set(['ticket_counters', 'backfills'])

/** Each table keeps its rows in the columns that still exist, except for `GAINS`. */
function expectRowsKept(before: Snapshot, after: Snapshot): void {
  for (const [table, { columns, rows }] of before) {
    const now = after.get(table)
    const both = columns.filter((column) => now?.columns.includes(column))
    const current = project(rows, both)
    expect(project(now?.rows ?? [], both), `what ${table} holds`).toEqual(
      GAINS.has(table) ? expect.arrayContaining(current) : current,
    )
  }
}
