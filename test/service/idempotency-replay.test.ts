import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { idempotencyRecords } from '../../src/db/schema/accounts'
import { attachments as attachmentTable, objectIntents, tickets } from '../../src/db/schema/tickets'
import { events } from '../../src/db/schema/webhooks'
import { type SQL, sql } from '../../src/db/sql'
import { select } from '../../src/db/statement'
import { update } from '../../src/db/write'
import { type Account, call, createTestAccount, createTicket, type Member } from '../helpers/api'
import { execute, prepare, row, rows } from '../helpers/database'
import { ROUTES } from '../helpers/edge'
import { eventually } from '../helpers/eventually'
import { historyOf } from '../helpers/tickets'

let account: Account

beforeAll(async () => {
  account = await createTestAccount()
})

const file = { filename: 'a.txt', content: 'YWJj', mime_type: 'text/plain' }

function keyed(by: Member, method: string, path: string, key: string, body?: unknown) {
  return call(method, path, {
    token: by.token,
    headers: { 'Idempotency-Key': key },
    ...(body !== undefined && { body }),
  })
}

const count = (table: typeof tickets | typeof events | typeof attachmentTable, isOfTicket: SQL) =>
  row(
    select({ n: sql<number>`count(*)` }, sql`FROM ${table} WHERE ${table.accountId} = ${account.id} AND ${isOfTicket}`),
  )

describe('a request with an idempotency key', () => {
  it('C01 creates one ticket, one event and one object for 50 concurrent requests; all the others get the same response', async () => {
    const body = { title: 'Once', description: 'Only', attachments: [file] }
    const responses = await Promise.all(
      Array.from({ length: 50 }, () => keyed(account.agent, 'POST', 'tickets', 'fifty', body)),
    )
    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([201]))
    const ids = new Set(responses.map((response) => response.body.data.id))
    expect(ids.size).toBe(1)
    const [id = ''] = ids
    expect(responses.filter(({ headers }) => headers.get('Idempotent-Replayed') === 'true')).toHaveLength(49)
    expect(new Set(responses.map(({ text }) => text)).size).toBe(1)
    expect(await count(tickets, sql`${tickets.id} = ${id}`)).toEqual({ n: 1 })
    expect(await count(events, sql`${events.ticketId} = ${id}`)).toEqual({ n: 1 })
    expect(await count(attachmentTable, sql`${attachmentTable.ticketId} = ${id}`)).toEqual({ n: 1 })
    const objects = async () => (await env.FILES.list({ prefix: `${account.id}/` })).objects.map(({ key }) => key)
    const [{ attachments }] = responses.map((response) => response.body.data)
    await eventually(async () => expect(await objects()).toEqual([`${account.id}/${attachments[0].id}`]))
    expect(
      await rows(
        select({ id: objectIntents.id }, sql`FROM ${objectIntents} WHERE ${objectIntents.accountId} = ${account.id}`),
      ),
    ).toEqual([])
  })

  it('returns the first response again after any change, and without its texts after the resource was deleted', async () => {
    const { id } = await createTicket(account.agent)
    const first = await keyed(account.agent, 'PATCH', `tickets/${id}`, 'patch', { title: 'First' })
    expect([first.status, first.headers.get('Idempotent-Replayed')]).toEqual([200, null])
    await call('PATCH', `tickets/${id}`, { token: account.agent.token, body: { title: 'Second' } })
    const again = await keyed(account.agent, 'PATCH', `tickets/${id}`, 'patch', { title: 'First' })
    expect([again.status, again.text, again.headers.get('Idempotent-Replayed')]).toEqual([200, first.text, 'true'])
    for (const expected of [null, 'true']) {
      const deleted = await keyed(account.agent, 'DELETE', `tickets/${id}`, 'delete')
      expect([deleted.status, deleted.headers.get('Idempotent-Replayed')]).toEqual([204, expected])
    }
    const { data } = first.body
    expect((await keyed(account.agent, 'PATCH', `tickets/${id}`, 'patch', { title: 'First' })).body).toEqual({
      data: { ...data, title: '', description: '', redacted: true },
    })
  })

  it('C02 belongs to its caller, method, path and body; a failed request is not recorded', async () => {
    const { id } = await createTicket(account.agent)
    const { id: other } = await createTicket(account.agent)
    const bad = await keyed(account.agent, 'POST', `tickets/${id}/comments`, 'c02', { content: '' })
    expect(bad.status).toBe(400)
    const valid = await keyed(account.agent, 'POST', `tickets/${id}/comments`, 'c02', { content: 'A' })
    expect(valid.status).toBe(201)
    expect((await keyed(account.agent, 'POST', `tickets/${id}/comments`, 'c02', { content: 'B' })).status).toBe(422)
    expect((await keyed(account.agent, 'POST', `tickets/${other}/comments`, 'c02', { content: 'B' })).status).toBe(201)
    expect((await keyed(account.agent, 'PATCH', `tickets/${id}`, 'c02', { title: 'C' })).status).toBe(200)
    expect((await keyed(account.admin, 'POST', `tickets/${id}/comments`, 'c02', { content: 'B' })).status).toBe(201)
    expect((await keyed(account.agent, 'POST', 'tickets/ticket_none/comments', 'c02b', { content: 'A' })).status).toBe(
      404,
    )
    expect((await keyed(account.agent, 'POST', `tickets/${id}/comments`, 'c02b', { content: 'A' })).status).toBe(201)
  })

  it.each([
    ['fewer reads', sql<string>`json_remove(${idempotencyRecords.rows}, '$.answers[0]')`],
    ['more reads', sql<string>`json_insert(${idempotencyRecords.rows}, '$.answers[#]', json('[]'))`],
    ['other columns', sql<string>`replace(${idempotencyRecords.rows}, '"title":', '"subject":')`],
  ])('is not replayed if a release with %s stored its record', async (difference, change) => {
    const { id } = await createTicket(account.agent)
    const send = () => keyed(account.agent, 'PATCH', `tickets/${id}`, difference, { title: 'Once' })
    expect((await send()).status).toBe(200)
    await execute(update(idempotencyRecords, { rows: change }, sql`${idempotencyRecords.accountId} = ${account.id}`))
    expect((await send()).status).toBe(409)
  })

  it('is replayed if an earlier release stored a column under another name', async () => {
    const { id } = await createTicket(account.agent)
    const send = () => keyed(account.agent, 'PATCH', `tickets/${id}`, 'renamed-column', { title: 'Once' })
    const first = await send()
    expect(first.status).toBe(200)
    const r = idempotencyRecords
    const rename = update(
      r,
      { rows: sql<string>`replace(${r.rows}, '"active_webhooks":', '"listeners":')` },
      sql`${r.accountId} = ${account.id} AND ${r.rows} LIKE '%"active_webhooks":%' AND ${r.rows} LIKE ${`%${id}%`}`,
    )
    const { changes } = (await prepare(rename).run()).meta
    expect(changes).toBe(1)
    const again = await send()
    expect([again.status, again.text, again.headers.get('Idempotent-Replayed')]).toEqual([200, first.text, 'true'])
  })

  it('S18 returns a secret again that the database does not contain', async () => {
    for (const [path, body, secret] of [
      ['api-keys', { name: 'A key' }, 'key'],
      ['webhooks', { url: 'https://hooks.example.com/once', events: ['*'] }, 'secret'],
    ] as const) {
      const first = await keyed(account.admin, 'POST', path, 'secret', body)
      expect(first.status, first.text).toBe(201)
      const again = await keyed(account.admin, 'POST', path, 'secret', body)
      expect(again.text).toBe(first.text)
      const dump = JSON.stringify(await rows(sql`SELECT * FROM ${idempotencyRecords}`))
      expect(dump).not.toContain(first.body.data[secret])
    }
  })
})

