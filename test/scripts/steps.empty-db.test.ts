import { env } from 'cloudflare:workers'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { afterRestoreSteps } from '../../scripts/admin/after-restore'
import { moveCiphertexts } from '../../scripts/admin/ciphertexts'
import { ROWS_PER_STEP, type Steps } from '../../scripts/admin/steps'
import { compareCounters } from '../../scripts/admin/verify/counters'
import { rebuildSearch } from '../../scripts/admin/verify/rebuild-search'
import { compareSearch } from '../../scripts/admin/verify/search'
import { verifySteps } from '../../scripts/admin/verify/verify'
import { deriveKeys } from '../../src/core/keys'
import { accountCounters, apiKeys, users } from '../../src/db/schema/accounts'
import {
  comments,
  creatorCounters,
  ticketCounters,
  tickets,
  ticketTags,
  ticketTagsUpdated,
} from '../../src/db/schema/tickets'
import { webhooks } from '../../src/db/schema/webhooks'
import { ticketSearch } from '../../src/db/search-table'
import { searchKey, tokenText } from '../../src/db/search-text'
import { sql } from '../../src/db/sql'
import { run, select } from '../../src/db/statement'
import { deleteFrom, insertSelect, update } from '../../src/db/write'
import { BEGINNING, sweep } from '../../src/jobs/sweep'
import { type Account, createTestAccount, createTestMember, type Member } from '../helpers/api'
import { execute, numbers, prepare, row, rows } from '../helpers/database'
import { grow } from '../helpers/scale-fixtures'
import { silenceQueue } from '../helpers/webhooks'

/** Work over all accounts reads and writes at most 5,000 rows in a transaction, whatever the size of the database. */

/** The larger one has more rows of each kind than a step may read. */
const SIZES = [1_500, 5_500] as const

let account: Account
let busy: Member

type Rows = Record<string, string | number | null>[]

/** The most rows that a step has read and written. */
interface Measured<T> {
  result: T
  steps: number
  max: number
}

async function runBatch(statements: string[]): Promise<{ results: Rows[]; rows: number }> {
  const results = await env.DB.batch<Rows[number]>(statements.map((statement) => env.DB.prepare(statement)))
  const counted = results.map(({ meta }) => meta.rows_read + meta.rows_written)
  return { results: results.map((result) => result.results), rows: counted.reduce((sum, count) => sum + count, 0) }
}

async function measure<T>(work: Steps<T>): Promise<Measured<T>> {
  let steps = 0
  let max = 0
  let next = work.next()
  while (!next.done) {
    const { results, rows: count } = await runBatch(next.value)
    steps += 1
    max = Math.max(max, count)
    next = work.next(results)
  }
  return { result: next.value, steps, max }
}

async function addRows(from: number, to: number): Promise<void> {
  await grow(account, busy, from, to)
  await env.DB.batch([
    prepare(
      insertSelect(
        comments,
        {
          accountId: account.id,
          id: sql`'comment' || i`,
          ticketId: sql`'seeded' || i`,
          createdBy: account.agent.id,
          content: 'C',
          isInternal: sql`i % 2`,
          createdAt: sql`i`,
        },
        sql`FROM ${numbers(from, to)}`,
      ),
    ),
    prepare(
      insertSelect(
        users,
        {
          accountId: account.id,
          id: sql`'key_seeded' || i`,
          kind: 'key',
          name: 'Key',
          email: sql`i || '@keys.invalid'`,
          emailNormalized: sql`i || '@keys.invalid'`,
          role: 'agent',
          status: 'active',
          tokenVersion: 1,
          createdAt: 1,
        },
        sql`FROM ${numbers(from, to)}`,
      ),
    ),
    prepare(
      insertSelect(
        apiKeys,
        { accountId: account.id, id: sql`'key_seeded' || i`, lastFour: 'abcd', hash: sql`'h' || i`, createdAt: 1 },
        sql`FROM ${numbers(from, to)}`,
      ),
    ),
    prepare(
      insertSelect(
        webhooks,
        {
          accountId: account.id,
          id: sql`'webhook_seeded' || i`,
          url: sql`'https://hooks.example.com/' || i`,
          events: '["*"]',
          secret: sql`'old.' || i`,
          active: sql`i % 2`,
          includeInternal: 0,
          createdAt: 1,
          sinceSequence: 0,
          previousSecret: 'old.x',
          previousUntil: sql`CASE i % 2 WHEN 0 THEN 1 ELSE 9e15 END`,
        },
        sql`FROM ${numbers(from, to)}`,
      ),
    ),
  ])
}

/** Reports the rows of each batch. */
function measuredDatabase(report: (rows: number) => void): D1Database {
  const batch: D1Database['batch'] = async (statements) => {
    const results = await env.DB.batch<never>(statements)
    report(results.reduce((sum, { meta }) => sum + meta.rows_read + meta.rows_written, 0))
    return results
  }
  const methods = { batch, prepare: (text: string) => env.DB.prepare(text) }
  return methods as unknown as D1Database
}

const current = deriveKeys('a secret of the tests, and of nothing else').webhooks

