import { beforeAll, describe, expect, it } from 'vitest'
import { attachments as attachmentsTable, comments, objectIntents } from '../../src/db/schema/tickets'
import { sql } from '../../src/db/sql'
import { select } from '../../src/db/statement'
import { type Account, call, createTestAccount, createTicket } from '../helpers/api'
import { rows } from '../helpers/database'
import { nextSecond } from '../helpers/eventually'
import { callAs, createComment, detailsOf, eventsOf, expectNoHoles } from '../helpers/tickets'

let account: Account
let foreign: Account

beforeAll(async () => {
  account = await createTestAccount()
  foreign = await createTestAccount()
})

const file = (filename: string) => ({ filename, content: 'YWJj', mime_type: 'text/plain' })
const path = (id: string) => `tickets/${id}/comments`

describe('POST /tickets/{id}/comments', () => {
  it('adds a public comment of whoever sees the ticket, and says who wrote it', async () => {
    const { id } = await createTicket(account.customer)
    for (const by of [account.customer, account.agent, account.admin]) {
      const comment = await createComment(by, id, { content: ` Text by\n${by.name} 😀 ` })
      expect(comment).toEqual({
        id: expect.stringMatching(/^comment_[0-9a-z]{26}$/),
        content: ` Text by\n${by.name} 😀 `,
        created_at: expect.any(String),
        created_by: { id: by.id, name: by.name, email: by.email },
        is_internal: false,
        attachments: [],
      })
    }
  })

  it('raises the version and updated_at of the ticket when it is public, and its counts', async () => {
    const before = await createTicket(account.customer)
    await nextSecond()
    await createComment(account.customer, before.id, { attachments: [file('a.txt'), file('b.txt')] })
    const after = (await callAs(account.customer, 'GET', `tickets/${before.id}`)).body.data
    expect(after).toMatchObject({ version: 2, comment_count: 1, attachment_count: 2, created_at: before.created_at })
    expect(after.updated_at > before.updated_at).toBe(true)
  })

  it('stores its attachments in the order given', async () => {
    const { id } = await createTicket(account.customer)
    const { attachments } = await createComment(account.agent, id, { attachments: [file('b.txt'), file('a.txt')] })
    const shown = attachments.map(({ filename, size, mime_type }: Record<string, unknown>) => [
      filename,
      size,
      mime_type,
    ])
    expect(shown).toEqual([
      ['b.txt', 3, 'text/plain'],
      ['a.txt', 3, 'text/plain'],
    ])
    expect((await call('GET', attachments[0].url)).text).toBe('abc')
  })

  it('emits one comment.created, and no ticket.updated', async () => {
    const { id, number } = await createTicket(account.customer)
    const open = await createComment(account.customer, id, { content: 'Open', attachments: [file('a.txt')] })
    const note = await createComment(account.agent, id, { content: 'Note', is_internal: true })
    const events = (await eventsOf(account.id, id)).slice(1)
    expect(events.map((event) => [event.type, event.is_internal])).toEqual([
      ['comment.created', 0],
      ['comment.created', 1],
    ])
    expect(events[0]?.data).toMatchObject({
      comment: { id: open.id, content: 'Open', created_by_id: account.customer.id, is_internal: 0 },
      attachments: [{ id: open.attachments[0].id, filename: 'a.txt' }],
      ticket: { id, number, title: 'A title', status: 'open' },
    })
    expect(events[1]?.data).toMatchObject({ comment: { id: note.id, is_internal: 1 }, attachments: [] })
    await expectNoHoles(account.id)
  })

  it('loses none of 20 at once', async () => {
    const { id } = await createTicket(account.agent)
    await Promise.all(Array.from({ length: 20 }, (_, i) => createComment(account.agent, id, { content: `C${i}` })))
    const got = (await callAs(account.agent, 'GET', `tickets/${id}`)).body.data
    expect(got).toMatchObject({ comment_count: 20, version: 21 })
    await expectNoHoles(account.id)
  })
})

