import { beforeAll, describe, expect, it } from 'vitest'
import { ticketHistory } from '../../src/db/schema/tickets'
import { sql } from '../../src/db/sql'
import { select } from '../../src/db/statement'
import { type Account, createTestAccount, createTicket } from '../helpers/api'
import { createTestKey } from '../helpers/credentials'
import { rows } from '../helpers/database'
import { upload } from '../helpers/files'
import { detailWith } from '../helpers/messages'
import { callAs, createComment, detailsOf, patchTicket, walk } from '../helpers/tickets'

let account: Account
let foreign: Account

beforeAll(async () => {
  account = await createTestAccount()
  foreign = await createTestAccount()
})

interface Entry {
  id: string
  field: string
  previous: unknown
  current: unknown
}

const path = (id: string) => `tickets/${id}/history`

async function historyOf(id: string): Promise<Entry[]> {
  const { items } = await walk(account.agent, `${path(id)}?per_page=100`)
  return items
}

async function changed(): Promise<string> {
  const { id } = await createTicket(account.customer)
  for (let i = 0; i < 6; i += 1) await patchTicket(account.agent, id, { title: `Title ${i}`, add_tags: [`t${i}`] })
  return id
}

describe('GET /tickets/{id}/history', () => {
  it('tells every change, oldest first: who, when, what it was and is', async () => {
    const { id } = await createTicket(account.customer, { tags: ['a'], custom_fields: { os: 'x', n: 1 } })
    await patchTicket(account.agent, id, { status: 'in_progress', assigned_to: account.agent.id })
    await patchTicket(account.admin, id, { tags: ['b'], custom_fields: { os: null, ok: true } })
    await patchTicket(account.customer, id, { description: 'é😀\n"', title: 'Another' })
    const { data: file } = (await upload(account.customer, id)).body
    const comment = await createComment(account.agent, id)
    await callAs(account.agent, 'DELETE', `tickets/${id}/attachments/${file.id}`)
    await callAs(account.agent, 'DELETE', `tickets/${id}/comments/${comment.id}`)
    const snapshot = { id: file.id, filename: 'a.txt', size: 3, mime_type: 'text/plain' }
    const response = await callAs(account.agent, 'GET', path(id))
    const found = response.body.data.map((entry: Entry & { actor: unknown }) => [
      entry.field,
      entry.previous,
      entry.current,
      entry.actor,
    ])
    const actor = ({ id: each, name, email }: Account['agent']) => ({ id: each, name, email })
    expect(found).toEqual([
      ['status', 'open', 'in_progress', actor(account.agent)],
      ['assigned_to', null, account.agent.id, actor(account.agent)],
      ['tags', ['a'], ['b'], actor(account.admin)],
      ['custom_fields', { os: 'x', n: 1 }, { n: 1, ok: true }, actor(account.admin)],
      ['title', 'A title', 'Another', actor(account.customer)],
      ['description', 'A text', 'é😀\n"', actor(account.customer)],
      ['attachments', null, snapshot, actor(account.customer)],
      ['attachments', snapshot, null, actor(account.agent)],
      ['comments', { id: comment.id }, null, actor(account.agent)],
    ])
    for (const entry of response.body.data) {
      expect(Object.keys(entry)).toEqual(['id', 'created_at', 'actor', 'field', 'previous', 'current'])
      expect(entry.id).toMatch(new RegExp(`^change_[0-9a-z]{26}-${entry.field}$`))
    }
    expect(new Set(response.body.data.map((entry: Entry) => entry.id)).size).toBe(9)
    expect(response.body.pagination).toMatchObject({ next_cursor: null, prev_cursor: null, per_page: 20 })
  })

  it('names an API key as it names people', async () => {
    const { id } = await createTicket(account.customer)
    const key = await createTestKey(account)
    await patchTicket({ ...account.agent, token: key.key }, id, { priority: 'high' })
    const { body } = await callAs(account.admin, 'GET', path(id))
    expect(body.data[0].actor).toEqual({ id: key.id, name: 'A key', email: `${key.id}@keys.invalid` })
  })

  it('is walked by cursor, there and back, while more comes; no cursor holds the number of a row', async () => {
    const id = await changed()
    const complete = await historyOf(id)
    expect(complete).toHaveLength(12)
    const seen: Entry[] = []
    const cursors: string[] = []
    let last = ''
    for (let url = `${path(id)}?per_page=5`; url; ) {
      const { data, pagination } = (await callAs(account.agent, 'GET', url)).body
      seen.push(...data)
      if (seen.length === 5) await patchTicket(account.agent, id, { title: 'Meanwhile' })
      cursors.push(...[pagination.next_cursor, pagination.prev_cursor].filter((cursor) => cursor !== null))
      last = pagination.prev_page_url
      url = pagination.next_page_url
    }
    expect(seen.slice(0, 12)).toEqual(complete)
    expect(seen).toHaveLength(13)
    const back: Entry[] = []
    for (let url = last; url; ) {
      const { data, pagination } = (await callAs(account.agent, 'GET', url)).body
      back.unshift(...data)
      url = pagination.prev_page_url
    }
    expect(back).toEqual(seen.slice(0, 10))
    const numbers = await rows(
      select({ seq: ticketHistory.rowId }, sql`FROM ${ticketHistory} WHERE ${ticketHistory.ticketId} = ${id}`),
    )
    const positions = cursors.flatMap((cursor) => {
      const [, { place }] = JSON.parse(Buffer.from(cursor, 'base64url').toString())
      return Object.values(place)
    })
    for (const { seq } of numbers) expect(positions).not.toContain(seq)
  })

  it('is empty for a ticket that nobody has changed', async () => {
    const { id } = await createTicket(account.customer)
    await patchTicket(account.agent, id, { title: 'A title' })
    await createComment(account.customer, id)
    expect(await historyOf(id)).toEqual([])
  })

  it.each([
    ['page=1', 'page', 'Page is not a known parameter'],
    ['per_page=101', 'per_page', 'per_page must be between 1 and 100'],
    ['cursor=nonsense', 'cursor', 'Cursor is not a complete cursor: send next_cursor of a response'],
    ['field=status', 'field', 'Field is not a known parameter'],
  ])('refuses %s', async (query, field, message) => {
    const { id } = await createTicket(account.customer)
    expect(detailsOf(await callAs(account.agent, 'GET', `${path(id)}?${query}`), 400, 'invalid_input')).toEqual([
      detailWith(field, message),
    ])
  })

  it('does not take the cursor of another ticket', async () => {
    const [one, other] = [await changed(), await changed()]
    const { next_cursor } = (await callAs(account.agent, 'GET', `${path(one)}?per_page=1`)).body.pagination
    detailsOf(await callAs(account.agent, 'GET', `${path(other)}?cursor=${next_cursor}`), 400, 'invalid_input')
    expect((await callAs(account.admin, 'GET', `${path(one)}?cursor=${next_cursor}`)).status).toBe(200)
  })

  it('S07 is 403 for customers, and the same 404 for another account’s as for a random ID', async () => {
    const id = await changed()
    for (const each of [id, 'ticket_none'])
      detailsOf(await callAs(account.customer, 'GET', `${path(each)}?x=1`), 403, 'forbidden')
    for (const by of [foreign.agent, foreign.admin]) {
      const random = await callAs(by, 'GET', path('ticket_01jaaaaaaaaaaaaaaaaaaaaaaa'))
      detailsOf(random, 404, 'not_found')
      const response = await callAs(by, 'GET', path(id))
      expect([response.status, response.text]).toEqual([404, random.text])
    }
  })
})
