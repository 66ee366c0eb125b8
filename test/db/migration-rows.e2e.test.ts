import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { unstable_splitSqlQuery } from 'wrangler'
import { withLocalBindings } from '../../scripts/lib/local-bindings.ts'
import { MIGRATIONS, migrationNames } from '../../scripts/lib/migrations.ts'
import { temporaryState } from '../helpers/node/server.ts'

/**
 * A migration reads and writes as many rows in a small database as in a large one: D1 ends a batch after 30 s, and the
 * deployment with it. The sweep backfills rows, in steps. See CONTRIBUTING.md, "A new column, table or migration".
 */

/** Written before this rule. A new migration is not added here. */
const EXEMPT = new Set([
  ...['0000_init', '0001_triggers', '0002_credentials', '0003_app_secrets', '0004_webhooks', '0005_ticket_orders'],
  ...['0006_user_counters', '0007_attachments', '0008_idempotency', '0009_drop_part_seq', '0010_tag_orders'],
  ...['0011_write_verification', '0012_search_prefixes'],
])

/**
 * Written at the same time as this rule. They index logins and tokens that were revoked in the last days, mark webhooks, and index
 * tickets: the sweep finds those without a search ID by the index. A new migration is not added here.
 */
const GROWING = new Set([
  '0014_login_candidates',
  '0016_revoked_tokens_by_time',
  '0017_confirmed_webhooks',
  '0018_search_index',
])

/** Reads existing tables for partial indexes of a new column, to which no row belongs yet. A new migration is not added here. */
const READING = new Set(['0013_erasures'])

const SIZES = [1_000, 10_000] as const

const isIn = (names: Set<string>, file: string) => names.has(file.replace('.sql', ''))
const isExempt = (file: string) => isIn(EXEMPT, file)
const statementsOf = (file: string) => unstable_splitSqlQuery(readFileSync(`${MIGRATIONS}${file}`, 'utf8'))

/** Rows of every table that grows with the number of tickets, in the schema of the last exempt migration before them. */
const rowsOf = (count: number) => {
  const numbers = `(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count}) SELECT i FROM n)`
  const insert = (table: string, columns: string, values: string) =>
    `INSERT INTO ${table} (${columns}) SELECT ${values} FROM ${numbers}`
  return [
    insert(
      'accounts',
      'id, slug, name, plan, allow_registration, created_at',
      `'a' || i, 's' || i, 'A', 'standard', 0, 1`,
    ),
    insert('account_state', 'account_id, ticket_number, event_sequence', `'a' || i, 0, 0`),
    insert(
      'users',
      'account_id, id, kind, name, email, email_key, role, status, credential_generation, created_at',
      `'a1', 'u' || i, 'person', 'U', i || '@x.example', i || '@x.example', 'agent', 'active', 1, 1`,
    ),
    insert('logins', 'email_key, account_id, user_id', `i || '@x.example', 'a1', 'u' || i`),
    insert('api_keys', 'account_id, id, last_four, hash, created_at', `'a1', 'u' || i, 'abcd', 'h', 1`),
    insert('key_directory', 'key_id, account_id', `'u' || i, 'a1'`),
    insert('login_unlocks', 'email_key, unlocked_at', `i || '@x.example', 1`),
    insert('revoked_tokens', 'account_id, user_id, token_id, revoked_at, expires_at', `'a1', 'u1', 't' || i, 1, 1`),
    insert(
      'idempotency_records',
      'account_id, caller_id, key_hash, request_hash, rows, created_at',
      `'a1', 'u1', 'k' || i, 'r', '[]', 1`,
    ),
    insert(
      'tickets',
      'account_id, id, number, version, title, description, status, priority, created_by, tags, custom_fields, created_at, updated_at',
      `'a1', 't' || i, i, 1, 'T', 'D', 'open', 'low', 'u1', '["a","b"]', '{}', i, i`,
    ),
    insert(
      'ticket_history',
      'account_id, ticket_id, change_id, actor_id, field, previous, current, created_at',
      `'a1', 't1', 'c' || i, 'u1', 'title', '"A"', '"B"', 1`,
    ),
    insert(
      'comments',
      'account_id, id, ticket_id, created_by, content, is_internal, created_at',
      `'a1', 'c' || i, 't' || i, 'u1', 'C', 0, 1`,
    ),
    insert(
      'attachments',
      'account_id, id, ticket_id, is_internal, filename, size, mime_type, sha256, created_at',
      `'a1', 'f' || i, 't' || i, 0, 'f', 1, 'text/plain', 'x', 1`,
    ),
    insert('object_intents', 'account_id, id, kind, created_at', `'a1', 'f' || i, 'upload', 1`),
    insert(
      'events',
      'account_id, sequence, id, type, is_internal, data, created_at',
      `'a1', i, 'e' || i, 'ticket.created', 0, '{}', 1`,
    ),
    insert(
      'webhooks',
      'account_id, id, url, events, include_internal, active, secret, created_at, since_sequence',
      `'a1', 'w' || i, 'https://x.example/' || i, '["*"]', 0, 0, 's', 1, 0`,
    ),
    insert(
      'deliveries',
      'account_id, webhook_id, sequence, id, event_id, event, created_at',
      `'a1', 'w1', i, 'd' || i, 'e' || i, 'ticket.created', 1`,
    ),
  ]
}

