import { env } from 'cloudflare:workers'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { objectIntents } from '../../src/db/schema/tickets'
import { sql } from '../../src/db/sql'
import { select } from '../../src/db/statement'
import { type Account, createTestAccount, createTicket } from '../helpers/api'
import { rows } from '../helpers/database'
import { eventually, nextSecond } from '../helpers/eventually'
import { type FileBody, fetchFile, files, ticketWithFiles, upload } from '../helpers/files'
import { callAs, createComment, detailsOf, eventsOf, expectNoHoles, historyOf } from '../helpers/tickets'
import { createTestWebhook, deliver, receive, silenceQueue } from '../helpers/webhooks'

let account: Account
let foreign: Account

beforeAll(async () => {
  account = await createTestAccount()
  foreign = await createTestAccount()
})
afterEach(() => {
  vi.useRealTimers()
})

const list = (id: string) => `tickets/${id}/attachments`

describe('DELETE /tickets/{id}/attachments/{id}', () => {
  it('deletes row, object and bytes, for a ticket or a comment', async () => {
    const { id, all, open } = await ticketWithFiles(account)
    for (const [index, { id: each, url }] of all.entries()) {
      const by = index % 2 === 0 ? account.agent : account.admin
      expect((await callAs(by, 'DELETE', `${list(id)}/${each}`)).status).toBe(204)
      expect((await callAs(by, 'DELETE', `${list(id)}/${each}`)).status).toBe(404)
      expect((await callAs(by, 'GET', `attachments/${each}`)).status).toBe(404)
      expect((await fetchFile(url)).status).toBe(404)
      await eventually(async () => expect(await env.FILES.head(`${account.id}/${each}`)).toBeNull())
    }
    const ticket = (await callAs(account.agent, 'GET', `tickets/${id}`)).body.data
    expect(ticket).toMatchObject({ attachments: [], attachment_count: 0, comment_count: 3 })
    expect(ticket.version).toBe(1 + 3 + open.length)
    expect(
      await rows(
        select({ id: objectIntents.id }, sql`FROM ${objectIntents} WHERE ${objectIntents.accountId} = ${account.id}`),
      ),
    ).toEqual([])
    await expectNoHoles(account.id)
  })

  it('records a line of history and a ticket.updated', async () => {
    const { id, attachments } = await createTicket(account.customer, files('a.txt'))
    await callAs(account.admin, 'DELETE', `${list(id)}/${attachments[0].id}`)
    const snapshot = { id: attachments[0].id, filename: 'a.txt', size: 3, mime_type: 'text/plain' }
    expect(await historyOf(account.id, id)).toMatchObject([{ field: 'attachments', previous: snapshot, current: null }])
    const [, event, ...more] = await eventsOf(account.id, id)
    expect(more).toEqual([])
    expect(event).toMatchObject({
      type: 'ticket.updated',
      is_internal: 0,
      data: {
        ticket: { id, version: 2 },
        changes: { attachments: { previous: snapshot, current: null } },
        actor: { id: account.admin.id, name: account.admin.name, email: account.admin.email },
      },
    })
  })

  it('S09 changes nothing that a customer sees if it is internal, and its event is internal', async () => {
    const { id, all } = await ticketWithFiles(account)
    const internal = all.find(({ filename }) => filename === 'i2')
    const seen = async () => {
      const responses = await Promise.all(
        [`tickets/${id}`, list(id), `tickets/${id}/comments`, 'tickets?sort=updated_at'].map((path) =>
          callAs(account.customer, 'GET', path),
        ),
      )
      return responses.map(({ text, headers }) => [text, headers.get('ETag')])
    }
    const before = await seen()
    await nextSecond()
    expect((await callAs(account.agent, 'DELETE', `${list(id)}/${internal?.id}`)).status).toBe(204)
    expect(await seen()).toEqual(before)
    expect((await eventsOf(account.id, id)).at(-1)).toMatchObject({ type: 'ticket.updated', is_internal: 1 })
    expect((await historyOf(account.id, id)).at(-1)).toMatchObject({ field: 'attachments', current: null })
  })

  it('returns 403 to customers before any lookup, and 404 with another ticket in the path', async () => {
    const { id, all } = await ticketWithFiles(account)
    const other = await createTicket(account.customer)
    const [first] = all
    for (const path of [`${list(id)}/${first?.id}`, `${list(id)}/attach_none?x=1`, list('ticket_none').concat('/a')])
      detailsOf(await callAs(account.customer, 'DELETE', path), 403, 'forbidden')
    const random = await callAs(account.agent, 'DELETE', `${list(id)}/attach_none`)
    for (const path of [`${list(other.id)}/${first?.id}`, `${list('ticket_none')}/${first?.id}`]) {
      const response = await callAs(account.agent, 'DELETE', path)
      expect([response.status, response.text]).toEqual([404, random.text])
    }
    const theirs = await callAs(foreign.admin, 'DELETE', `${list(id)}/${first?.id}`)
    expect([theirs.status, theirs.text]).toEqual([404, random.text])
    expect((await callAs(account.agent, 'GET', `${list(id)}`)).body.pagination.total).toBe(9)
  })

  it('happens once for concurrent requests', async () => {
    const { id, attachments } = await createTicket(account.customer, files('a.txt'))
    const path = `${list(id)}/${attachments[0].id}`
    const responses = await Promise.all(Array.from({ length: 10 }, () => callAs(account.agent, 'DELETE', path)))
    expect(responses.filter(({ status }) => status === 204)).toHaveLength(1)
    expect(await historyOf(account.id, id)).toHaveLength(1)
    expect((await callAs(account.agent, 'GET', `tickets/${id}`)).body.data.version).toBe(2)
    await expectNoHoles(account.id)
  })
})

