import { beforeAll, describe, expect, it } from 'vitest'
import { type Account, call, createTestAccount, createTicket } from '../helpers/api'
import { nextSecond } from '../helpers/eventually'
import { detailWith } from '../helpers/messages'
import { callAs, detailsOf, eventsOf, historyOf, patchTicket } from '../helpers/tickets'

let account: Account

beforeAll(async () => {
  account = await createTestAccount()
})

const many = <T>(count: number, create: (index: number) => T) => Array.from({ length: count }, (_, i) => create(i))

describe('PATCH /tickets/{id}', () => {
  it('changes each field by itself, and nothing else', async () => {
    const { agent, admin, customer, stranger } = account
    let before = await createTicket(customer, { tags: ['a'], custom_fields: { a: 1 } })
    const changes: [Record<string, unknown>, Record<string, unknown>][] = [
      [{ title: ' New ' }, { title: 'New' }],
      [{ description: ' new\ntext ' }, { description: ' new\ntext ' }],
      [{ status: 'resolved' }, { status: 'resolved' }],
      [{ priority: 'low' }, { priority: 'low' }],
      [{ assigned_to: admin.id }, { assigned_to: { id: admin.id, name: admin.name, email: admin.email } }],
      [{ assigned_to: null }, { assigned_to: null }],
      [{ created_by: stranger.id }, { created_by: { id: stranger.id, name: stranger.name, email: stranger.email } }],
      [{ tags: [' c', 'b', 'c'] }, { tags: ['c', 'b'] }],
      [{ tags: [] }, { tags: [] }],
      [{ custom_fields: { b: 'x' } }, { custom_fields: { a: 1, b: 'x' } }],
    ]
    for (const [index, [body, shown]] of changes.entries()) {
      const after = await patchTicket(agent, before.id, body)
      expect(after).toEqual({ ...before, ...shown, version: index + 2, updated_at: after.updated_at })
      const { custom_fields, attachments, ...common } = after
      const got = (await callAs(agent, 'GET', `tickets/${before.id}`)).body.data
      expect(got).toMatchObject({ ...common, custom_fields, attachments })
      before = after
    }
  })

  it('changes several fields as one version', async () => {
    const { id } = await createTicket(account.agent)
    const body = { title: 'B', status: 'closed', priority: 'high', assigned_to: account.admin.id, tags: ['x'] }
    expect(await patchTicket(account.agent, id, body)).toMatchObject({ title: 'B', status: 'closed', version: 2 })
  })

  it('moves updated_at, and leaves created_at', async () => {
    const { id, created_at } = await createTicket(account.agent)
    await nextSecond()
    const ticket = await patchTicket(account.agent, id, { title: 'Later' })
    expect(ticket.created_at).toBe(created_at)
    expect(ticket.updated_at > created_at).toBe(true)
  })

  it('is found by the filters and totals of what it has become', async () => {
    const own = await createTestAccount()
    const { id } = await createTicket(own.customer, { tags: ['old'], priority: 'low' })
    await patchTicket(own.agent, id, { status: 'closed', priority: 'high', assigned_to: own.agent.id, tags: ['new'] })
    const total = async (query: string) => (await callAs(own.admin, 'GET', `tickets?${query}`)).body.pagination.total
    for (const query of ['status=open', 'priority=low', 'assigned_to=none', 'tag=old', 'created_by=me'])
      expect(await total(query), query).toBe(0)
    for (const query of ['status=closed', 'priority=high', `assigned_to=${own.agent.id}`, 'tag=new', ''])
      expect(await total(query), query).toBe(1)
  })
})

describe('custom_fields of a PATCH', () => {
  it('are merged; null removes, other fields stay', async () => {
    const { id } = await createTicket(account.customer, { custom_fields: { a: 1, 'b.c': 'x', d: true } })
    const merged = { a: 2, d: true, e: 'null', f: false }
    const body = { custom_fields: { a: 2, 'b.c': null, e: 'null', f: false, missing: null } }
    expect((await patchTicket(account.customer, id, body)).custom_fields).toEqual(merged)
    expect((await callAs(account.customer, 'GET', `tickets/${id}`)).body.data.custom_fields).toEqual(merged)
  })

  it('may hold 50 after the merge, and no more', async () => {
    const fill = Object.fromEntries(many(50, (i) => [`k${i}`, i]))
    const ticket = await createTicket(account.agent, { custom_fields: fill })
    const over = await callAs(account.agent, 'PATCH', `tickets/${ticket.id}`, {
      title: 'X',
      custom_fields: { more: 1 },
    })
    expect(detailsOf(over, 422, 'validation_error')).toEqual([
      { field: 'custom_fields', message: 'custom_fields must leave at most 50 fields on the ticket', code: 'too_many' },
    ])
    const after = (await callAs(account.agent, 'GET', `tickets/${ticket.id}`)).body.data
    expect(after).toMatchObject({ title: 'A title', version: 1, custom_fields: fill })
    expect(await historyOf(account.id, ticket.id)).toEqual([])
    const swapped = await patchTicket(account.agent, ticket.id, { custom_fields: { k0: null, more: 1 } })
    expect(Object.keys(swapped.custom_fields)).toHaveLength(50)
  })

  it('S10 take no nested values and no name that is none', async () => {
    const { id } = await createTicket(account.agent)
    for (const json of ['{"a": {"b": null}}', '{"a": []}', '{"__proto__": 1}', '{"a b": null}', 'null', '[]']) {
      const options = { token: account.agent.token, body: `{"custom_fields": ${json}}` }
      detailsOf(await call('PATCH', `tickets/${id}`, options), 400, 'invalid_input')
    }
  })
})

