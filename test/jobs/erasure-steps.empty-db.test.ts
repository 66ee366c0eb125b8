import { env } from 'cloudflare:workers'
import { getTableColumns, getTableName } from 'drizzle-orm'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { FaultLayer } from '../../quality/fault-injection/fault-layer'
import { accountCounters, backfills, idempotencyRecords, users } from '../../src/db/schema/accounts'
import { comments, erasures, ticketCounters, ticketHistory, tickets } from '../../src/db/schema/tickets'
import { deliveries, deliveryAttempts, events } from '../../src/db/schema/webhooks'
import { sql } from '../../src/db/sql'
import { select } from '../../src/db/statement'
import { deleteFrom, insertSelect, update } from '../../src/db/write'
import { sweepBackfills } from '../../src/jobs/backfills'
import { sweepErasures } from '../../src/jobs/erasures'
import { type Account, createTestAccount, createTicket } from '../helpers/api'
import { countOf, execute, numbers, row, rows } from '../helpers/database'
import { dumpDatabase, tablesWith } from '../helpers/database-dump'
import { pageOf } from '../helpers/events'
import { createMarkedTicket } from '../helpers/marked-ticket'
import { costOf } from '../helpers/scale-fixtures'
import { callAs, createComment } from '../helpers/tickets'
import { createTestWebhook, deleteAllWebhooks, drain, receive, silenceQueue, silenceSweeper } from '../helpers/webhooks'

const MINUTE = 60_000
const later = () => Date.now() + MINUTE

let account: Account

beforeEach(async () => {
  silenceQueue()
  silenceSweeper()
  await execute(deleteFrom(backfills, sql`true`))
  account = await createTestAccount()
})
afterEach(async () => {
  vi.restoreAllMocks()
  await deleteAllWebhooks()
})

/** Gives a ticket copies of its first event, with more characters in the description. */
async function repeatEvent(ticketId: string, count: number, characters = 0): Promise<void> {
  const data = sql<string>`json_set(${events.data}, '$.ticket.description', 'Secret' || hex(zeroblob(${characters / 2})))`
  await execute(
    insertSelect(
      events,
      {
        accountId: events.accountId,
        sequence: sql`10 + i`,
        id: sql`'evt_copy' || i`,
        type: events.type,
        ticketId: events.ticketId,
        isInternal: events.isInternal,
        data,
        createdAt: events.createdAt,
      },
      sql`FROM ${numbers(1, count)} CROSS JOIN ${events} WHERE ${events.accountId} = ${account.id}
        AND ${events.ticketId} = ${ticketId} AND ${events.sequence} = 1`,
    ),
  )
}

async function eventsWith(text: string): Promise<number> {
  const found = await row(
    select(
      { n: sql<number>`count(*)` },
      sql`FROM ${events} WHERE ${events.accountId} = ${account.id} AND instr(${events.data}, ${text}) > 0`,
    ),
  )
  return found?.n ?? -1
}

async function deleteTicket(id: string): Promise<void> {
  expect((await callAs(account.agent, 'DELETE', `tickets/${id}`)).status).toBe(204)
}

describe('the batch that deletes', () => {
  it.each(['ticket', 'comment'])('a %s reads and writes as many rows with 1,000 events as with one', async (kind) => {
    const costs = []
    for (const count of [0, 1_000]) {
      account = await createTestAccount()
      const { id } = await createTicket(account.customer)
      const comment = await createComment(account.agent, id)
      await repeatEvent(id, count)
      await execute(
        update(accountCounters, { eventSequence: 2_000 }, sql`${accountCounters.accountId} = ${account.id}`),
      )
      const path = kind === 'ticket' ? `tickets/${id}` : `tickets/${id}/comments/${comment.id}`
      const { read, written } = await costOf(account.agent, 'DELETE', path)
      costs.push({ read, written })
    }
    expect(costs[1]).toEqual(costs[0])
  })
})

