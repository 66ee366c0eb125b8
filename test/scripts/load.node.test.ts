import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { checkBackup, FORMAT, FORMAT_VERSION, type Header, type Table } from '../../scripts/admin/backup-file.ts'
import { findSchema, findTables, type RunQuery, readTable } from '../../scripts/admin/dump.ts'
import { statementsOf } from '../../scripts/admin/load.ts'
import { temporaryState } from '../helpers/node/server.ts'

const { folder, remove } = temporaryState()
afterAll(remove)

const SCHEMA = `
  CREATE TABLE account_state (account_id TEXT PRIMARY KEY, ticket_number INTEGER NOT NULL, event_sequence INTEGER NOT NULL) STRICT;
  CREATE TABLE events (seq INTEGER PRIMARY KEY, account_id TEXT NOT NULL, sequence INTEGER NOT NULL, data TEXT NOT NULL) STRICT;
  CREATE TABLE notes (account_id TEXT NOT NULL, id TEXT NOT NULL, ticket_id TEXT NOT NULL, note TEXT,
    FOREIGN KEY (account_id, ticket_id) REFERENCES tickets (account_id, id), PRIMARY KEY (account_id, id)) STRICT, WITHOUT ROWID;
  CREATE TABLE tickets (seq INTEGER PRIMARY KEY, account_id TEXT NOT NULL, id TEXT NOT NULL, number INTEGER NOT NULL,
    title TEXT NOT NULL, shout TEXT GENERATED ALWAYS AS (upper(title)) VIRTUAL, notes INTEGER NOT NULL DEFAULT 0) STRICT;
  CREATE UNIQUE INDEX tickets_by_id ON tickets (account_id, id);
  CREATE TABLE loose (rule TEXT) STRICT;
  CREATE VIRTUAL TABLE words USING fts5 (title, content='tickets', content_rowid='seq');
  CREATE VIEW tickets_search AS SELECT seq, title, 'd' || number AS description, account_id AS scope FROM tickets;
  CREATE VIRTUAL TABLE tickets_fts USING fts5 (title, description, scope, content='tickets_search', content_rowid='seq');
  CREATE TRIGGER count_notes AFTER INSERT ON notes BEGIN
    UPDATE tickets SET notes = notes + 1 WHERE account_id = new.account_id AND id = new.ticket_id; END;`

/** Does not apply to existing rows. */
const LATE_RULE = `
  CREATE TRIGGER no_short_titles BEFORE INSERT ON tickets WHEN length(new.title) < 3 BEGIN SELECT RAISE(ABORT, 'short'); END`

/**
 * Texts that are difficult to quote: quotes, all line ends, control characters, and surrogate pairs where a cut may be.
 */
const HARD = [
  "it's; -- \"quoted\" \\ 'x'",
  'a\u0000b\u001f\u007f',
  'line\nline\r\nline\u2028line\u2029end',
  `${'a'.repeat(7_999)}😀${'ü'.repeat(9_000)}`,
  "'".repeat(120_000),
  '\u0001'.repeat(60_000),
]

function seeded(): DatabaseSync {
  const database = new DatabaseSync(':memory:')
  database.exec(SCHEMA)
  const ticket = database.prepare('INSERT INTO tickets (account_id, id, number, title) VALUES (?, ?, ?, ?)')
  const note = database.prepare('INSERT INTO notes VALUES (?, ?, ?, ?)')
  for (const [index, text] of HARD.entries()) {
    ticket.run('a', `t${index}`, index + 1, text)
    note.run('a', `n${index}`, `t${index}`, index === 0 ? null : text)
  }
  // More than a page, by rows and by bytes.
  for (let number = 100; number < 2_300; number += 1) ticket.run('b', `t${number}`, number, `title ${number}`)
  for (let sequence = 1; sequence <= 12; sequence += 1)
    database
      .prepare('INSERT INTO events (account_id, sequence, data) VALUES (?, ?, ?)')
      .run('a', sequence, 'd'.repeat(450_000))
  database.exec("INSERT INTO account_state VALUES ('a', 6, 12), ('b', 2299, 0); INSERT INTO loose VALUES ('x'), ('x')")
  // Rows that violate a later rule stay.
  database.exec(
    "UPDATE tickets SET title = 'z' WHERE account_id = 'b' AND id = 't100'; INSERT INTO words (words) VALUES ('rebuild');" +
      "INSERT INTO tickets_fts (tickets_fts) VALUES ('rebuild')",
  )
  database.exec(LATE_RULE)
  return database
}

