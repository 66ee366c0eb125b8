import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { alias } from '../../src/db/alias'
import { accountCounters, accounts as accountsTable, users } from '../../src/db/schema/accounts'
import { tickets } from '../../src/db/schema/tickets'
import { ticketSearch } from '../../src/db/search-table'
import { sql } from '../../src/db/sql'
import { select } from '../../src/db/statement'
import { insertSelect, update } from '../../src/db/write'
import { parseSearch } from '../../src/tickets/search'
import {
  type Account,
  createTestAccount,
  createTestMember,
  createTestToken,
  createTicket,
  type Member,
} from '../helpers/api'
import { execute, prepare, rows } from '../helpers/database'
import { callAs, patchTicket, seedTickets } from '../helpers/tickets'

const t = alias(tickets, 't')
const f = alias(ticketSearch, 'f')

async function search(by: Member, q: string): Promise<string[]> {
  const response = await callAs(by, 'GET', `tickets?q=${encodeURIComponent(q)}&per_page=100`)
  expect(response.status).toBe(200)
  expect(response.body.pagination.total).toBe(response.body.data.length)
  return response.body.data.map((ticket: { id: string }) => ticket.id)
}

describe('the search after changes of a ticket', () => {
  it('C09 finds a new ticket immediately: by get, list and search', { timeout: 20_000 }, async () => {
    const account = await createTestAccount()
    for (let i = 0; i < 20; i += 1) {
      const by = i % 2 === 0 ? account.customer : account.agent
      const { id } = await createTicket(by, { title: `Unique${i}word of all`, description: `Text${i}` })
      expect((await callAs(by, 'GET', `tickets/${id}`)).body.data.title).toBe(`Unique${i}word of all`)
      expect((await callAs(by, 'GET', 'tickets?per_page=1')).body.data[0].id).toBe(id)
      expect(await search(by, `unique${i}word text${i}`)).toEqual([id])
    }
  })

  it('finds an updated ticket by its new content, and not by its old content', async () => {
    const { customer, agent } = await createTestAccount()
    const { id } = await createTicket(customer, { title: 'Alpha one', description: 'Beta two' })
    await patchTicket(customer, id, { title: 'Gamma three' })
    expect(await search(customer, 'alpha')).toEqual([])
    expect(await search(customer, 'gamma two')).toEqual([id])
    await patchTicket(agent, id, { description: 'Delta four' })
    expect(await search(agent, 'beta')).toEqual([])
    expect(await search(agent, 'gamma delta')).toEqual([id])
    await patchTicket(agent, id, { status: 'closed', tags: ['x'] })
    expect(await search(agent, 'gamma delta')).toEqual([id])
  })

  it('C08 does not find a deleted ticket', async () => {
    const { customer, agent } = await createTestAccount()
    const { id } = await createTicket(customer, { title: 'Epsilon five' })
    expect(await search(customer, 'epsilon')).toEqual([id])
    expect((await callAs(agent, 'DELETE', `tickets/${id}`)).status).toBe(204)
    expect(await search(customer, 'epsilon')).toEqual([])
    expect(await search(agent, 'epsilon')).toEqual([])
  })

  it('moves a ticket to the search of its new creator', async () => {
    const { customer, stranger, agent } = await createTestAccount()
    const { id } = await createTicket(customer, { title: 'Zeta six' })
    await patchTicket(agent, id, { created_by: stranger.id })
    expect(await search(customer, 'zeta')).toEqual([])
    expect(await search(stranger, 'zeta')).toEqual([id])
  })

  it('keeps its index consistent', async () => {
    await execute(sql`INSERT INTO ${ticketSearch} (${ticketSearch}, rank) VALUES ('integrity-check', 1)`)
  })
})

describe('S18 accounts and users whose IDs differ only in case or hyphens', () => {
  async function createWithId(id: string): Promise<Account> {
    await env.DB.batch([
      prepare(
        insertSelect(accountsTable, {
          id,
          slug: `slug-${id}`,
          name: 'x',
          plan: 'premium',
          allowRegistration: 0,
          createdAt: 0,
        }),
      ),
      prepare(insertSelect(accountCounters, { accountId: id, ticketNumber: 0, eventSequence: 0 })),
    ])
    const member = (role: 'admin' | 'agent' | 'customer') => createTestMember(id, role)
    return {
      id,
      slug: id,
      admin: await member('admin'),
      agent: await member('agent'),
      customer: await member('customer'),
      stranger: await member('customer'),
    }
  }

  it('are separated in list, total and search', { timeout: 20_000 }, async () => {
    const accounts = []
    for (const id of ['acct_a-b', 'acct_A-B', 'acct_ab', 'acct_a_b', 'acct_a', 'acct_a-b-', 'acct_A-b'])
      accounts.push(await createWithId(id))
    const own = new Map<Account, string>()
    for (const account of accounts) {
      const [ticket] = await seedTickets(account, [{ title: `Shared word ${account.id}` }])
      own.set(account, ticket?.id ?? '')
    }
    for (const account of accounts) {
      for (const by of [account.agent, account.customer]) {
        expect(await search(by, 'shared word')).toEqual([own.get(account)])
        const response = await callAs(by, 'GET', 'tickets')
        expect(response.body.pagination.total).toBe(1)
        expect(response.body.data.map((ticket: { id: string }) => ticket.id)).toEqual([own.get(account)])
      }
      expect(await search(account.stranger, 'shared')).toEqual([])
      // The full-text index distinguishes them, too, before the condition on the account does.
      const found = parseSearch('shared', { accountId: account.id, createdBy: null })
      if (typeof found === 'string') throw new Error('a search')
      expect(
        await rows(
          select(
            { id: t.id },
            sql`FROM ${f} JOIN ${t} ON ${t.searchId} = ${f.rowId} WHERE ${ticketSearch} MATCH ${found.match}`,
          ),
        ),
      ).toEqual([{ id: own.get(account) }])
    }
  })

  it('are separated for two customers of one account', async () => {
    const account = await createTestAccount()
    const [upper, lower] = [account.customer, account.stranger]
    const rename = (from: string, id: string) =>
      prepare(update(users, { id }, sql`${users.accountId} = ${account.id} AND ${users.id} = ${from}`))
    await env.DB.batch([rename(upper.id, 'user_X-y'), rename(lower.id, 'user_x-y')])
    const members = await Promise.all(
      [
        { ...upper, id: 'user_X-y' },
        { ...lower, id: 'user_x-y' },
      ].map(async (member) => ({ ...member, token: await createTestToken(account.id, member.id, 'customer') })),
    )
    const seeded = await seedTickets(
      account,
      members.map((createdBy) => ({ title: 'Same words', createdBy })),
    )
    for (const [index, member] of members.entries())
      expect(await search(member, 'same words')).toEqual([seeded[index]?.id])
  })
})
