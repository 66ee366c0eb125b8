import { env } from 'cloudflare:workers'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { objectIntents } from '../../src/db/schema/tickets'
import { sql } from '../../src/db/sql'
import { select } from '../../src/db/statement'
import { type Account, createTestAccount, createTestMember, createTicket, type Member } from '../helpers/api'
import { createTestKey } from '../helpers/credentials'
import { rows } from '../helpers/database'
import { eventually, nextSecond } from '../helpers/eventually'
import { fetchFile } from '../helpers/files'
import { callAs, createComment, detailsOf, eventsOf, expectNoHoles, historyOf } from '../helpers/tickets'

let account: Account
let foreign: Account
let colleague: Member

beforeAll(async () => {
  account = await createTestAccount()
  foreign = await createTestAccount()
  colleague = await createTestMember(account.id, 'agent')
})
afterEach(() => {
  vi.restoreAllMocks()
})

const file = (filename: string) => ({ filename, content: 'YWJj', mime_type: 'text/plain' })
const path = (ticketId: string, id: string) => `tickets/${ticketId}/comments/${id}`

async function contents(by: Member, id: string): Promise<string[]> {
  const { body } = await callAs(by, 'GET', `tickets/${id}/comments`)
  return body.data.map((comment: { content: string }) => comment.content)
}

