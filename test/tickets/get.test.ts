import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { attachments, comments, tickets } from '../../src/db/schema/tickets'
import { sql } from '../../src/db/sql'
import { insertSelect, update } from '../../src/db/write'
import { type Account, call, createTestAccount, createTicket } from '../helpers/api'
import { execute, prepare } from '../helpers/database'
import { callAs, createComment, detailsOf, patchTicket } from '../helpers/tickets'

let account: Account
let foreign: Account

beforeAll(async () => {
  account = await createTestAccount()
  foreign = await createTestAccount()
})

const file = (filename: string) => ({ filename, content: 'YQ==', mime_type: 'text/plain' })

/** Every tenth comment is internal. */
async function seedComments(ticketId: string, count: number): Promise<void> {
  await env.DB.batch(
    Array.from({ length: count }, (_, i) =>
      prepare(
        insertSelect(comments, {
          accountId: account.id,
          id: `c${i}_${ticketId}`,
          ticketId,
          createdBy: account.agent.id,
          content: `Comment ${i}`,
          isInternal: i % 10 === 0 ? 1 : 0,
          createdAt: i,
        }),
      ),
    ),
  )
}

const contents = (found: { content: string }[]) => found.map((comment) => comment.content)
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)

async function replaceTicketId(from: string, to: string): Promise<void> {
  await execute(update(tickets, { id: to }, sql`${tickets.accountId} = ${foreign.id} AND ${tickets.id} = ${from}`))
}

describe('GET /tickets/{id}', () => {
  it('holds the latest 100 of 115 comments, oldest first, and the count of all', async () => {
    const { id } = await createTicket(account.customer)
    await seedComments(id, 115)
    const staff = (await callAs(account.agent, 'GET', `tickets/${id}`)).body.data
    expect(contents(staff.comments)).toEqual(numbers(15, 115).map((i) => `Comment ${i}`))
    expect(staff.comment_count).toBe(115)
    const customer = (await callAs(account.customer, 'GET', `tickets/${id}`)).body.data
    const visible = numbers(0, 115).filter((i) => i % 10 !== 0)
    expect(contents(customer.comments)).toEqual(visible.slice(-100).map((i) => `Comment ${i}`))
    expect(customer.comment_count).toBe(visible.length)
    expect(customer.comments.every((comment: { is_internal: boolean }) => !comment.is_internal)).toBe(true)
  })

  it('holds the attachments of the ticket and of its comments, oldest first, and their count', async () => {
    const { id } = await createTicket(account.customer, { attachments: [file('a.txt'), file('b.txt')] })
    await createComment(account.agent, id, { attachments: [file('c.txt')] })
    await createComment(account.agent, id, { is_internal: true, attachments: [file('secret.txt')] })
    const names = async (by: typeof account.agent) => {
      const { attachments, attachment_count } = (await callAs(by, 'GET', `tickets/${id}`)).body.data
      expect(attachments).toHaveLength(attachment_count)
      return attachments.map((attachment: { filename: string }) => attachment.filename)
    }
    expect(await names(account.agent)).toEqual(['a.txt', 'b.txt', 'c.txt', 'secret.txt'])
    expect(await names(account.customer)).toEqual(['a.txt', 'b.txt', 'c.txt'])
  })

  it('holds the latest 100 of 103 attachments', async () => {
    const { id } = await createTicket(account.agent)
    await env.DB.batch(
      numbers(0, 103).map((i) =>
        prepare(
          insertSelect(attachments, {
            accountId: account.id,
            id: `f${i}_${id}`,
            ticketId: id,
            isInternal: 0,
            filename: `${i}.txt`,
            size: 1,
            mimeType: 'text/plain',
            sha256: '0'.repeat(64),
            createdAt: i,
          }),
        ),
      ),
    )
    const got = (await callAs(account.agent, 'GET', `tickets/${id}`)).body.data
    expect(got.attachment_count).toBe(103)
    expect(got.attachments.map((attachment: { filename: string }) => attachment.filename)).toEqual(
      numbers(3, 103).map((i) => `${i}.txt`),
    )
  })

  it('answers the same under both prefixes', async () => {
    const { id } = await createTicket(account.agent)
    const [one, other] = [
      await callAs(account.agent, 'GET', `/api/v1/tickets/${id}`),
      await callAs(account.agent, 'GET', `/ticketing/v1/tickets/${id}`),
    ]
    expect(one.status).toBe(200)
    expect(other.text).toBe(one.text)
  })

  it('has no parameters', async () => {
    const { id } = await createTicket(account.agent)
    const response = await callAs(account.agent, 'GET', `tickets/${id}?fields=title`)
    expect(detailsOf(response, 400, 'invalid_input')).toEqual([
      { field: 'fields', message: 'Fields is not a known parameter', code: 'unknown_parameter' },
    ])
  })
})