describe('the sweep', () => {
  it('erases at most 2,000 events of a ticket at a time, and the next one continues', async () => {
    const { id } = await createTicket(account.customer)
    await repeatEvent(id, 2_500)
    await deleteTicket(id)
    await sweepErasures(env, later())
    const left = await eventsWith('Secret')
    expect(left).toBeGreaterThanOrEqual(500)
    expect(left).toBeLessThan(2_500)
    await sweepErasures(env, later())
    expect(await eventsWith('Secret')).toBe(0)
  })

  it('erases at most 4 MiB of events in a step, and continues after a failure of any call', async () => {
    const { id } = await createTicket(account.customer)
    await repeatEvent(id, 60, 300_000)
    await deleteTicket(id)
    const layer = new FaultLayer()
    const left: number[] = []
    // Calls 0 and 2 read what is due, 1 and 3 are the steps.
    for (const kind of ['rejects', 'loses its response'] as const)
      for (const at of [0, 1, 2, 3]) {
        const fails = layer.during(
          (index) => (index === at ? kind : null),
          () => sweepErasures(env, later()),
        )
        await expect(fails).rejects.toThrow()
        left.push(await eventsWith('Secret'))
      }
    expect(left).toEqual([60, 60, 46, 32, 32, 18, 4, 0])
    await sweepErasures(env, later())
    expect(await eventsWith('Secret')).toBe(0)
  })

  it('does not touch the rows of another account with the same IDs', async () => {
    receive(({ body }) => new Response(body))
    await createTestWebhook(account)
    const ticket = await createMarkedTicket(account)
    await drain({}, account)
    const neighbor = await createTestAccount()
    const copied = [users, tickets, comments, ticketHistory, events, idempotencyRecords, deliveries, deliveryAttempts]
    for (const table of copied) await copyRows(table, account, neighbor)
    const before = await rowsOf(copied, neighbor)
    await callAs(account.admin, 'DELETE', `tickets/${ticket.id}/comments/${ticket.comments[0]?.id}`)
    await deleteTicket(ticket.id)
    const shown = await pageOf(neighbor.admin, 'per_page=100')
    await sweepErasures(env, later())
    expect(await rowsOf(copied, neighbor)).toEqual(before)
    expect(JSON.stringify(shown)).toContain(ticket.markers[0])
    expect(await eventsWith(ticket.markers[0] ?? '')).toBe(0)
  })

  it('erases thousands of responses of attempts to one delivery', async () => {
    receive(({ body }) => new Response(body))
    await createTestWebhook(account)
    const { id } = await createTicket(account.customer, { title: 'Echoed' })
    await drain({}, account)
    await execute(
      insertSelect(
        deliveryAttempts,
        {
          accountId: deliveryAttempts.accountId,
          deliveryId: deliveryAttempts.deliveryId,
          number: sql`${deliveryAttempts.number} + i`,
          at: deliveryAttempts.at,
          trigger: deliveryAttempts.trigger,
          durationMs: 1,
          response: deliveryAttempts.response,
        },
        sql`FROM ${deliveryAttempts}, ${numbers(1, 1_200)} WHERE ${deliveryAttempts.accountId} = ${account.id}`,
      ),
    )
    await deleteTicket(id)
    await sweepErasures(env, later())
    const left = await row(
      select(
        { n: sql<number>`count(*)` },
        sql`FROM ${deliveryAttempts} WHERE ${deliveryAttempts.accountId} = ${account.id} AND ${deliveryAttempts.response} <> ''`,
      ),
    )
    expect(left).toEqual({ n: 0 })
  })

  it('is not stopped by an event whose snapshot cannot be parsed', async () => {
    const { id } = await createTicket(account.customer)
    await execute(update(events, { data: 'no JSON' }, sql`${events.accountId} = ${account.id}`))
    const other = await createTicket(account.customer, { title: 'Unparsed' })
    await deleteTicket(id)
    await deleteTicket(other.id)
    await sweepErasures(env, later())
    expect([await eventsWith('no JSON'), await eventsWith('Unparsed')]).toEqual([0, 0])
  })
})