describe('what a comment may hold', () => {
  it.each([
    ['one character', 'x'],
    ['65,536 bytes', 'x'.repeat(65_536)],
    ['65,536 bytes of emoji', '😀'.repeat(16_384)],
    ['other languages', "<b>'; DROP TABLE comments; --\t{{x}} %s</b>"],
  ])('%s, byte for byte', async (_name, content) => {
    const { id } = await createTicket(account.customer)
    await createComment(account.customer, id, { content })
    expect((await callAs(account.customer, 'GET', path(id))).body.data[0].content).toBe(content)
  })

  it.each([
    [{}, 'content', 'Content is required', 'required'],
    [{ content: '' }, 'content', 'Content must not be empty', 'too_short'],
    [{ content: 7 }, 'content', 'Content must be a string', 'invalid_type'],
    [{ content: 'x'.repeat(65_537) }, 'content', 'Content must be at most 65,536 bytes', 'too_long'],
    [{ content: `${'😀'.repeat(16_384)}x` }, 'content', 'Content must be at most 65,536 bytes', 'too_long'],
    [{ content: 'a\0' }, 'content', 'Content must not contain control characters or invalid Unicode', 'invalid_format'],
    [{ content: 'a', is_internal: 'true' }, 'is_internal', 'is_internal must be a boolean', 'invalid_type'],
    [{ content: 'a', is_internal: null }, 'is_internal', 'is_internal must be a boolean', 'invalid_type'],
    [{ content: 'a', created_by: 'user456' }, 'created_by', 'created_by is not a known field', 'unknown_field'],
    [{ content: 'a', id: 'comment_x' }, 'id', 'ID is not a known field', 'unknown_field'],
    [{ content: 'a', attachments: {} }, 'attachments', 'Attachments must be an array', 'invalid_type'],
  ])('S10 not %j', async (body, field, message, code) => {
    const { id } = await createTicket(account.admin)
    const response = await callAs(account.admin, 'POST', path(id), body)
    expect(detailsOf(response, 400, 'invalid_input')).toEqual([{ field, message, code }])
    expect(await rows(select({ id: comments.id }, sql`FROM ${comments} WHERE ${comments.ticketId} = ${id}`))).toEqual(
      [],
    )
  })

  it('S15 no good attachment beside a bad one: nothing is left', async () => {
    const { id } = await createTicket(account.agent)
    const attachments = [file('good.txt'), { ...file('bad.txt'), content: 'not base64!' }]
    const response = await callAs(account.agent, 'POST', path(id), { content: 'X', attachments })
    expect(detailsOf(response, 400, 'invalid_input').map((detail) => detail.field)).toEqual(['attachments.1.content'])
    expect(await rows(select({ id: comments.id }, sql`FROM ${comments} WHERE ${comments.ticketId} = ${id}`))).toEqual(
      [],
    )
    expect(
      await rows(
        select({ id: objectIntents.id }, sql`FROM ${objectIntents} WHERE ${objectIntents.accountId} = ${account.id}`),
      ),
    ).toEqual([])
    expect((await callAs(account.agent, 'GET', `tickets/${id}`)).body.data).toMatchObject({
      version: 1,
      attachment_count: 0,
    })
  })
})

describe('S07 a comment on a ticket that is not to be seen', () => {
  it('is the same 404 as for a random ID, and leaves nothing', async () => {
    const { id } = await createTicket(account.customer)
    const bodies = [{ content: 'X' }, { content: 'X', attachments: [file('a.txt')] }]
    for (const by of [account.stranger, foreign.customer, foreign.agent, foreign.admin])
      for (const body of bodies) {
        const random = await callAs(by, 'POST', path('ticket_01jaaaaaaaaaaaaaaaaaaaaaaa'), body)
        detailsOf(random, 404, 'not_found')
        const response = await callAs(by, 'POST', path(id), body)
        expect([response.status, response.text]).toEqual([404, random.text])
      }
    expect(await rows(select({ id: comments.id }, sql`FROM ${comments} WHERE ${comments.ticketId} = ${id}`))).toEqual(
      [],
    )
    expect(
      await rows(
        select({ id: attachmentsTable.id }, sql`FROM ${attachmentsTable} WHERE ${attachmentsTable.ticketId} = ${id}`),
      ),
    ).toEqual([])
    expect(await eventsOf(foreign.id)).toEqual([])
    expect(
      await rows(
        select({ id: objectIntents.id }, sql`FROM ${objectIntents} WHERE ${objectIntents.accountId} = ${foreign.id}`),
      ),
    ).toEqual([])
  })

  it('C08 is a 404 when the ticket was deleted', async () => {
    const { id } = await createTicket(account.customer)
    await callAs(account.agent, 'DELETE', `tickets/${id}`)
    for (const by of [account.customer, account.agent]) {
      detailsOf(await callAs(by, 'POST', path(id), { content: 'Late' }), 404, 'not_found')
      detailsOf(await callAs(by, 'GET', path(id)), 404, 'not_found')
    }
  })

  it('is a 401 without a credential', async () => {
    const { id } = await createTicket(account.customer)
    const options = { address: '192.0.2.79' }
    detailsOf(await call('POST', path(id), { ...options, body: { content: 'X' } }), 401, 'unauthorized')
    detailsOf(await call('GET', path(id), options), 401, 'unauthorized')
  })
})