describe('C08 a deleted ticket', () => {
  it('removes its lists and files', async () => {
    const { id, all } = await ticketWithFiles(account)
    expect((await callAs(account.agent, 'DELETE', `tickets/${id}`)).status).toBe(204)
    for (const by of [account.customer, account.agent]) {
      expect((await callAs(by, 'GET', list(id))).status).toBe(404)
      expect((await callAs(by, 'GET', `attachments/${all[0]?.id}`)).status).toBe(404)
      expect((await upload(by, id)).status).toBe(404)
    }
    expect((await callAs(account.agent, 'GET', `tickets/${id}/history`)).status).toBe(404)
    expect((await callAs(account.agent, 'DELETE', `${list(id)}/${all[0]?.id}`)).status).toBe(404)
  })
})

describe('webhooks', () => {
  it('S09 receive internal files only if they include internal comments, and never a signed URL', async () => {
    silenceQueue()
    const received = receive()
    const own = await createTestAccount()
    const [open, all] = [await createTestWebhook(own), await createTestWebhook(own, { include_internal: true })]
    const { id } = await createTicket(own.customer)
    const note = await createComment(own.agent, id, { is_internal: true, ...files('i') })
    const public_ = await createComment(own.agent, id, files('a'))
    for (const each of [note.attachments[0].id, public_.attachments[0].id])
      await callAs(own.agent, 'DELETE', `${list(id)}/${each}`)
    await callAs(own.agent, 'DELETE', `tickets/${id}/comments/${note.id}`)
    await upload(own.customer, id)
    await deliver(own)
    const snapshot = (url: string) =>
      received
        .filter((request) => request.url === url && request.event.event === 'ticket.updated')
        .toSorted((one, other) => one.event.sequence - other.event.sequence)
        .map(({ event }) => Object.entries<{ previous: FileBody; current: FileBody }>(event.data.changes)[0])
        .map((change) => [change?.[0], change?.[1].previous?.filename, change?.[1].current?.filename])
    const ofAll = [
      ['attachments', 'a', undefined],
      ['attachments', undefined, 'a.txt'],
    ]
    expect(snapshot(open.url)).toEqual(ofAll)
    expect(snapshot(all.url)).toEqual([
      // Its comment was deleted since.
      ['attachments', '', undefined],
      ofAll[0],
      ['comments', undefined, undefined],
      ofAll[1],
    ])
    for (const { body } of received) expect(body).not.toMatch(/signature=|expires=/)
    vi.restoreAllMocks()
  })
})