interface Cost {
  read: number
  written: number
}

/** The rows of some statements, as D1 counts them. */
async function costOf(db: D1Database, statements: string[]): Promise<Cost> {
  const metas = (await db.batch(statements.map((statement) => db.prepare(statement)))).map(({ meta }) => meta)
  return {
    read: metas.reduce((sum, { rows_read }) => sum + rows_read, 0),
    written: metas.reduce((sum, { rows_written }) => sum + rows_written, 0),
  }
}

/** What some migrations must not do, and what they may. */
const EXAMPLES: Record<string, { statements: string[]; isBounded: boolean }> = {
  'a new column': { statements: ["ALTER TABLE tickets ADD example TEXT NOT NULL DEFAULT ''"], isBounded: true },
  'a new table with an index': {
    statements: ['CREATE TABLE example (a TEXT PRIMARY KEY, b TEXT)', 'CREATE INDEX example_by_b ON example (b)'],
    isBounded: true,
  },
  'an update of all rows': { statements: ["UPDATE users SET name = 'Ada'"], isBounded: false },
  'a copy of all rows': { statements: ['CREATE TABLE copies AS SELECT * FROM events'], isBounded: false },
  'a condition without an index': { statements: ["DELETE FROM comments WHERE content = 'x'"], isBounded: false },
  'an index of an existing table': {
    statements: ['CREATE INDEX example_by_size ON attachments (size)'],
    isBounded: false,
  },
}

/** By size, then by migration or example. */
const costs: Map<string, Cost>[] = []
const states = SIZES.map(() => temporaryState())

beforeAll(async () => {
  for (const [index, size] of SIZES.entries()) {
    vi.stubEnv('TICKETING_STATE', states[index]?.folder)
    const bySize = new Map<string, Cost>()
    costs.push(bySize)
    await withLocalBindings(async ({ DB }) => {
      for (const file of migrationNames().filter(isExempt)) await costOf(DB, statementsOf(file))
      for (const statement of rowsOf(size)) await costOf(DB, [statement])
      for (const file of migrationNames().filter((name) => !isExempt(name)))
        bySize.set(file, await costOf(DB, statementsOf(file)))
      for (const [name, { statements }] of Object.entries(EXAMPLES)) bySize.set(name, await costOf(DB, statements))
    })
  }
})
afterAll(() => {
  vi.unstubAllEnvs()
  for (const { remove } of states) remove()
})

describe('a new migration', () => {
  it('reads and writes the same number of rows for 1,000 and for 10,000 tickets', () => {
    const [small, large] = costs.map((bySize) =>
      [...bySize].filter(([name]) => !(name in EXAMPLES || isIn(GROWING, name) || isIn(READING, name))),
    )
    expect(large).toEqual(small)
    const written = costs.map((bySize) =>
      [...bySize].filter(([name]) => isIn(READING, name)).map(([, cost]) => cost.written),
    )
    expect(written[1]).toEqual(written[0])
    expect(written[0]).toHaveLength(READING.size)
  })

  it.each(Object.entries(EXAMPLES))('is bounded or not: %s', (name, { isBounded }) => {
    const [small, large] = costs.map((bySize) => bySize.get(name))
    expect(JSON.stringify(large) === JSON.stringify(small)).toBe(isBounded)
  })

  it('does not rebuild a full-text index, whose rows D1 does not count', () => {
    const isRebuild = (statement: string) => /VALUES\s*\(\s*'(rebuild|optimize)'/i.test(statement)
    expect(statementsOf('0012_search_prefixes.sql').some(isRebuild)).toBe(true)
    const files = migrationNames().filter((name) => !isExempt(name))
    expect(files.filter((file) => statementsOf(file).some(isRebuild))).toEqual([])
  })
})
