import { beforeAll, describe, expect, it } from 'vitest'
import { users } from '../../src/db/schema/accounts'
import { sql } from '../../src/db/sql'
import { update } from '../../src/db/write'
import { type Account, createTestAccount, createTestMember, createTicket } from '../helpers/api'
import { createTestKey } from '../helpers/credentials'
import { execute } from '../helpers/database'
import { callAs, detailsOf, historyOf, patchTicket } from '../helpers/tickets'

let account: Account
let foreign: Account

beforeAll(async () => {
  account = await createTestAccount()
  foreign = await createTestAccount()
})

const TICKET_STATUSES = ['open', 'in_progress', 'resolved', 'closed']

describe('what a customer may change of its own ticket', () => {
  it('title, description, tags and custom fields', async () => {
    const { customer } = account
    const { id } = await createTicket(customer)
    const body = { title: 'B', description: 'C', tags: ['a'], custom_fields: { k: 1 } }
    expect(await patchTicket(customer, id, body)).toMatchObject({ ...body, version: 2 })
    expect((await patchTicket(customer, id, { add_tags: ['b'], remove_tags: ['a'] })).tags).toEqual(['b'])
  })

  it('not priority, assignee or creator, each of which is named', async () => {
    const { customer, stranger, agent } = account
    const { id } = await createTicket(customer)
    const body = { title: 'B', priority: 'low', assigned_to: agent.id, created_by: stranger.id }
    const response = await callAs(customer, 'PATCH', `tickets/${id}`, body)
    expect(
      detailsOf(response, 403, 'forbidden')
        .map((detail) => detail.message)
        .sort(),
    ).toEqual([
      'Priority cannot be set by your role',
      'assigned_to cannot be set by your role',
      'created_by cannot be set by your role',
    ])
    expect((await callAs(customer, 'GET', `tickets/${id}`)).body.data).toMatchObject({ title: 'A title', version: 1 })
    detailsOf(await callAs(customer, 'PATCH', `tickets/${id}`, { priority: 'medium' }), 403, 'forbidden')
  })

  const moves = TICKET_STATUSES.flatMap((from) => TICKET_STATUSES.map((to) => [from, to] as const))
  const allowed = (from: string, to: string) =>
    from === to || to === 'closed' || (to === 'open' && ['resolved', 'closed'].includes(from))

  it.each(moves)('the status from %s to %s, where that closes it or opens it again', async (from, to) => {
    const { id } = await createTicket(account.agent, { created_by: account.customer.id, status: from })
    const response = await callAs(account.customer, 'PATCH', `tickets/${id}`, { status: to, title: 'Both or none' })
    const after = (await callAs(account.customer, 'GET', `tickets/${id}`)).body.data
    if (allowed(from, to)) {
      expect(response.status).toBe(200)
      expect(after).toMatchObject({ status: to, title: 'Both or none' })
    } else {
      expect(detailsOf(response, 403, 'forbidden')).toEqual([
        { field: 'status', message: `Status cannot be set to ${to} by your role`, code: 'not_allowed' },
      ])
      expect(after).toMatchObject({ status: from, title: 'A title', version: 1 })
      expect(await historyOf(account.id, id)).toEqual([])
    }
  })
})

describe('whose tickets can be changed', () => {
  it('S07 those of another account are not found, nor another customer’s: the same bytes as for a random ID', async () => {
    const { id } = await createTicket(account.customer, { title: 'Mine' })
    const bodies = [{ title: 'Theirs' }, { status: 'closed' }, { status: 'in_progress' }]
    const actors = [account.stranger, foreign.admin, foreign.agent, foreign.customer]
    for (const by of actors) {
      const random = await callAs(by, 'PATCH', 'tickets/ticket_01jaaaaaaaaaaaaaaaaaaaaaaa', { title: 'X' })
      detailsOf(random, 404, 'not_found')
      for (const body of bodies) {
        const response = await callAs(by, 'PATCH', `tickets/${id}`, body)
        expect([response.status, response.text]).toEqual([404, random.text])
      }
    }
    expect((await callAs(account.customer, 'GET', `tickets/${id}`)).body.data).toMatchObject({
      title: 'Mine',
      version: 1,
    })
  })

  it.each(['%20', 'a%2Fb', "x'--", 'é', 'x'.repeat(65), '%00'])(
    'an ID that none can be (%s) is not found',
    async (id) => {
      detailsOf(await callAs(account.agent, 'PATCH', `tickets/${id}`, { title: 'X' }), 404, 'not_found')
    },
  )
})

