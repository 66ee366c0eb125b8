import { beforeAll, describe, expect, it } from 'vitest'
import { type Account, call, createTicket, mintAccount } from '../helpers/api'
import { commented, got, patched } from '../helpers/tickets'

let account: Account

beforeAll(async () => {
  account = await mintAccount()
})

const withTag = (method: string, id: string, tag: string, body?: unknown) =>
  call(method, `tickets/${id}`, {
    token: account.agent.token,
    headers: { 'If-Match': tag },
    ...(body !== undefined && { body }),
  })

const tagOf = async (by: 'agent' | 'customer', id: string) =>
  (await got(account[by], `tickets/${id}`)).headers.get('ETag') ?? ''

describe('C03 If-Match', () => {
  it('C03 of an old version is a 412 that changes and deletes nothing', async () => {
    const { id } = await createTicket(account.customer)
    const old = await tagOf('agent', id)
    await patched(account.agent, id, { title: 'Changed' })
    expect((await withTag('PATCH', id, old, { title: 'Lost' })).status).toBe(412)
    expect((await withTag('DELETE', id, old)).status).toBe(412)
    expect((await got(account.agent, `tickets/${id}`)).body.data.title).toBe('Changed')
    expect((await withTag('DELETE', id, await tagOf('agent', id))).status).toBe(204)
  })

  it.each(['W/"1.x"', '1', '"x"', '"2.x"', '""', 'nonsense', '"1.x'])(
    'C03 %s names no version of a new ticket',
    async (tag) => {
      const { id } = await createTicket(account.customer)
      expect((await withTag('PATCH', id, tag, { title: 'Lost' })).status).toBe(412)
    },
  )

  it.each(['*', '"1.x"', '"9.x", "1.y"', '"1"'])('C03 %s names its version', async (tag) => {
    const { id } = await createTicket(account.customer)
    expect((await withTag('PATCH', id, tag, { title: 'Changed' })).status).toBe(200)
  })
})

describe('an ETag', () => {
  it('S09 changes with an internal comment for whoever sees it, and for nobody else', async () => {
    const { id } = await createTicket(account.customer)
    const before = { agent: await tagOf('agent', id), customer: await tagOf('customer', id) }
    await commented(account.agent, id, { is_internal: true })
    expect(await tagOf('customer', id)).toBe(before.customer)
    const after = await tagOf('agent', id)
    expect(after).not.toBe(before.agent)
    expect(after.split('.')[0]).toBe(before.agent.split('.')[0])
    expect((await withTag('PATCH', id, before.agent, { title: 'Changed' })).status).toBe(200)
    expect((await withTag('PATCH', id, before.agent, { title: 'Changed again' })).status).toBe(412)
  })
})
