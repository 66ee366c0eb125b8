import { beforeAll, describe, expect, it } from 'vitest'
import { attachments, ticketCounters, tickets } from '../../src/db/schema/tickets'
import { sql } from '../../src/db/sql'
import { select } from '../../src/db/statement'
import { type Account, call, createTestAccount, createTestMember, createTicket, type Member } from '../helpers/api'
import { createTestKey } from '../helpers/credentials'
import { rows } from '../helpers/database'
import { detailWith } from '../helpers/messages'
import { callAs, detailsOf, eventsOf, expectNoHoles } from '../helpers/tickets'

let account: Account
let foreign: Account
let inactive: Member

beforeAll(async () => {
  account = await createTestAccount()
  foreign = await createTestAccount()
  inactive = await createTestMember(account.id, 'agent', { status: 'inactive' })
})

const VALID = { title: 'A title', description: 'A text' }
const create = (by: Member, input: Record<string, unknown>) => callAs(by, 'POST', 'tickets', { ...VALID, ...input })
const ref = ({ id, name, email }: Member) => ({ id, name, email })

describe('what agents and admins may name when they create', () => {
  it('a creator, an assignee and a status', async () => {
    const { admin, agent, customer } = account
    for (const by of [admin, agent]) {
      const ticket = await createTicket(by, { created_by: customer.id, assigned_to: admin.id, status: 'in_progress' })
      expect(ticket).toMatchObject({ created_by: ref(customer), assigned_to: ref(admin), status: 'in_progress' })
      const seen = await callAs(customer, 'GET', `tickets/${ticket.id}`)
      expect(seen.body.data.created_by).toEqual(ref(customer))
    }
  })

  it('themselves, and nobody', async () => {
    const { agent } = account
    const ticket = await createTicket(agent, { created_by: agent.id, assigned_to: agent.id })
    expect(ticket).toMatchObject({ created_by: ref(agent), assigned_to: ref(agent) })
    expect((await createTicket(agent, { assigned_to: null })).assigned_to).toBeNull()
  })

  it('no assignee who is not an active agent or admin of the account', async () => {
    const key = await createTestKey(account, { role: 'agent' })
    const wrong = [account.customer.id, inactive.id, 'user_unknown', foreign.agent.id, foreign.admin.id, key.id]
    for (const id of wrong) {
      const response = await create(account.agent, { assigned_to: id })
      expect(detailsOf(response, 422, 'validation_error')).toEqual([
        {
          field: 'assigned_to',
          message: 'assigned_to must be an active agent or admin of this account',
          code: 'not_allowed',
        },
      ])
    }
  })

  it('no creator who is not of the account', async () => {
    for (const id of ['user_unknown', foreign.customer.id]) {
      const response = await create(account.admin, { created_by: id })
      expect(detailsOf(response, 422, 'validation_error')).toEqual([
        { field: 'created_by', message: 'created_by must be a user of this account', code: 'not_found' },
      ])
    }
  })

  it('is told of both when both are wrong', async () => {
    const response = await create(account.agent, { created_by: foreign.customer.id, assigned_to: inactive.id })
    const fields = detailsOf(response, 422, 'validation_error').map((detail) => detail.field)
    expect(fields).toEqual(['created_by', 'assigned_to'])
    const one = await create(account.agent, { created_by: account.customer.id, assigned_to: inactive.id })
    expect(detailsOf(one, 422, 'validation_error').map((detail) => detail.field)).toEqual(['assigned_to'])
  })

  it('IDs only', async () => {
    const response = await create(account.agent, { created_by: "x' OR 1=1", assigned_to: '' })
    const details = detailsOf(response, 400, 'invalid_input')
    expect(details).toEqual([
      detailWith('created_by', 'created_by must contain only letters, digits, _ and -'),
      detailWith('assigned_to', 'assigned_to must not be empty'),
    ])
  })

  it('and leaves neither a ticket, an event nor a number behind when it is refused', async () => {
    const own = await createTestAccount()
    const file = { filename: 'a.txt', content: 'YQ==', mime_type: 'text/plain' }
    const response = await create(own.agent, { assigned_to: own.customer.id, attachments: [file] })
    detailsOf(response, 422, 'validation_error')
    expect(await rows(select({ id: tickets.id }, sql`FROM ${tickets} WHERE ${tickets.accountId} = ${own.id}`))).toEqual(
      [],
    )
    expect(
      await rows(select({ id: attachments.id }, sql`FROM ${attachments} WHERE ${attachments.accountId} = ${own.id}`)),
    ).toEqual([])
    expect(
      await rows(
        sql`SELECT * FROM ${ticketCounters} WHERE ${ticketCounters.accountId} = ${own.id} AND ${ticketCounters.count} <> 0`,
      ),
    ).toEqual([])
    expect(await eventsOf(own.id)).toEqual([])
    expect((await createTicket(own.agent)).number).toBe(1)
    await expectNoHoles(own.id)
  })
})

