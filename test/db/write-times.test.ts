import type { Column } from 'drizzle-orm'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { users as usersTable } from '../../src/db/schema/accounts'
import { attachments, comments, ticketHistory, tickets as ticketsTable } from '../../src/db/schema/tickets'
import { events as eventsTable } from '../../src/db/schema/webhooks'
import { type SQL, sql } from '../../src/db/sql'
import { select } from '../../src/db/statement'
import { type Account, createTestAccount, createTicket } from '../helpers/api'
import { stopClock } from '../helpers/credentials'
import { rows } from '../helpers/database'
import { type HeldRequest, holdRequest } from '../helpers/held-request'
import { type SampleRequest, send } from '../helpers/sample-requests'
import { callAs, createComment } from '../helpers/tickets'
import { createTestWebhook, silenceQueue, silenceSweeper } from '../helpers/webhooks'

const FILE = { filename: 'a.txt', content: 'YWJj', mime_type: 'text/plain' }

let account: Account
let start: number

beforeEach(async () => {
  stopClock()
  start = Date.now()
  silenceQueue()
  silenceSweeper()
  account = await createTestAccount()
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

type Write = (ticketId: string) => Omit<SampleRequest, 'caller'> | Promise<Omit<SampleRequest, 'caller'>>

const WRITES: Record<string, Write> = {
  create: () => ({
    method: 'POST',
    path: 'tickets',
    body: { title: 'T', description: 'D', attachments: [FILE, FILE] },
  }),
  update: (id) => ({ method: 'PATCH', path: `tickets/${id}`, body: { title: crypto.randomUUID(), status: 'open' } }),
  'change the status': (id) => ({ method: 'PATCH', path: `tickets/${id}`, body: { status: 'resolved' } }),
  comment: (id) => ({
    method: 'POST',
    path: `tickets/${id}/comments`,
    body: { content: 'C', attachments: [FILE, FILE] },
  }),
  'comment internally': (id) => ({
    method: 'POST',
    path: `tickets/${id}/comments`,
    body: { content: 'C', is_internal: true },
  }),
  upload: (id) => ({
    method: 'POST',
    path: `tickets/${id}/attachments?filename=a.txt`,
    body: 'abc',
    headers: { 'Content-Type': 'text/plain' },
  }),
  'delete a comment': async (id) => {
    const comment = await createComment(account.admin, id)
    return { method: 'DELETE', path: `tickets/${id}/comments/${comment.id}` }
  },
  'delete a ticket': async () => ({ method: 'DELETE', path: `tickets/${(await createTicket(account.admin)).id}` }),
  'test a webhook': async () => ({ method: 'POST', path: `webhooks/${(await createTestWebhook(account)).id}/test` }),
  'add a user': () => ({
    method: 'POST',
    path: 'users',
    body: { name: 'U', email: `${crypto.randomUUID()}@example.com` },
  }),
}

async function requestOf(kind: string, ticketId: string): Promise<SampleRequest> {
  const write = WRITES[kind]
  if (!write) throw new Error(`no write ${kind}`)
  return { caller: account.admin, ...(await write(ticketId)) }
}

/** Selects a name and a time of each row of the account. */
function named(name: SQL, at: Column, table: SQLiteTable & { accountId: Column }): SQL {
  return select({ name, at }, sql`FROM ${table} WHERE ${table.accountId} = ${account.id}`).query
}

async function times(): Promise<Map<string, number>> {
  const found = await rows<{ name: string; at: number }>(
    sql.join(
      [
        named(
          sql`'ticket ' || ${ticketsTable.id} || ' v' || ${ticketsTable.version}`,
          ticketsTable.updatedAt,
          ticketsTable,
        ),
        named(sql`'comment ' || ${comments.id}`, comments.createdAt, comments),
        named(sql`'attachment ' || ${attachments.id}`, attachments.createdAt, attachments),
        named(sql`'event ' || ${eventsTable.id}`, eventsTable.createdAt, eventsTable),
        named(sql`'history ' || ${ticketHistory.rowId}`, ticketHistory.createdAt, ticketHistory),
      ],
      sql` UNION ALL `,
    ),
  )
  const users = await rows(
    select(
      { name: sql<string>`'user ' || ${usersTable.id}`, at: usersTable.createdAt },
      sql`FROM ${usersTable} WHERE ${usersTable.accountId} = ${account.id} AND ${usersTable.name} = 'U'`,
    ),
  )
  return new Map([...found, ...users].map(({ name, at }) => [name, at]))
}

describe('the times of writes', () => {
  it('rise in the order of commits, whatever the clocks say and however long requests take', async () => {
    const ticketIds = [(await createTicket(account.admin)).id, (await createTicket(account.admin)).id]
    const write = fc.record({
      kind: fc.constantFrom(...Object.keys(WRITES)),
      ticket: fc.nat(1),
      clock: fc.integer({ min: -3_000, max: 3_000 }),
      isPending: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(write, { minLength: 3, maxLength: 8 }), async (writes) => {
        const held: HeldRequest[] = []
        const commits: (() => Promise<{ status: number }>)[] = []
        for (const { kind, ticket, clock, isPending } of writes) {
          const request = await requestOf(kind, ticketIds[ticket] ?? '')
          vi.setSystemTime(start + clock)
          if (isPending) held.push(await holdRequest(request, account.admin.token))
          else
            commits.push(() => {
              vi.setSystemTime(start + clock)
              return send(request)
            })
        }
        for (const commit of [...commits, ...held.map((each) => () => each.finish())]) {
          const before = await times()
          const latest = Math.max(0, ...before.values())
          expect((await commit()).status).toBeLessThan(300)
          for (const [name, at] of await times()) if (!before.has(name)) expect(at, name).toBeGreaterThan(latest)
        }
      }),
      { numRuns: 12, seed: 8 },
    )
  })

  it('of one write are the same for the ticket, its history and its events', async () => {
    const { id } = await createTicket(account.admin)
    vi.setSystemTime(start - 10_000)
    await callAs(account.admin, 'PATCH', `tickets/${id}`, { status: 'resolved', title: 'Other' })
    const found = await rows<{ at: number }>(
      sql`SELECT ${ticketsTable.updatedAt} AS at FROM ${ticketsTable}
        WHERE ${ticketsTable.accountId} = ${account.id} AND ${ticketsTable.id} = ${id}
      UNION SELECT ${ticketHistory.createdAt} FROM ${ticketHistory} WHERE ${ticketHistory.accountId} = ${account.id}
      UNION SELECT ${eventsTable.createdAt} FROM ${eventsTable}
        WHERE ${eventsTable.accountId} = ${account.id} AND ${eventsTable.type} <> 'ticket.created'`,
    )
    expect(found).toHaveLength(1)
  })

  it('are those of the clock, if no earlier write has them, with a millisecond more for each further file', async () => {
    const { id } = await createTicket(account.admin)
    const kinds: [kind: string, files: number[]][] = [
      ['update', []],
      ['create', [0, 1]],
      ['comment', [0, 1]],
      ['upload', [0]],
    ]
    for (const [index, [kind, files]] of kinds.entries()) {
      const request = await requestOf(kind, id)
      const now = start + (index + 1) * 10_000
      vi.setSystemTime(now)
      const before = await times()
      expect((await send(request)).status).toBeLessThan(300)
      const added = [...(await times())].filter(([name]) => !before.has(name))
      const [ofFiles = [], others = []] = [true, false].map((isFile) =>
        added.filter(([name]) => name.startsWith('attachment ') === isFile).map(([, at]) => at - now),
      )
      expect(ofFiles.toSorted(), kind).toEqual(files)
      expect(new Set(others), kind).toEqual(new Set([files.at(-1) ?? 0]))
    }
  })

  it.each(['update', 'comment internally', 'upload'])('are those of when the body has arrived: %s', async (kind) => {
    const { id } = await createTicket(account.admin)
    const held = await holdRequest(await requestOf(kind, id), account.admin.token)
    const before = await times()
    vi.setSystemTime(start + 10_000)
    expect((await held.finish()).status).toBeLessThan(300)
    const added = [...(await times())].filter(([name]) => !before.has(name)).map(([, at]) => at - start)
    expect(new Set(added)).toEqual(new Set([10_000]))
  })

  it('let a client that syncs by updated_at see a slow write', async () => {
    const [slow, fast] = [await createTicket(account.agent), await createTicket(account.agent)]
    const held = await holdRequest(
      { caller: null, method: 'PATCH', path: `tickets/${slow.id}`, body: { title: 'Slow' } },
      account.agent.token,
    )
    vi.setSystemTime(start + 4_000)
    const changed = await callAs(account.agent, 'PATCH', `tickets/${fast.id}`, { title: 'Fast' })
    const since = changed.body.data.updated_at
    vi.setSystemTime(start + 8_000)
    expect((await held.finish()).status).toBe(200)
    const list = await callAs(account.agent, 'GET', `tickets?sort=updated_at&order=asc&updated_after=${since}`)
    expect(list.body.data.map(({ title }: { title: string }) => title)).toEqual(['Fast', 'Slow'])
    const events = await callAs(account.agent, 'GET', 'events?event=ticket.updated')
    const stamps = events.body.data.map(({ timestamp }: { timestamp: string }) => timestamp)
    expect(stamps).toEqual(stamps.toSorted())
  })

  it('let a walk that is resumed from its last position see the last version of every ticket', async () => {
    const tickets = [
      await createTicket(account.agent),
      await createTicket(account.agent),
      await createTicket(account.agent),
    ]
    const seen = new Map<string, number>()
    let position = { at: 0, number: 0 }
    const sync = async () => {
      const next = await rows(
        select(
          {
            id: ticketsTable.id,
            version: ticketsTable.version,
            updated_at: ticketsTable.updatedAt,
            number: ticketsTable.number,
          },
          sql`FROM ${ticketsTable} WHERE ${ticketsTable.accountId} = ${account.id}
            AND (${ticketsTable.updatedAt}, ${ticketsTable.number}) > (${position.at}, ${position.number})
          ORDER BY ${ticketsTable.updatedAt}, ${ticketsTable.number}`,
        ),
      )
      for (const { id, version, updated_at: at, number } of next) {
        seen.set(id, version)
        position = { at, number }
      }
    }
    for (const clock of [0, 0, -5_000, 0, 3_000, 1, -1, 0]) {
      vi.setSystemTime(start + clock)
      for (const { id } of tickets.toReversed()) {
        await callAs(account.agent, 'PATCH', `tickets/${id}`, { title: crypto.randomUUID() })
        await sync()
      }
    }
    const stored = await rows(
      select(
        { id: ticketsTable.id, version: ticketsTable.version },
        sql`FROM ${ticketsTable} WHERE ${ticketsTable.accountId} = ${account.id}`,
      ),
    )
    expect([...seen].toSorted()).toEqual(stored.map(({ id, version }) => [id, version]).toSorted())
  })
})
