import { beforeAll, describe, expect, it } from 'vitest'
import { events as eventsTable } from '../../src/db/schema/webhooks'
import { sql } from '../../src/db/sql'
import { select } from '../../src/db/statement'
import { type Account, call, createTestAccount, createTicket } from '../helpers/api'
import { rows } from '../helpers/database'

let account: Account

beforeAll(async () => {
  account = await createTestAccount()
})

describe('POST /tickets', () => {
  it('makes a ticket with a number, a version and a path', async () => {
    const response = await call('POST', 'tickets', {
      token: account.customer.token,
      body: {
        title: '  Printer on fire ',
        description: 'Flames\nand smoke 😀',
        tags: ['a', ' b ', 'a'],
        custom_fields: { floor: 3 },
      },
    })
    expect(response.status).toBe(201)
    expect(response.headers.get('Location')).toBe(`/api/v1/tickets/${response.body.data.id}`)
    expect(response.body.data).toMatchObject({
      number: 1,
      version: 1,
      title: 'Printer on fire',
      description: 'Flames\nand smoke 😀',
      status: 'open',
      priority: 'medium',
      tags: ['a', 'b'],
      custom_fields: { floor: 3 },
      attachments: [],
      assigned_to: null,
      created_by: { id: account.customer.id, name: 'Customer', email: account.customer.email },
    })
  })

  it('numbers concurrent tickets without a gap or a double', async () => {
    const own = await createTestAccount()
    const made = await Promise.all(Array.from({ length: 30 }, () => createTicket(own.agent)))
    expect(made.map((ticket) => ticket.number).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 30 }, (_, i) => i + 1),
    )
    const events = await rows(
      select(
        { sequence: eventsTable.sequence },
        sql`FROM ${eventsTable} WHERE ${eventsTable.accountId} = ${own.id} ORDER BY ${eventsTable.sequence}`,
      ),
    )
    expect(events.map((event) => event.sequence)).toEqual(Array.from({ length: 30 }, (_, i) => i + 1))
  })
})
