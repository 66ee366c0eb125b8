import { beforeAll, describe, expect, it } from 'vitest'
import { ticketCounters } from '../../src/db/schema/tickets'
import { sql } from '../../src/db/sql'
import { select } from '../../src/db/statement'
import { type Account, createTestAccount, createTestMember, createTicket } from '../helpers/api'
import { rows } from '../helpers/database'
import { callAs, eventsOf, expectNoHoles, historyOf, patchTicket, type StoredEvent } from '../helpers/tickets'

let account: Account

beforeAll(async () => {
  account = await createTestAccount()
})

const types = (events: StoredEvent[]) => events.map((event) => event.type)

describe('what a change leaves in history and events', () => {
  it('is a history row for each field, with what it was and is', async () => {
    const { agent, admin } = account
    const { id } = await createTicket(agent, { tags: ['a'], custom_fields: { x: 1 } })
    await patchTicket(agent, id, {
      title: 'B "quoted"',
      priority: 'high',
      assigned_to: admin.id,
      add_tags: ['b'],
      custom_fields: { x: null, y: 'é' },
      status: 'open',
    })
    const history = await historyOf(account.id, id)
    const historyChanges = history.map(({ field, previous, current }) => ({ field, previous, current }))
    expect(historyChanges.toSorted((a, b) => a.field.localeCompare(b.field))).toEqual([
      { field: 'assigned_to', previous: null, current: admin.id },
      { field: 'custom_fields', previous: { x: 1 }, current: { y: 'é' } },
      { field: 'priority', previous: 'medium', current: 'high' },
      { field: 'tags', previous: ['a'], current: ['a', 'b'] },
      { field: 'title', previous: 'A title', current: 'B "quoted"' },
    ])
    expect(new Set(history.map((row) => row.change_id)).size).toBe(1)
    expect(new Set(history.map((row) => row.actor_id))).toEqual(new Set([agent.id]))
  })

  it('is one ticket.updated, holding the ticket after the change, the changes and who made them', async () => {
    const { agent, customer } = account
    const { id } = await createTicket(customer)
    await patchTicket(agent, id, { title: 'C', custom_fields: { y: true } })
    const events = await eventsOf(account.id, id)
    expect(types(events)).toEqual(['ticket.created', 'ticket.updated'])
    expect(events[1]?.is_internal).toBe(0)
    expect(events[1]?.data).toEqual({
      ticket: expect.objectContaining({ id, version: 2, title: 'C', custom_fields: '{"y":true}', status: 'open' }),
      changes: {
        title: { previous: 'A title', current: 'C' },
        custom_fields: { previous: {}, current: { y: true } },
      },
      actor: { id: agent.id, name: agent.name, email: agent.email },
    })
  })

  it('is ticket.status_changed before ticket.updated when the status changes', async () => {
    const { agent } = account
    const { id } = await createTicket(agent)
    await patchTicket(agent, id, { status: 'in_progress', title: 'Now' })
    const events = await eventsOf(account.id, id)
    expect(types(events)).toEqual(['ticket.created', 'ticket.status_changed', 'ticket.updated'])
    expect((events[2]?.sequence ?? 0) - (events[1]?.sequence ?? 0)).toBe(1)
    expect(events[1]?.data).toEqual({
      ticket: { id, title: 'Now' },
      status: { previous: 'open', current: 'in_progress' },
      actor: { id: agent.id, name: agent.name, email: agent.email },
    })
    expect(events[2]?.data.changes.status).toEqual({ previous: 'open', current: 'in_progress' })
    await expectNoHoles(account.id)
  })

  it('tells texts over 4 KiB as truncated in the event, and whole in the history', async () => {
    const { agent } = account
    const { id } = await createTicket(agent)
    const long = 'é'.repeat(2_048)
    await patchTicket(agent, id, { description: long, title: 'Short' })
    expect((await eventsOf(account.id, id))[1]?.data.changes).toEqual({
      description: { truncated: true },
      title: { previous: 'A title', current: 'Short' },
    })
    const history = await historyOf(account.id, id)
    expect(history.find((row) => row.field === 'description')?.current).toBe(long)
  })

  it('is nothing when the change is refused', async () => {
    const { agent, customer } = account
    const { id } = await createTicket(customer)
    for (const body of [{ title: 'X', assigned_to: customer.id }, { title: 'X', status: 'gone' }, {}])
      expect((await callAs(agent, 'PATCH', `tickets/${id}`, body)).status).toBeGreaterThanOrEqual(400)
    for (const body of [
      { title: 'X', priority: 'low' },
      { title: 'X', status: 'in_progress' },
    ])
      expect((await callAs(customer, 'PATCH', `tickets/${id}`, body)).status).toBe(403)
    expect((await callAs(account.stranger, 'PATCH', `tickets/${id}`, { title: 'X' })).status).toBe(404)
    expect(await historyOf(account.id, id)).toEqual([])
    expect(types(await eventsOf(account.id, id))).toEqual(['ticket.created'])
    await expectNoHoles(account.id)
  })
})

