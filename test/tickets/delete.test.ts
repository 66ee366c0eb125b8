import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  attachments,
  comments,
  objectIntents,
  ticketCounters,
  ticketHistory,
  ticketTags,
} from '../../src/db/schema/tickets'
import { sql } from '../../src/db/sql'
import { select } from '../../src/db/statement'
import { createTestAccount, createTicket } from '../helpers/api'
import { row, rows } from '../helpers/database'
import { eventually } from '../helpers/eventually'
import { callAs, createComment, detailsOf, eventsOf, expectNoHoles, patchTicket } from '../helpers/tickets'

const file = (filename: string) => ({ filename, content: 'YQ==', mime_type: 'text/plain' })

afterEach(() => {
  vi.restoreAllMocks()
})

describe('DELETE /tickets/{id}', () => {
  it('C08 returns an empty 204, then a 404 for the ticket and its children', async () => {
    const { agent, admin, customer } = await createTestAccount()
    const { id } = await createTicket(customer)
    await createComment(customer, id)
    const response = await callAs(agent, 'DELETE', `tickets/${id}`)
    expect([response.status, response.text]).toEqual([204, ''])
    for (const by of [agent, admin, customer]) {
      const random = await callAs(by, 'GET', 'tickets/ticket_01jaaaaaaaaaaaaaaaaaaaaaaa')
      const responses = [
        await callAs(by, 'GET', `tickets/${id}`),
        await callAs(by, 'PATCH', `tickets/${id}`, { title: 'X' }),
        await callAs(by, 'GET', `tickets/${id}/comments`),
        await callAs(by, 'POST', `tickets/${id}/comments`, { content: 'X' }),
        await callAs(by, 'POST', `tickets/${id}/comments`, { content: 'X', attachments: [file('late.txt')] }),
      ]
      for (const found of responses) expect([found.status, found.text]).toEqual([404, random.text])
    }
    detailsOf(await callAs(agent, 'DELETE', `tickets/${id}`), 404, 'not_found')
  })

  it('C08 lowers lists, totals and counters, and does not reuse the number', async () => {
    const { id: accountId, agent, customer } = await createTestAccount()
    const first = await createTicket(customer, { tags: ['a'], assigned_to: undefined })
    const second = await createTicket(customer, { title: 'Searched word', tags: ['a'], priority: 'high' })
    await patchTicket(agent, second.id, { assigned_to: agent.id, status: 'resolved' })
    await callAs(agent, 'DELETE', `tickets/${second.id}`)
    const queries = ['', 'tag=a', 'status=open', 'priority=medium', 'assigned_to=none', `created_by=${customer.id}`]
    for (const query of queries) {
      const { data, pagination } = (await callAs(agent, 'GET', `tickets?${query}`)).body
      expect([query, pagination.total, data.map((ticket: { id: string }) => ticket.id)]).toEqual([query, 1, [first.id]])
    }
    for (const query of ['status=resolved', 'priority=high', 'assigned_to=me', 'number=2', 'q=searched'])
      expect((await callAs(agent, 'GET', `tickets?${query}`)).body, query).toMatchObject({
        data: [],
        pagination: { total: 0 },
      })
    expect((await callAs(customer, 'GET', 'tickets')).body.pagination.total).toBe(1)
    expect((await createTicket(customer)).number).toBe(3)
    const negative = await rows(
      sql`SELECT * FROM ${ticketCounters} WHERE ${ticketCounters.accountId} = ${accountId} AND ${ticketCounters.count} < 0`,
    )
    expect(negative).toEqual([])
  })

  it('deletes every row of the ticket, keeps its events, and adds one', async () => {
    const { id: accountId, agent, customer } = await createTestAccount()
    const { id, number } = await createTicket(customer, { tags: ['a'], attachments: [file('a.txt')] })
    await createComment(agent, id, { is_internal: true, attachments: [file('b.txt')] })
    await patchTicket(agent, id, { title: 'Last title' })
    await callAs(agent, 'DELETE', `tickets/${id}`)
    for (const table of [comments, attachments, ticketHistory])
      expect(
        await rows(sql`SELECT * FROM ${table} WHERE ${table.accountId} = ${accountId} AND ${table.ticketId} = ${id}`),
      ).toEqual([])
    expect(await rows(sql`SELECT * FROM ${ticketTags} WHERE ${ticketTags.accountId} = ${accountId}`)).toEqual([])
    const events = await eventsOf(accountId, id)
    expect(events.map((event) => event.type)).toEqual([
      'ticket.created',
      'comment.created',
      'ticket.updated',
      'ticket.deleted',
    ])
    expect(events.at(-1)?.data).toEqual({
      ticket: { id, number, title: '' },
      redacted: true,
      actor: { id: agent.id, name: agent.name, email: agent.email },
    })
    await expectNoHoles(accountId)
  })

  it('records the objects to delete, and then deletes them', async () => {
    const { id: accountId, agent } = await createTestAccount()
    const attachments = [file('a.txt'), file('b.txt')]
    const { id, attachments: stored } = await createTicket(agent, { attachments })
    const ids: string[] = stored.map((attachment: { id: string }) => attachment.id)
    const intents = () =>
      rows(
        select(
          { id: objectIntents.id, kind: objectIntents.kind },
          sql`FROM ${objectIntents} WHERE ${objectIntents.accountId} = ${accountId} ORDER BY ${objectIntents.id}`,
        ),
      )
    const [remaining] = await Promise.all([createTicket(agent, { attachments: [file('kept.txt')] })])
    expect(await intents()).toEqual([])
    const rejected = vi.spyOn(env.FILES, 'delete').mockRejectedValue(new Error('R2 is away'))
    expect((await callAs(agent, 'DELETE', `tickets/${id}`)).status).toBe(204)
    await eventually(() => expect(rejected).toHaveBeenCalled())
    expect(await intents()).toEqual(ids.toSorted().map((attachment) => ({ id: attachment, kind: 'delete' })))
    rejected.mockRestore()
    const other = await createTicket(agent, { attachments: [file('c.txt')] })
    expect((await callAs(agent, 'DELETE', `tickets/${other.id}`)).status).toBe(204)
    await eventually(async () => expect(await intents()).toEqual([]))
    for (const deletedId of [...ids, other.attachments[0].id])
      expect(await env.FILES.head(`${accountId}/${deletedId}`), deletedId).toBeNull()
    expect(await env.FILES.head(`${accountId}/${remaining.attachments[0].id}`)).not.toBeNull()
  })

  it('deletes nothing of other tickets', async () => {
    const { id: accountId, agent, customer } = await createTestAccount()
    const remaining = await createTicket(customer, { tags: ['a'], attachments: [file('a.txt')] })
    await createComment(agent, remaining.id, { attachments: [file('b.txt')] })
    await patchTicket(agent, remaining.id, { title: 'Kept' })
    const { id } = await createTicket(customer, { tags: ['a'] })
    await callAs(agent, 'DELETE', `tickets/${id}`)
    const got = (await callAs(customer, 'GET', `tickets/${remaining.id}`)).body.data
    expect(got).toMatchObject({ title: 'Kept', comment_count: 1, attachment_count: 2 })
    expect(
      await row(
        select(
          { field: ticketHistory.field },
          sql`FROM ${ticketHistory} WHERE ${ticketHistory.accountId} = ${accountId}`,
        ),
      ),
    ).toEqual({ field: 'title' })
  })

  it('is available to agents and admins: a customer gets 403, also for its own ticket', async () => {
    const { customer, stranger, agent, admin } = await createTestAccount()
    const { id } = await createTicket(customer)
    for (const [by, ticketId] of [
      [customer, id],
      [stranger, id],
      [customer, 'ticket_unknown'],
    ] as const)
      detailsOf(await callAs(by, 'DELETE', `tickets/${ticketId}`), 403, 'forbidden')
    expect((await callAs(agent, 'GET', `tickets/${id}`)).status).toBe(200)
    expect((await callAs(admin, 'DELETE', `tickets/${id}`)).status).toBe(204)
  })

  it('S07 finds no ticket of another account, and changes nothing in either', async () => {
    const mine = await createTestAccount()
    const theirs = await createTestAccount()
    const { id } = await createTicket(mine.customer, { attachments: [file('a.txt')] })
    await createComment(mine.customer, id)
    for (const by of [theirs.admin, theirs.agent]) {
      const random = await callAs(by, 'DELETE', 'tickets/ticket_01jaaaaaaaaaaaaaaaaaaaaaaa')
      const response = await callAs(by, 'DELETE', `tickets/${id}`)
      expect([response.status, response.text]).toEqual([404, random.text])
    }
    const got = (await callAs(mine.customer, 'GET', `tickets/${id}`)).body.data
    expect(got).toMatchObject({ comment_count: 1, attachment_count: 1 })
    expect(await eventsOf(theirs.id)).toEqual([])
    expect(
      await rows(sql`SELECT * FROM ${objectIntents} WHERE ${objectIntents.accountId} IN (${mine.id}, ${theirs.id})`),
    ).toEqual([])
  })

  it('happens once for ten concurrent requests', async () => {
    const { id: accountId, agent } = await createTestAccount()
    const { id } = await createTicket(agent)
    const responses = await Promise.all(Array.from({ length: 10 }, () => callAs(agent, 'DELETE', `tickets/${id}`)))
    expect(responses.map((response) => response.status).sort()).toEqual([204, ...Array(9).fill(404)])
    expect((await eventsOf(accountId, id)).map((event) => event.type)).toEqual(['ticket.created', 'ticket.deleted'])
    await expectNoHoles(accountId)
  })
})