describe('texts that a release without erasures left behind', () => {
  it('are erased: events of deleted tickets and comments, and counters of tags', async () => {
    const { id } = await createTicket(account.customer, { title: 'Deleted before' })
    const { id: kept } = await createTicket(account.customer, { title: 'Still there', tags: ['kept tag'] })
    const { id: comment } = await createComment(account.agent, kept, { content: 'Comment before' })
    await createComment(account.agent, kept, { content: 'Comment kept' })
    await execute(update(events, { commentId: null }, sql`${events.accountId} = ${account.id}`))
    await execute(deleteFrom(comments, sql`${comments.accountId} = ${account.id} AND ${comments.id} = ${comment}`))
    await execute(deleteFrom(tickets, sql`${tickets.accountId} = ${account.id} AND ${tickets.id} = ${id}`))
    await execute(
      insertSelect(ticketCounters, {
        accountId: account.id,
        dimension: 'tag',
        value: 'unused tag',
        status: 'open',
        priority: 'low',
        count: 0,
      }),
    )
    await execute(
      insertSelect(
        backfills,
        { name: sql`key`, position: sql`value` },
        sql`FROM json_each(${JSON.stringify({ erasures: '0', tag_counters: '' })})`,
      ),
    )
    const now = later()
    await sweepBackfills(env, now)
    await sweepErasures(env, now)
    const dump = await dumpDatabase()
    for (const text of ['Deleted before', 'Comment before', 'unused tag'])
      expect(tablesWith(dump, text.toLowerCase()), text).toEqual([])
    for (const text of ['Still there', 'Comment kept', 'kept tag'])
      expect(tablesWith(dump, text.toLowerCase()), text).not.toEqual([])

    await sweepBackfills(env, now + 30 * MINUTE)
    expect(await rows(select({ name: backfills.name }, sql`FROM ${backfills}`))).toEqual([{ name: 'erasures' }])
    await sweepBackfills(env, now + 60 * MINUTE)
    expect(await rows(sql`SELECT * FROM ${backfills}`)).toEqual([])
  })

  it('are found in steps of 1,000 events, of which the next sweep continues after the last', async () => {
    const { id } = await createTicket(account.customer)
    await repeatEvent(id, 1_500)
    await execute(deleteFrom(tickets, sql`${tickets.accountId} = ${account.id} AND ${tickets.id} = ${id}`))
    await execute(insertSelect(backfills, { name: 'erasures', position: '0' }))
    const layer = new FaultLayer()
    const position = sql<number>`(SELECT CAST(${backfills.position} AS INTEGER) FROM ${backfills})`
    // Of the three calls of a step, the third writes.
    const fails = layer.during(
      (index) => (index === 5 ? 'rejects' : null),
      () => sweepBackfills(env, later()),
    )
    await expect(fails).rejects.toThrow()
    expect(
      await row(select({ n: sql<number>`count(*)` }, sql`FROM ${events} WHERE ${events.rowId} <= ${position}`)),
    ).toEqual({ n: 1_000 })
    await sweepBackfills(env, later())
    expect(await row(select({ n: countOf(account, erasures) }, sql``))).toEqual({ n: 1 })
  })
})

/** Copies the rows that the second account does not have. */
async function copyRows(table: SQLiteTable, from: Account, to: Account): Promise<void> {
  const names = (
    await rows<{ name: string }>(
      sql`SELECT name FROM pragma_table_info(${getTableName(table)}) WHERE name NOT IN ('seq', 'search_id')`,
    )
  ).map(({ name }) => name)
  const values = names.map((name) => (name === 'account_id' ? `'${to.id}'` : name)).join(', ')
  await env.DB.prepare(
    `INSERT OR IGNORE INTO ${getTableName(table)} (${names.join(', ')}) SELECT ${values} FROM ${getTableName(table)} WHERE account_id = ?`,
  )
    .bind(from.id)
    .run()
}

async function rowsOf(tables: SQLiteTable[], { id }: Account): Promise<unknown[]> {
  return Promise.all(
    tables.map((table) =>
      rows(sql`SELECT * FROM ${table} WHERE ${sql.raw(getTableColumns(table).accountId?.name ?? '')} = ${id}`),
    ),
  )
}