describe('DELETE /tickets/{id}/comments/{id}', () => {
  it('takes away the comment, its attachments and their bytes, and no other', async () => {
    const { id } = await createTicket(account.customer, { attachments: [file('of the ticket')] })
    const deleted = await createComment(account.agent, id, { content: 'Gone', attachments: [file('a'), file('b')] })
    const stays = await createComment(account.agent, id, { content: 'Stays', attachments: [file('c')] })
    const urls = deleted.attachments.map(({ url }: { url: string }) => url)
    const response = await callAs(account.agent, 'DELETE', path(id, deleted.id))
    expect([response.status, response.text]).toEqual([204, ''])
    expect(await contents(account.customer, id)).toEqual(['Stays'])
    const ticket = (await callAs(account.customer, 'GET', `tickets/${id}`)).body.data
    expect(ticket).toMatchObject({ version: 4, comment_count: 1, attachment_count: 2 })
    expect(ticket.comments).toEqual([expect.objectContaining({ id: stays.id })])
    for (const url of urls) expect((await fetchFile(url)).status).toBe(404)
    expect((await fetchFile(stays.attachments[0].url)).status).toBe(200)
    for (const { id: each } of deleted.attachments)
      await eventually(async () => expect(await env.FILES.head(`${account.id}/${each}`)).toBeNull())
    expect(
      await rows(
        select({ id: objectIntents.id }, sql`FROM ${objectIntents} WHERE ${objectIntents.accountId} = ${account.id}`),
      ),
    ).toEqual([])
  })

  it('is for admins of every comment, for agents and keys of their own', async () => {
    const { id } = await createTicket(account.customer)
    const agentKey = { ...account.agent, token: (await createTestKey(account)).key }
    const adminKey = { ...account.admin, token: (await createTestKey(account, { role: 'admin' })).key }
    const by = { customer: account.customer, agent: account.agent, colleague, agentKey }
    const made = Object.entries(by).map(async ([name, caller]) => [name, (await createComment(caller, id)).id] as const)
    const comments = Object.fromEntries(await Promise.all(made))
    const rejected: [Member, string][] = [
      [account.agent, 'customer'],
      [account.agent, 'colleague'],
      [account.agent, 'agentKey'],
      [colleague, 'agent'],
      [agentKey, 'agent'],
      [agentKey, 'customer'],
    ]
    for (const [caller, whose] of rejected) {
      const response = await callAs(caller, 'DELETE', path(id, comments[whose] ?? ''))
      expect(detailsOf(response, 403, 'forbidden')).toEqual([])
    }
    expect(await contents(account.agent, id)).toHaveLength(4)
    expect(await historyOf(account.id, id)).toEqual([])
    for (const [caller, whose] of [
      [account.agent, 'agent'],
      [agentKey, 'agentKey'],
      [account.admin, 'customer'],
      [adminKey, 'colleague'],
    ] as const)
      expect((await callAs(caller, 'DELETE', path(id, comments[whose] ?? ''))).status, whose).toBe(204)
    expect(await contents(account.agent, id)).toEqual([])
  })

  it('is 403 for customers, of their own comments too and before anything is looked up', async () => {
    const { id } = await createTicket(account.customer)
    const own = await createComment(account.customer, id)
    for (const target of [path(id, own.id), path(id, 'comment_none'), `${path('ticket_none', 'x')}?x=1`])
      detailsOf(await callAs(account.customer, 'DELETE', target), 403, 'forbidden')
    expect(await contents(account.customer, id)).toHaveLength(1)
  })

  it('is one line of history and one ticket.updated, with the comment’s ID and nothing of its text', async () => {
    const { id } = await createTicket(account.customer)
    const comment = await createComment(account.customer, id, { content: 'Regretted', attachments: [file('a')] })
    await callAs(account.admin, 'DELETE', path(id, comment.id))
    expect(await historyOf(account.id, id)).toEqual([
      {
        change_id: expect.any(String),
        actor_id: account.admin.id,
        field: 'comments',
        previous: { id: comment.id },
        current: null,
      },
    ])
    const [, , event, ...more] = await eventsOf(account.id, id)
    expect(more).toEqual([])
    expect(event).toMatchObject({
      type: 'ticket.updated',
      is_internal: 0,
      data: { ticket: { version: 3 }, changes: { comments: { previous: { id: comment.id }, current: null } } },
    })
    expect(JSON.stringify(event)).not.toContain('Regretted')
    await expectNoHoles(account.id)
  })

  it('S09 of an internal one moves nothing that a customer sees, and its event is internal', async () => {
    const { id } = await createTicket(account.customer)
    await createComment(account.customer, id)
    const note = await createComment(account.agent, id, { is_internal: true, attachments: [file('secret')] })
    const seen = async () => {
      const paths = [`tickets/${id}`, `tickets/${id}/comments`, `tickets/${id}/attachments`, 'tickets']
      return Promise.all(paths.map(async (each) => (await callAs(account.customer, 'GET', each)).text))
    }
    const before = await seen()
    await nextSecond()
    expect((await callAs(account.agent, 'DELETE', path(id, note.id))).status).toBe(204)
    expect(await seen()).toEqual(before)
    expect((await eventsOf(account.id, id)).at(-1)).toMatchObject({ type: 'ticket.updated', is_internal: 1 })
  })

  it('S07 is the same 404 for what is not there, elsewhere, or another account’s', async () => {
    const { id } = await createTicket(account.customer)
    const other = await createTicket(account.customer)
    const comment = await createComment(account.agent, id)
    const random = await callAs(account.agent, 'DELETE', path(id, 'comment_01jaaaaaaaaaaaaaaaaaaaaaaa'))
    detailsOf(random, 404, 'not_found')
    const attempts: [Member, string][] = [
      [account.agent, path(other.id, comment.id)],
      [account.admin, path('ticket_none', comment.id)],
      [foreign.admin, path(id, comment.id)],
      [foreign.agent, path(id, comment.id)],
    ]
    for (const [by, target] of attempts) {
      const response = await callAs(by, 'DELETE', target)
      expect([response.status, response.text]).toEqual([404, random.text])
    }
    expect((await callAs(account.agent, 'DELETE', path(id, comment.id))).status).toBe(204)
    expect((await callAs(account.agent, 'DELETE', path(id, comment.id))).status).toBe(404)
  })

  it('happens once, however many ask at once', async () => {
    const { id } = await createTicket(account.customer)
    const comment = await createComment(account.agent, id, { attachments: [file('a')] })
    const responses = await Promise.all(
      Array.from({ length: 10 }, () => callAs(account.admin, 'DELETE', path(id, comment.id))),
    )
    expect(responses.filter(({ status }) => status === 204)).toHaveLength(1)
    expect((await callAs(account.agent, 'GET', `tickets/${id}`)).body.data).toMatchObject({
      version: 3,
      comment_count: 0,
    })
    await expectNoHoles(account.id)
  })

  it('leaves a list that is being walked where it was', async () => {
    const { id } = await createTicket(account.customer)
    await Promise.all(['1', '2', '3', '4', '5'].map((content) => createComment(account.agent, id, { content })))
    const all = await contents(account.agent, id)
    const seen: string[] = []
    for (let url = `tickets/${id}/comments?cursor=&per_page=2`; url; ) {
      const { data, pagination } = (await callAs(account.admin, 'GET', url)).body
      for (const comment of data) {
        seen.push(comment.content)
        await callAs(account.admin, 'DELETE', path(id, comment.id))
      }
      url = pagination.next_page_url
    }
    expect(seen).toEqual(all)
  })
})