describe('who can be named', () => {
  it('no assignee who is not an active agent or admin of the account', async () => {
    const inactive = await createTestMember(account.id, 'agent', { status: 'inactive' })
    const key = await createTestKey(account, { role: 'agent' })
    const { id } = await createTicket(account.agent)
    for (const other of [account.customer.id, inactive.id, 'user_unknown', foreign.agent.id, key.id]) {
      const response = await callAs(account.agent, 'PATCH', `tickets/${id}`, { assigned_to: other, title: 'X' })
      expect(detailsOf(response, 422, 'validation_error').map((detail) => detail.field)).toEqual(['assigned_to'])
    }
    const both = await callAs(account.agent, 'PATCH', `tickets/${id}`, {
      assigned_to: inactive.id,
      created_by: foreign.customer.id,
    })
    expect(detailsOf(both, 422, 'validation_error')).toEqual([
      { field: 'created_by', message: 'created_by must be a user of this account', code: 'not_found' },
      {
        field: 'assigned_to',
        message: 'assigned_to must be an active agent or admin of this account',
        code: 'not_allowed',
      },
    ])
    expect((await callAs(account.agent, 'GET', `tickets/${id}`)).body.data).toMatchObject({
      title: 'A title',
      version: 1,
    })
  })

  it('no creator who is not a person of the account', async () => {
    const key = await createTestKey(account, { role: 'agent' })
    const { id } = await createTicket(account.agent)
    for (const other of [key.id, foreign.customer.id, 'user_unknown']) {
      const response = await callAs(account.agent, 'PATCH', `tickets/${id}`, { created_by: other })
      expect(detailsOf(response, 422, 'validation_error').map((detail) => detail.field)).toEqual(['created_by'])
    }
    expect((await callAs(account.agent, 'GET', `tickets/${id}`)).body.data).toMatchObject({ version: 1 })
  })

  it('an assignee who is deactivated later stays, also through other changes, until another is named', async () => {
    const leaver = await createTestMember(account.id, 'agent', { name: 'Leaver' })
    const { id } = await createTicket(account.agent, { assigned_to: leaver.id })
    await execute(
      update(users, { status: 'inactive' }, sql`${users.accountId} = ${account.id} AND ${users.id} = ${leaver.id}`),
    )
    expect((await patchTicket(account.agent, id, { title: 'Still' })).assigned_to.name).toBe('Leaver')
    expect((await patchTicket(account.agent, id, { assigned_to: leaver.id, priority: 'low' })).assigned_to.name).toBe(
      'Leaver',
    )
    expect((await patchTicket(account.agent, id, { assigned_to: null })).assigned_to).toBeNull()
    const back = await callAs(account.agent, 'PATCH', `tickets/${id}`, { assigned_to: leaver.id })
    detailsOf(back, 422, 'validation_error')
  })

  it('a new creator, who then sees the ticket instead of the old', async () => {
    const { agent, customer, stranger } = account
    const { id } = await createTicket(customer)
    await patchTicket(agent, id, { created_by: stranger.id })
    expect((await callAs(stranger, 'GET', `tickets/${id}`)).status).toBe(200)
    expect((await callAs(customer, 'GET', `tickets/${id}`)).status).toBe(404)
  })
})