describe('changes at once', () => {
  it('C04 50 of one status without If-Match all succeed, and form one chain', { timeout: 20_000 }, async () => {
    const own = await createTestAccount()
    const { id } = await createTicket(own.agent)
    const statuses = ['in_progress', 'resolved', 'closed', 'open']
    const members = await Promise.all([1, 2, 3, 4, 5].map(() => createTestMember(own.id, 'agent')))
    const responses = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        callAs(members[i % 5] ?? own.agent, 'PATCH', `tickets/${id}`, { status: statuses[i % 4] }),
      ),
    )
    expect(new Set(responses.map((response) => response.status))).toEqual(new Set([200]))
    const events = (await eventsOf(own.id, id)).filter((event) => event.type === 'ticket.status_changed')
    expect(events.length).toBeGreaterThan(10)
    let status = 'open'
    for (const { data } of events) {
      expect(data.status.previous).toBe(status)
      expect(data.status.current).not.toBe(status)
      status = data.status.current
    }
    const ticket = (await callAs(own.agent, 'GET', `tickets/${id}`)).body.data
    expect(ticket.status).toBe(status)
    expect(ticket.version).toBe(events.length + 1)
    expect((await historyOf(own.id, id)).map(({ previous, current }) => ({ previous, current }))).toEqual(
      events.map((event) => event.data.status),
    )
    await expectNoHoles(own.id)
    const counters = await rows(
      select(
        { status: ticketCounters.status, count: ticketCounters.count },
        sql`FROM ${ticketCounters} WHERE ${ticketCounters.accountId} = ${own.id}
          AND ${ticketCounters.dimension} = 'all' AND ${ticketCounters.count} <> 0`,
      ),
    )
    expect(counters).toEqual([{ status, count: 1 }])
  })

  it('of different fields all survive', async () => {
    const own = await createTestAccount()
    const { id } = await createTicket(own.customer)
    const changes = [
      { title: 'T' },
      { description: 'D' },
      { status: 'resolved' },
      { priority: 'critical' },
      { assigned_to: own.admin.id },
      ...Array.from({ length: 10 }, (_, i) => ({ custom_fields: { [`k${i}`]: i } })),
      ...Array.from({ length: 10 }, (_, i) => ({ add_tags: [`t${i}`] })),
    ]
    await Promise.all(changes.map((body) => patchTicket(own.agent, id, body)))
    const ticket = (await callAs(own.agent, 'GET', `tickets/${id}`)).body.data
    expect(ticket).toMatchObject({
      title: 'T',
      description: 'D',
      status: 'resolved',
      priority: 'critical',
      version: 26,
    })
    expect(ticket.assigned_to.id).toBe(own.admin.id)
    expect(Object.keys(ticket.custom_fields)).toHaveLength(10)
    expect(ticket.tags).toHaveLength(10)
    await expectNoHoles(own.id)
  })
})
