import { expect, it } from 'vitest'
import { createTestAccount, createTicket } from '../helpers/api'
import { getOk, idsOf } from '../helpers/tickets'

it('S08 the filter by tag returns only a customer’s own tickets, in page and total', async () => {
  const account = await createTestAccount()
  const own = await createTicket(account.customer, { tags: ['shared'] })
  await createTicket(account.stranger, { tags: ['shared'] })
  const { body } = await getOk(account.customer, 'tickets?tag=shared')
  expect([idsOf(body.data), body.pagination.total]).toEqual([[own.id], 1])
})
