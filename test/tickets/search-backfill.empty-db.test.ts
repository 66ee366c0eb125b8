import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { openDirectory } from '../../src/db/client'
import { backfills, users } from '../../src/db/schema/accounts'
import { tickets } from '../../src/db/schema/tickets'
import { sql } from '../../src/db/sql'
import { insertSelect, update } from '../../src/db/write'
import { sweepBackfills } from '../../src/jobs/backfills'
import { indexTickets } from '../../src/tickets/backfill'
import { findUnindexedTickets, indexTicket } from '../../src/tickets/backfill.queries'
import { type Account, createTestAccount, createTestMember, createTicket } from '../helpers/api'
import { sessions } from '../helpers/d1'
import { execute, row, rows } from '../helpers/database'
import { callAs, getOk, patchTicket } from '../helpers/tickets'

const NO_TOKENS = { searchId: null, titleTokens: null, descriptionTokens: null }
const ALL = sql`1`

let account: Account

/** A database as the migration leaves one that has tickets and users. */
beforeEach(async () => {
  await execute(
    insertSelect(backfills, { name: 'search', position: '' }, sql`WHERE 1 ON CONFLICT DO UPDATE SET position = ''`),
  )
  account = await createTestAccount()
})
afterEach(() => {
  vi.restoreAllMocks()
})

async function forget() {
  await execute(update(tickets, NO_TOKENS, ALL))
  await execute(update(users, { foldedName: null, foldedEmail: null }, ALL))
}

async function fill(): Promise<void> {
  for (let sweeps = 0; sweeps < 100; sweeps += 1) {
    if ((await row(sql`SELECT 1 FROM ${backfills} WHERE ${backfills.name} = 'search'`)) === null) return
    await sweepBackfills(env, Date.now())
  }
  throw new Error('the backfill does not end')
}

async function found(list: 'tickets' | 'users', q: string, by = account.admin): Promise<string[]> {
  const response = await getOk(by, `${list}?per_page=100&q=${encodeURIComponent(q)}`)
  expect(response.body.pagination.total).toBe(response.body.data.length)
  return response.body.data.map((each: { id: string }) => each.id)
}

describe('the backfill of the search indexes', () => {
  it('serves searches from the old indexes until it is done, and then from the new ones', async () => {
    const { id } = await createTicket(account.customer, { title: 'Straße to Printer' })
    const user = await createTestMember(account.id, 'customer', { name: 'Özgür Printer' })
    await forget()
    for (const by of [account.agent, account.customer]) {
      expect(await found('tickets', 'printer', by)).toEqual([id])
      expect(await found('tickets', 'strasse', by)).toEqual([])
    }
    expect(await found('tickets', 'printer', account.stranger)).toEqual([])
    expect(await found('users', 'printer')).toEqual([user.id])
    expect(await found('users', 'özgür')).toEqual([])
    await fill()
    for (const by of [account.agent, account.customer]) {
      expect(await found('tickets', 'printer', by)).toEqual([id])
      expect(await found('tickets', 'strasse', by)).toEqual([id])
    }
    expect(await found('tickets', 'printer', account.stranger)).toEqual([])
    expect(await found('users', 'özgür')).toEqual([user.id])
  })

  it('finds what was created, changed and deleted in between', async () => {
    const old = await createTicket(account.customer, { title: 'Alpha' })
    const deleted = await createTicket(account.customer, { title: 'Beta' })
    await forget()
    const added = await createTicket(account.customer, { title: 'Gamma' })
    await patchTicket(account.agent, old.id, { title: 'Delta' })
    await callAs(account.agent, 'DELETE', `tickets/${deleted.id}`)
    const expected = { alpha: [], beta: [], gamma: [added.id], delta: [old.id] }
    for (const [q, ids] of Object.entries(expected)) expect(await found('tickets', q), q).toEqual(ids)
    await fill()
    for (const [q, ids] of Object.entries(expected)) expect(await found('tickets', q), q).toEqual(ids)
  })

  it('does not index a text that has changed since it was read', async () => {
    const { id } = await createTicket(account.customer, { title: 'Stale' })
    await forget()
    const [stale] = await rows(findUnindexedTickets(1))
    if (!stale) throw new Error('no ticket')
    await patchTicket(account.agent, id, { title: 'Fresh' })
    await execute(indexTicket(stale))
    await fill()
    expect(await found('tickets', 'stale')).toEqual([])
    expect(await found('tickets', 'fresh')).toEqual([id])
  })

  it('continues after a failure at any call', async () => {
    const { id } = await createTicket(account.customer, { title: 'Straße' })
    for (let index = 0; index < 450; index += 1)
      await createTestMember(account.id, 'customer', { name: index === 449 ? 'Özgür' : 'Somebody' })
    await forget()
    const batch = sessions.batch
    let calls = 0
    vi.spyOn(sessions, 'batch').mockImplementation(function (this: D1DatabaseSession, statements) {
      calls += 1
      if (calls % 2 === 0) throw new Error('D1_ERROR: lost')
      return batch.call(this, statements) as never
    })
    for (let sweeps = 0; sweeps < 5; sweeps += 1) await sweepBackfills(env, Date.now()).catch(() => {})
    vi.restoreAllMocks()
    await fill()
    expect(await found('tickets', 'strasse')).toEqual([id])
    expect(await found('users', 'özgür')).toHaveLength(1)
    expect(await row(sql`SELECT count(*) AS n FROM ${users} WHERE kind = 'person' AND folded_name IS NULL`)).toEqual({
      n: 0,
    })
  })

  it('indexes tickets that an earlier version of the service inserts afterwards', async () => {
    const { id } = await createTicket(account.customer, { title: 'Straße' })
    await fill()
    await execute(update(tickets, NO_TOKENS, ALL))
    expect(await found('tickets', 'strasse')).toEqual([])
    await indexTickets(openDirectory(env))
    expect(await found('tickets', 'strasse')).toEqual([id])
  })

  it('keeps the entries of a walk that began in the old index', async () => {
    const created = []
    for (let index = 0; index < 5; index += 1)
      created.push((await createTicket(account.customer, { title: 'Walked' })).id)
    await forget()
    const first = await getOk(account.agent, 'tickets?q=walked&per_page=2&cursor=')
    await fill()
    const rest = await getOk(account.agent, `tickets?q=walked&per_page=100&cursor=${first.body.pagination.next_cursor}`)
    const seen = [...first.body.data, ...rest.body.data].map(({ id }: { id: string }) => id)
    expect([...new Set(seen)].sort()).toEqual(created.sort())
  })
})