describe('what customers may name when they create', () => {
  it('title, description, priority, tags, custom fields and attachments', async () => {
    const file = { filename: 'a.txt', content: 'YQ==', mime_type: 'text/plain' }
    const all = { priority: 'critical', tags: ['a'], custom_fields: { b: 1 }, attachments: [file] }
    const ticket = await createTicket(account.customer, all)
    expect(ticket).toMatchObject({ priority: 'critical', tags: ['a'], custom_fields: { b: 1 }, status: 'open' })
    expect(ticket.attachments).toHaveLength(1)
    expect(ticket.created_by).toEqual(ref(account.customer))
  })

  it('S10 not status, assignee or creator, each of which is named', async () => {
    const { customer, agent } = account
    const response = await create(customer, {
      status: 'closed',
      assigned_to: agent.id,
      created_by: account.stranger.id,
    })
    expect(detailsOf(response, 403, 'forbidden')).toEqual([
      { field: 'status', message: 'Status cannot be set by your role', code: 'not_allowed' },
      { field: 'created_by', message: 'created_by cannot be set by your role', code: 'not_allowed' },
      { field: 'assigned_to', message: 'assigned_to cannot be set by your role', code: 'not_allowed' },
    ])
    for (const input of [{ status: 'open' }, { assigned_to: null }, { created_by: customer.id }])
      expect(detailsOf(await create(customer, input), 403, 'forbidden')).toHaveLength(1)
  })

  it('S10 is told of a malformed field before a forbidden one, and of no name', async () => {
    const response = await create(account.customer, { status: 'nonsense', created_by: foreign.customer.id })
    expect(detailsOf(response, 400, 'invalid_input').map((detail) => detail.field)).toEqual(['status'])
  })
})

describe('who may create at all', () => {
  it('nobody without a credential', async () => {
    const response = await call('POST', 'tickets', { body: VALID, address: '192.0.2.77' })
    detailsOf(response, 401, 'unauthorized')
    expect(response.headers.get('WWW-Authenticate')).toMatch(/^Bearer/)
  })

  it('no inactive member', async () => {
    detailsOf(await create(inactive, {}), 401, 'unauthorized')
  })

  it('under either prefix, which Location keeps', async () => {
    const response = await call('POST', '/ticketing/v1/tickets', { token: account.agent.token, body: VALID })
    expect(response.headers.get('Location')).toBe(`/ticketing/v1/tickets/${response.body.data.id}`)
    const found = await callAs(account.agent, 'GET', response.headers.get('Location') ?? '')
    expect(found.body.data.id).toBe(response.body.data.id)
  })

  it('only as JSON', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonx']) {
      const headers = { 'Content-Type': type }
      const response = await call('POST', 'tickets', {
        token: account.agent.token,
        body: JSON.stringify(VALID),
        headers,
      })
      detailsOf(response, 415, 'unsupported_media_type')
      expect(response.body.error.message).toContain('application/json')
    }
  })
})