describe('tags of a PATCH', () => {
  it('are added and removed in the order they have', async () => {
    const { id } = await createTicket(account.agent, { tags: ['a', 'b', 'c'] })
    const change = async (body: unknown) => (await patchTicket(account.agent, id, body)).tags
    expect(await change({ add_tags: ['d', 'a', ' e '] })).toEqual(['a', 'b', 'c', 'd', 'e'])
    expect(await change({ remove_tags: ['b', 'unknown'] })).toEqual(['a', 'c', 'd', 'e'])
    expect(await change({ add_tags: ['z', 'b'], remove_tags: ['a', 'd'] })).toEqual(['c', 'e', 'z', 'b'])
    expect(await change({ remove_tags: ['b', 'c', 'e', 'z'] })).toEqual([])
    expect((await callAs(account.agent, 'GET', 'tickets?tag=z')).body.pagination.total).toBe(0)
  })

  it('may be 20 in the end, and no more', async () => {
    const { id } = await createTicket(account.agent, { tags: many(19, (i) => `t${i}`) })
    expect((await patchTicket(account.agent, id, { add_tags: ['t0', 'x'] })).tags).toHaveLength(20)
    const over = await callAs(account.agent, 'PATCH', `tickets/${id}`, { add_tags: ['y'] })
    expect(detailsOf(over, 422, 'validation_error').map((detail) => detail.field)).toEqual(['add_tags'])
    expect((await patchTicket(account.agent, id, { add_tags: ['y'], remove_tags: ['x'] })).tags.at(-1)).toBe('y')
  })

  it('are either set, or added and removed', async () => {
    const { id } = await createTicket(account.agent)
    for (const other of [{ add_tags: ['b'] }, { remove_tags: ['b'] }]) {
      const response = await callAs(account.agent, 'PATCH', `tickets/${id}`, { tags: ['a'], ...other })
      expect(detailsOf(response, 400, 'invalid_input')).toEqual([
        {
          field: 'tags',
          message: 'Tags must not be used together with add_tags or remove_tags',
          code: 'conflicting_fields',
        },
      ])
    }
  })
})

describe('a PATCH that changes nothing', () => {
  it.each([
    { title: 'Same ' },
    { description: 'A text', status: 'open', priority: 'medium' },
    { assigned_to: null },
    { tags: ['a', 'b'] },
    { add_tags: ['b'], remove_tags: ['x'] },
    { add_tags: [] },
    { custom_fields: { k: 'v', n: 1.5, missing: null } },
    { custom_fields: {} },
  ])('%j is a 200 that leaves no trace', async (body) => {
    const ticket = await createTicket(account.agent, {
      title: 'Same',
      tags: ['a', 'b'],
      custom_fields: { k: 'v', n: 1.5 },
    })
    expect(await patchTicket(account.agent, ticket.id, body)).toEqual(ticket)
    expect(await historyOf(account.id, ticket.id)).toEqual([])
    expect((await eventsOf(account.id, ticket.id)).map((event) => event.type)).toEqual(['ticket.created'])
  })
})

describe('a PATCH that is refused', () => {
  it.each([
    ['{}', 'body', 'Body must have at least one field'],
    ['{"stauts": "open"}', 'stauts', 'Stauts is not a known field'],
    ['{"status": "done"}', 'status', 'Status must be one of: open, in_progress, resolved, closed'],
    ['{"priority": "x"}', 'priority', 'Priority must be one of: low, medium, high, critical'],
    ['{"title": null}', 'title', 'Title must be a string'],
    ['{"title": " "}', 'title', 'Title must not be empty'],
    ['{"version": 3}', 'version', 'Version is not a known field'],
    ['{"attachments": []}', 'attachments', 'Attachments is not a known field'],
    ['{"created_by": null}', 'created_by', 'created_by must be a string'],
    ['{"__proto__": {"title": "x"}}', '__proto__', '__proto__ is not a known field'],
  ])('S10 %s', async (body, field, message) => {
    const { id } = await createTicket(account.admin)
    const response = await call('PATCH', `tickets/${id}`, { token: account.admin.token, body })
    expect(detailsOf(response, 400, 'invalid_input')).toEqual([detailWith(field, message)])
    expect((await callAs(account.admin, 'GET', `tickets/${id}`)).body.data.version).toBe(1)
  })
})