describe('S07 GET /tickets/{id} of a ticket that is not to be seen', () => {
  it('is the same 404 for another account, another customer and a random ID', async () => {
    const { id } = await createTicket(account.customer, { title: 'Secret' })
    const bodies = new Set<string>()
    for (const by of [account.stranger, foreign.admin, foreign.agent, foreign.customer])
      for (const path of [id, 'ticket_01jaaaaaaaaaaaaaaaaaaaaaaa', 'x', "x'--", 'é', 'x'.repeat(300)]) {
        const response = await callAs(by, 'GET', `tickets/${encodeURIComponent(path)}`)
        detailsOf(response, 404, 'not_found')
        bodies.add(response.text)
      }
    expect(bodies.size).toBe(1)
  })

  it('is seen by its creator and by all agents and admins', async () => {
    const { id } = await createTicket(account.customer)
    for (const by of [account.customer, account.agent, account.admin])
      expect((await callAs(by, 'GET', `tickets/${id}`)).status).toBe(200)
  })

  it('is 401 without a credential, there or not', async () => {
    const { id } = await createTicket(account.customer)
    for (const path of [id, 'ticket_unknown']) {
      const response = await call('GET', `tickets/${path}`, { address: '192.0.2.78' })
      detailsOf(response, 401, 'unauthorized')
    }
  })

  it('S08 keeps the same ID in two accounts apart', async () => {
    const mine = await createTicket(account.agent, { title: 'Of one' })
    const theirs = await createTicket(foreign.agent, { title: 'Of other' })
    await replaceTicketId(theirs.id, mine.id)
    await createComment(account.agent, mine.id, { content: 'Only here', attachments: [file('here.txt')] })
    const one = (await callAs(account.agent, 'GET', `tickets/${mine.id}`)).body.data
    const other = (await callAs(foreign.agent, 'GET', `tickets/${mine.id}`)).body.data
    expect(one).toMatchObject({ title: 'Of one', comment_count: 1, attachment_count: 1, version: 2 })
    expect(other).toMatchObject({ title: 'Of other', comments: [], comment_count: 0, attachments: [], version: 1 })
    expect((await callAs(foreign.agent, 'GET', `tickets/${mine.id}/comments`)).body.pagination.total).toBe(0)
    expect((await callAs(foreign.agent, 'DELETE', `tickets/${mine.id}`)).status).toBe(204)
    const after = (await callAs(account.agent, 'GET', `tickets/${mine.id}`)).body.data
    expect(after).toMatchObject({ comment_count: 1, attachment_count: 1 })
    expect(contents(after.comments)).toEqual(['Only here'])
  })

  it('S08 takes no cursor of the same ID in another account', async () => {
    const mine = await createTicket(account.agent, { attachments: [file('a.txt'), file('b.txt')] })
    const theirs = await createTicket(foreign.agent)
    await replaceTicketId(theirs.id, mine.id)
    for (const content of ['one', 'two']) await createComment(account.agent, mine.id, { content })
    for (const priority of ['high', 'low']) await patchTicket(account.agent, mine.id, { priority })
    for (const part of ['comments', 'attachments', 'history']) {
      const path = `tickets/${mine.id}/${part}`
      const cursor = (await callAs(account.agent, 'GET', `${path}?cursor=&per_page=1`)).body.pagination.next_cursor
      expect(cursor, part).toEqual(expect.any(String))
      const response = await callAs(foreign.agent, 'GET', `${path}?cursor=${cursor}`)
      expect(detailsOf(response, 400, 'invalid_input')[0]?.field, part).toBe('cursor')
    }
  })
})
