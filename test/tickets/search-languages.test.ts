import { beforeAll, describe, expect, it } from 'vitest'
import { tickets } from '../../src/db/schema/tickets'
import { sql } from '../../src/db/sql'
import { update } from '../../src/db/write'
import { type Account, call, createTestAccount } from '../helpers/api'
import { execute } from '../helpers/database'
import { SEARCH_PAIRS } from '../helpers/search-pairs'
import { callAs, getOk, patchTicket, seedTickets } from '../helpers/tickets'

const texts = [...new Set(SEARCH_PAIRS.map(([, text]) => text))]

let account: Account
let ticketOf: Map<string, string>
let userOf: Map<string, string>

beforeAll(async () => {
  account = await createTestAccount()
  const seeded = await seedTickets(
    account,
    texts.map((title) => ({ title })),
  )
  ticketOf = new Map(seeded.map(({ id, title }) => [title, id]))
  userOf = new Map()
  for (const [index, name] of texts.entries()) {
    const body = { name, email: `speaker-${index}@${account.slug}.example` }
    const created = await call('POST', 'users', { token: account.admin.token, body })
    expect(created.status, created.text).toBe(201)
    userOf.set(name, created.body.data.id)
  }
})

async function found(list: 'tickets' | 'users', q: string): Promise<string[]> {
  const response = await getOk(account.admin, `${list}?per_page=100&q=${encodeURIComponent(q)}`)
  return response.body.data.map(({ id }: { id: string }) => id)
}

describe('q in the languages of the world', () => {
  it.each(SEARCH_PAIRS)('%s: among tickets, "%s" for "%s": %s', async (_language, text, q, expected) => {
    expect((await found('tickets', q)).includes(ticketOf.get(text) ?? '')).toBe(expected)
  })

  it.each(SEARCH_PAIRS)('%s: among users, "%s" for "%s": %s', async (_language, text, q, expected) => {
    // A word of a user's name is found anywhere in it.
    const isPart = text.includes(q)
    expect((await found('users', q)).includes(userOf.get(text) ?? '')).toBe(expected || isPart)
  })

  it.each(texts)('finds the ticket "%s" by its title', async (title) => {
    expect(await found('tickets', title.slice(0, 200))).toContain(ticketOf.get(title))
  })
})

describe('a symbol', () => {
  it.each(['🖨', '€', '→', '👍🏽'])('%s is no longer found after it was removed from the ticket', async (symbol) => {
    const [ticket] = await seedTickets(account, [{ title: `Removable ${symbol}` }])
    const id = ticket?.id ?? ''
    expect(await found('tickets', `removable ${symbol}`)).toContain(id)
    await patchTicket(account.agent, id, { title: 'Removable' })
    expect(await found('tickets', `removable ${symbol}`)).not.toContain(id)
    expect(await found('tickets', 'removable')).toContain(id)
  })
})

describe('a search by age', () => {
  it('is in the order of creation if older tickets are inserted later', async () => {
    const own = await createTestAccount()
    const now = Date.now()
    const years = [3, 1, 2, 5, 4].map((year) => now - year * 31_536_000_000)
    for (const createdAt of years) await seedTickets(own, [{ title: 'Dated', createdAt }])
    const order = async (more: string) => {
      const ids: string[] = []
      let path: string | null = `tickets?q=dated&per_page=2${more}`
      while (path !== null) {
        const response = await callAs(own.agent, 'GET', path)
        ids.push(...response.body.data.map(({ created_at }: { created_at: string }) => created_at))
        path = response.body.pagination.next_page_url?.replace('/api/v1/', '') ?? null
      }
      return ids
    }
    const sorted = years.toSorted((a, b) => b - a).map((at) => `${new Date(at).toISOString().slice(0, 19)}Z`)
    for (const pages of ['', '&cursor=']) {
      expect(await order(pages)).toEqual(sorted)
      expect(await order(`&order=asc${pages}`)).toEqual(sorted.toReversed())
    }
  })
})

it('a ticket without tokens is not in the index and breaks nothing', async () => {
  const [ticket] = await seedTickets(account, [{ title: 'Untokenized' }])
  const none = { searchId: null, titleTokens: null, descriptionTokens: null }
  const itself = sql`${tickets.accountId} = ${account.id} AND ${tickets.id} = ${ticket?.id}`
  await execute(update(tickets, none, itself))
  const search = await getOk(account.admin, 'tickets?q=untokenized')
  expect([search.body.data, search.body.pagination.total]).toEqual([[], 0])
  await patchTicket(account.agent, ticket?.id ?? '', { title: 'Still untokenized' })
  expect((await callAs(account.agent, 'DELETE', `tickets/${ticket?.id}`)).status).toBe(204)
})