describe.each(ROUTES)('C03 preconditions %s', (_name, route) => {
  it('C03 let some of 20 writers with If-Match succeed, in a chain; the others get 412', async () => {
    const { id } = await createTicket(account.agent)
    const outcomes: number[] = []
    await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const tag =
          (await call('GET', `tickets/${id}`, { token: account.agent.token, route })).headers.get('ETag') ?? ''
        const response = await call('PATCH', `tickets/${id}`, {
          token: account.agent.token,
          headers: { 'If-Match': tag },
          body: { title: `Title ${index}` },
          route,
        })
        outcomes.push(response.status)
      }),
    )
    const won = outcomes.filter((status) => status === 200).length
    expect(won).toBeGreaterThan(0)
    expect(outcomes.filter((status) => status === 412)).toHaveLength(20 - won)
    const current = await call('GET', `tickets/${id}`, { token: account.agent.token })
    expect(current.body.data.version).toBe(won + 1)
    const chain = await historyOf(account.id, id)
    expect(chain).toHaveLength(won)
    const titles = ['A title', ...chain.map((change) => change.current)]
    expect(chain.map((change) => change.previous)).toEqual(titles.slice(0, -1))
    expect(current.body.data.title).toBe(titles.at(-1))
  })

  it('C03 return 412 for another version and an invalid one, which changes nothing; *, a list with the tag and a weak tag are 200', async () => {
    const { id } = await createTicket(account.agent)
    const tag = (await call('GET', `tickets/${id}`, { token: account.agent.token, route })).headers.get('ETag') ?? ''
    const patch = (condition: string, title: string) =>
      call('PATCH', `tickets/${id}`, {
        token: account.agent.token,
        headers: { 'If-Match': condition },
        body: { title },
        route,
      })
    for (const condition of ['"2.x"', 'W/"2.x"', '"0"', 'nonsense', '1', '"1', `w/"1.x", "2"`]) {
      const rejected = await patch(condition, 'Refused')
      expect([rejected.status, rejected.body.error?.code], condition).toEqual([412, 'precondition_failed'])
    }
    expect(await historyOf(account.id, id)).toEqual([])
    expect((await patch('*', 'Any')).status).toBe(200)
    expect((await patch(`"9.x", w/"2", "2.another hash"`, 'Refused')).status).toBe(412)
    expect((await patch(`"9.x", w/"2", "2.another-hash"`, 'Among others')).status).toBe(200)
    expect((await patch(`"9.x", W/"3.another-hash"`, 'Weak')).status).toBe(200)
    const removal = (condition: string) =>
      call('DELETE', `tickets/${id}`, { token: account.agent.token, headers: { 'If-Match': condition } })
    expect([(await removal(tag)).status, (await removal('"4"')).status]).toEqual([412, 204])
  })
})