const COMMANDS: Record<string, () => Promise<Measured<unknown>>> = {
  verify: () => measure(verifySteps(false)),
  'verify --repair': repair,
  'after-restore': () => measure(afterRestoreSteps(1_000, false, Date.now())),
  'after-restore --revoke-keys': () => measure(afterRestoreSteps(1_000, true, Date.now())),
  reencrypt: async () => {
    const measured = { result: undefined as unknown, steps: 0, max: 0 }
    const runMeasured = async (...statements: string[]) => {
      const { results, rows: count } = await runBatch(statements)
      measured.steps += 1
      measured.max = Math.max(measured.max, count)
      return results
    }
    measured.result = await moveCiphertexts(runMeasured, { current, previous: null }, Date.now())
    return measured
  },
  'the sweep': async () => {
    const measured = { result: undefined as unknown, steps: 0, max: 0 }
    const DB = measuredDatabase((count) => {
      measured.steps += 1
      measured.max = Math.max(measured.max, count)
    })
    measured.result = await sweep({ ...env, DB }, BEGINNING, Date.now())
    return measured
  },
}

/** As many tickets as a database of this size has. */
const damages = () => [
  update(ticketCounters, { count: sql`${ticketCounters.count} + 1` }, sql`true`),
  deleteFrom(creatorCounters, sql`true`),
  deleteFrom(ticketTags, sql`${ticketTags.number} % 2`),
  update(
    ticketTagsUpdated,
    { updatedAt: sql`${ticketTagsUpdated.updatedAt} + 1` },
    sql`${ticketTagsUpdated.number} % 2`,
  ),
  update(tickets, { publicComments: sql`${tickets.publicComments} + 7`, internalAttachments: 3 }, sql`true`),
  update(accountCounters, { storedBytes: 77, activeWebhooks: 77 }, sql`true`),
  run(sql`INSERT INTO ${ticketSearch} (${ticketSearch}) VALUES ('delete-all')`),
]

const matching = (term: string) =>
  select({ rowId: ticketSearch.rowId }, sql`FROM ${ticketSearch} WHERE ${ticketSearch} MATCH ${term}`)

async function repair(): Promise<Measured<unknown>> {
  await env.DB.batch(damages().map(prepare))
  const measured = await measure(verifySteps(true))
  const undamaged = [...measured.result.differences].filter(([, count]) => count === 0).map(([name]) => name)
  expect(undamaged).toEqual(['user counters', 'internal comments of tickets', 'public attachments of tickets'])
  const { result } = await measure(verifySteps(false))
  expect([...result.differences].filter(([, count]) => count > 0)).toEqual([])
  const indexed = await rows(matching(`${searchKey(account.id)}printer`))
  const stored = await row(select({ n: sql<number>`count(*)` }, sql`FROM ${tickets}`))
  expect(indexed).toHaveLength(Number(stored?.n))
  return measured
}

describe('work over all accounts', () => {
  const small: Record<string, Measured<unknown>> = {}

  beforeAll(async () => {
    silenceQueue()
    account = await createTestAccount()
    busy = await createTestMember(account.id, 'customer')
    await addRows(1, SIZES[0])
    const twenty = JSON.stringify(Array.from({ length: 20 }, (_, index) => `tag ${index}`))
    await execute(update(tickets, { tags: twenty }, sql`${tickets.number} <= 300`))
    for (const [name, command] of Object.entries(COMMANDS)) small[name] = await command()
    await addRows(SIZES[0] + 1, SIZES[1])
  })
  afterAll(() => vi.restoreAllMocks())

  it.each(Object.keys(COMMANDS))('reads and writes at most 5,000 rows a step, at any size: %s', async (name) => {
    const large = await COMMANDS[name]?.()
    expect(large?.max).toBeLessThanOrEqual(ROWS_PER_STEP)
    expect(large?.steps).toBeGreaterThan(small[name]?.steps ?? 0)
  })
})

describe('verify', () => {
  const statementsOf = async (work: Steps<unknown>) => {
    const statements: string[] = []
    for (let next = work.next(); !next.done; ) {
      statements.push(...next.value)
      next = work.next((await runBatch(next.value)).results)
    }
    return statements
  }

  it('does not report the counters of an account that is written to while its parts are read', async () => {
    const work = compareCounters(account.id)
    let next = work.next()
    while (!next.done) {
      await execute(update(accountCounters, { lastWriteAt: sql`${accountCounters.lastWriteAt} + 1` }, sql`true`))
      next = work.next((await runBatch(next.value)).results)
    }
    expect(next.value).toBeNull()
  })

  it('continues an interrupted rebuild of the full-text index, with the writes of the meantime', async () => {
    const interrupted = rebuildSearch()
    let next = interrupted.next()
    for (let steps = 0; steps < 4 && !next.done; steps += 1)
      next = interrupted.next((await runBatch(next.value)).results)
    const rename = (title: string, number: number) =>
      execute(
        update(
          tickets,
          { title, titleTokens: tokenText(account.id, title) },
          sql`${tickets.accountId} = ${account.id} AND ${tickets.number} = ${number}`,
        ),
      )
    await rename('Renamed before', 1)
    await rename('Renamed after', SIZES[1])
    await execute(deleteFrom(comments, sql`true`))
    await execute(deleteFrom(tickets, sql`${tickets.number} = 2`))
    const statements = await statementsOf(rebuildSearch())
    expect(statements.filter((statement) => statement.startsWith('CREATE VIRTUAL'))).toEqual([])
    expect((await measure(compareSearch())).result).toBe(0)
    expect(await rows(matching(`${searchKey(account.id)}renamed`))).toHaveLength(2)
    const schema = await env.DB.prepare(
      "SELECT name FROM sqlite_schema WHERE name GLOB 'ticket_search_*' AND type = 'trigger'",
    ).all()
    expect(schema.results.map(({ name }) => name).toSorted()).toEqual([
      'ticket_search_delete',
      'ticket_search_insert',
      'ticket_search_update',
    ])
  })
})