const runQueryOn = (database: DatabaseSync, queries: string[] = []): RunQuery => {
  return (query) => {
    queries.push(query)
    return database
      .prepare(query)
      .all()
      .map((row) =>
        Object.fromEntries(
          Object.entries(row).map(([name, value]) => [
            name,
            value === null || typeof value === 'string' ? value : Number(value),
          ]),
        ),
      )
  }
}

function write(
  runQuery: RunQuery,
  tables: Table[],
  change: (name: string, rows: unknown[][]) => unknown[][] = (_, rows) => rows,
) {
  const header: Header = {
    format: FORMAT,
    version: FORMAT_VERSION,
    made_at: '2026-12-01T00:00:00Z',
    source: 'remote',
    bookmark: '00',
    migrations: [],
    schema: findSchema(runQuery),
    tables,
  }
  const contents = tables.map((table) => ({
    name: table.name,
    rows: change(table.name, [...readTable(runQuery, table)]),
  }))
  const lines = [header, ...contents.flatMap(({ name, rows }) => [{ table: name }, ...rows])].map(
    (line) => `${JSON.stringify(line)}\n`,
  )
  const rows = Object.fromEntries(contents.map((one) => [one.name, one.rows.length]))
  const end = { rows, moved: true, sha256: createHash('sha256').update(lines.join('')).digest('hex') }
  const file = join(folder, 'hard.backup')
  writeFileSync(file, gzipSync(`${lines.join('')}${JSON.stringify({ end })}\n`))
  return file
}

async function load(file: string) {
  const { header } = await checkBackup(file)
  const database = new DatabaseSync(':memory:')
  const statements: string[] = []
  for await (const statement of statementsOf(file, header)) {
    statements.push(statement)
    database.exec(statement)
  }
  return { database, statements, largest: Math.max(...statements.map((statement) => Buffer.byteLength(statement))) }
}

describe('dump and load', () => {
  it('reads tables in pages, parents first, and loads every row unchanged, with statements within the limits of D1', async () => {
    const old = seeded()
    const queries: string[] = []
    const tables = findTables(runQueryOn(old))
    expect(tables.map(({ name }) => name).indexOf('tickets')).toBeLessThan(
      tables.map(({ name }) => name).indexOf('notes'),
    )
    const file = write(runQueryOn(old, queries), tables)
    expect(queries.filter((query) => query.includes('FROM "tickets"')).length).toBeGreaterThan(2)
    expect(queries.filter((query) => query.includes('FROM "events"')).length).toBe(2)
    const { database, largest } = await load(file)
    expect(largest).toBeLessThan(100_000)
    for (const { name } of tables)
      expect(database.prepare(`SELECT * FROM "${name}"`).all(), name).toEqual(
        old.prepare(`SELECT * FROM "${name}"`).all(),
      )
    const found = "SELECT rowid FROM words WHERE words MATCH 'title'"
    expect(database.prepare(found).all()).toEqual(old.prepare(found).all())
    expect(() =>
      database.exec("INSERT INTO tickets (account_id, id, number, title) VALUES ('a', 'x', 9, 'y')"),
    ).toThrow('short')
  })

  it('indexes the texts of tickets a thousand at a time', async () => {
    const old = seeded()
    const { database, statements } = await load(write(runQueryOn(old), findTables(runQueryOn(old))))
    expect(statements.filter((statement) => statement.includes('INTO tickets_fts'))).toHaveLength(3)
    expect(statements.filter((statement) => /"tickets_fts".*rebuild/.test(statement))).toEqual([])
    database.exec("INSERT INTO tickets_fts (tickets_fts, rank) VALUES ('integrity-check', 1)")
    const found = "SELECT rowid FROM tickets_fts WHERE tickets_fts MATCH 'title'"
    expect(database.prepare(found).all()).toHaveLength(2_199)
    expect(database.prepare(found).all()).toEqual(old.prepare(found).all())
  })

  it('omits rows whose parent was deleted during the backup, and raises counters that are behind', async () => {
    const runQuery = runQueryOn(seeded())
    const file = write(runQuery, findTables(runQuery), (name, rows) =>
      name === 'tickets' ? rows.filter((row) => row[2] !== 't1') : name === 'account_state' ? [['a', 1, 3]] : rows,
    )
    const { database } = await load(file)
    const ids = database
      .prepare('SELECT id FROM notes')
      .all()
      .map(({ id }) => id)
    expect(ids).toEqual(['n0', 'n2', 'n3', 'n4', 'n5'])
    expect(database.prepare('SELECT * FROM account_state').all()).toEqual([
      { account_id: 'a', ticket_number: 6, event_sequence: 12 },
    ])
  })
})
