import { beforeAll, describe, expect, it } from 'vitest'
import { comments } from '../../src/db/schema/tickets'
import { sql } from '../../src/db/sql'
import { select } from '../../src/db/statement'
import { type Account, createTestAccount, createTicket } from '../helpers/api'
import { rows } from '../helpers/database'
import { nextSecond } from '../helpers/eventually'
import { callAs, createComment, detailsOf, eventsOf } from '../helpers/tickets'

let account: Account

beforeAll(async () => {
  account = await createTestAccount()
})

const file = (filename: string) => ({ filename, content: 'YWJj', mime_type: 'text/plain' })

/** The texts of all responses that a customer can read about a ticket, with the headers that depend on it. */
async function traces(id: string, attachmentId: string): Promise<string[]> {
  const paths = [
    `tickets/${id}`,
    `tickets/${id}/attachments`,
    `tickets/${id}/attachments?cursor=&per_page=2`,
    `attachments/${attachmentId}`,
    'tickets/stats',
    `tickets/${id}/comments`,
    `tickets/${id}/comments?per_page=1&page=1`,
    'tickets',
    'tickets?q=secret',
    'tickets?q=title',
    'tickets?sort=updated_at',
  ]
  const found = []
  for (const path of paths) {
    const { status, text, headers } = await callAs(account.customer, 'GET', path)
    found.push(`${path} ${status} ${text} ${headers.get('ETag')} ${headers.get('Link')}`)
  }
  return found
}

describe('S09 an internal comment', () => {
  it('changes nothing that a customer can read, with attachments or without', { timeout: 20_000 }, async () => {
    const { id, attachments } = await createTicket(account.customer, { attachments: [file('public.txt')] })
    await createComment(account.customer, id, { content: 'Public', attachments: [file('also-public.txt')] })
    const before = await traces(id, attachments[0].id)
    await nextSecond()
    await createComment(account.agent, id, { content: 'secret note', is_internal: true })
    await createComment(account.admin, id, { is_internal: true, attachments: [file('secret.txt')] })
    expect(await traces(id, attachments[0].id)).toEqual(before)
    const after = await callAs(account.customer, 'PATCH', `tickets/${id}`, { title: 'A title' })
    expect(after.body.data.attachments).toHaveLength(2)
    expect(after.text).not.toContain('secret')
  })

  it('is seen by agents and admins in list, counts and attachments', async () => {
    const { id } = await createTicket(account.customer)
    await createComment(account.customer, id, { content: 'Public' })
    const note = await createComment(account.agent, id, {
      content: 'Note',
      is_internal: true,
      attachments: [file('s.txt')],
    })
    expect(note.is_internal).toBe(true)
    for (const by of [account.agent, account.admin]) {
      const listed = await callAs(by, 'GET', `tickets/${id}/comments`)
      expect(listed.body.pagination.total).toBe(2)
      expect(listed.body.data[1]).toEqual({ ...note, attachments: [expect.objectContaining({ filename: 's.txt' })] })
      const got = (await callAs(by, 'GET', `tickets/${id}`)).body.data
      expect(got).toMatchObject({ comment_count: 2, attachment_count: 1, version: 2 })
    }
    const own = await callAs(account.customer, 'GET', `tickets/${id}/comments`)
    expect(own.body.data.map((comment: { content: string }) => comment.content)).toEqual(['Public'])
    expect(own.body.pagination.total).toBe(1)
  })

  it('moves neither version nor updated_at, for agents either', async () => {
    const { id } = await createTicket(account.customer)
    const { version, updated_at } = (await callAs(account.agent, 'GET', `tickets/${id}`)).body.data
    await nextSecond()
    await createComment(account.agent, id, { is_internal: true })
    expect((await callAs(account.agent, 'GET', `tickets/${id}`)).body.data).toMatchObject({ version, updated_at })
  })

  it('can not be written by a customer, who is told so before it learns whether the ticket is there', async () => {
    const { id } = await createTicket(account.customer)
    for (const ticketId of [id, 'ticket_unknown']) {
      const body = { content: 'X', is_internal: true, attachments: [file('a.txt')] }
      const response = await callAs(account.customer, 'POST', `tickets/${ticketId}/comments`, body)
      expect(detailsOf(response, 403, 'forbidden')).toEqual([
        { field: 'is_internal', message: 'is_internal cannot be set by your role', code: 'not_allowed' },
      ])
    }
    const open = await callAs(account.customer, 'POST', `tickets/${id}/comments`, { content: 'X', is_internal: false })
    expect(open.status).toBe(201)
    const stored = await rows(
      select({ is_internal: comments.isInternal }, sql`FROM ${comments} WHERE ${comments.ticketId} = ${id}`),
    )
    expect(stored).toEqual([{ is_internal: 0 }])
    expect((await eventsOf(account.id, id)).filter((event) => event.is_internal === 1)).toEqual([])
  })
})
