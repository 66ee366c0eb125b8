import { beforeAll, describe, expect, it } from 'vitest'
import { DETAIL_CODES, type DetailCode } from '../../src/core/errors'
import { freshIpAddress } from '../helpers/addresses'
import { type Account, call, createTestAccount, createTicket, type Member, type TestResponse } from '../helpers/api'
import { openapi } from '../helpers/openapi'
import { callAs } from '../helpers/tickets'

let account: Account

beforeAll(async () => {
  account = await createTestAccount()
})

const create = (by: Member, input: Record<string, unknown>) =>
  callAs(by, 'POST', 'tickets', { title: 'T', description: 'D', ...input })

/** A request for each code, and the fields that it rejects. */
const CASES: Record<DetailCode, [request: () => Promise<TestResponse>, status: number, fields: string[]][]> = {
  required: [
    [() => create(account.agent, { title: undefined }), 400, ['title']],
    [() => callAs(account.admin, 'PATCH', 'account', {}), 400, ['body']],
    [() => callAs(account.agent, 'POST', 'tickets/ticket_x/attachments'), 415, []],
  ],
  unknown_field: [[() => create(account.agent, { stauts: 'open', tag: 'a' }), 400, ['stauts', 'tag']]],
  unknown_parameter: [[() => callAs(account.agent, 'GET', 'tickets?stauts=open'), 400, ['stauts']]],
  invalid_type: [
    [
      () => create(account.agent, { title: 1, tags: ['a', 2], custom_fields: [] }),
      400,
      ['title', 'tags.1', 'custom_fields'],
    ],
    [() => callAs(account.agent, 'GET', 'tickets?q=a&q=b'), 400, ['q']],
  ],
  invalid_value: [
    [() => create(account.agent, { priority: 'urgent' }), 400, ['priority']],
    [() => callAs(account.agent, 'GET', 'tickets?per_page=101'), 400, ['per_page']],
  ],
  invalid_format: [
    [() => create(account.agent, { assigned_to: 'a b' }), 400, ['assigned_to']],
    [() => callAs(account.agent, 'GET', 'tickets?page=1e3&created_after=x'), 400, ['created_after', 'page']],
    [() => call('POST', 'tickets', { token: account.agent.token, body: '{' }), 400, ['body']],
  ],
  too_short: [
    [() => create(account.agent, { title: '', description: '', tags: [''] }), 400, ['title', 'description', 'tags.0']],
    [() => callAs(account.admin, 'POST', 'webhooks', { url: 'https://a.example', events: [] }), 400, ['events']],
  ],
  too_long: [[() => create(account.agent, { title: 'a'.repeat(201) }), 400, ['title']]],
  too_many: [
    [() => create(account.agent, { tags: Array.from({ length: 21 }, String) }), 400, ['tags']],
    [() => callAs(account.agent, 'GET', `tickets?status=${Array(51).fill('open')}`), 400, ['status']],
  ],
  too_large: [
    [() => call('POST', 'tickets', { token: account.agent.token, body: 'x'.repeat(10_485_761) }), 413, ['body']],
  ],
  not_found: [[() => create(account.agent, { created_by: 'user_none' }), 422, ['created_by']]],
  already_exists: [
    [() => callAs(account.admin, 'POST', 'users', { name: 'N', email: account.agent.email }), 409, ['email']],
  ],
  not_allowed: [
    [() => create(account.customer, { status: 'closed' }), 403, ['status']],
    [() => create(account.agent, { assigned_to: account.customer.id }), 422, ['assigned_to']],
  ],
  conflicting_fields: [
    [() => callAs(account.agent, 'GET', 'tickets?page=1&cursor='), 400, ['page']],
    [
      async () => {
        const { id } = await createTicket(account.agent)
        return callAs(account.agent, 'PATCH', `tickets/${id}`, { add_tags: ['a'], remove_tags: ['a'] })
      },
      400,
      ['add_tags'],
    ],
    [
      () =>
        call('GET', 'tickets', {
          headers: { Authorization: 'Bearer a', 'X-API-Key': 'b' },
          address: freshIpAddress(),
        }),
      400,
      ['X-API-Key'],
    ],
  ],
}

describe('the code of a detail', () => {
  it('is documented', () => {
    expect(openapi.components.schemas.ErrorDetailCode?.enum).toEqual(DETAIL_CODES)
  })

  it.each(DETAIL_CODES)('is %s for each field of that kind', async (code) => {
    for (const [request, status, fields] of CASES[code]) {
      const response = await request()
      expect(response.status, response.text).toBe(status)
      const details: { field: string; code: string }[] = response.body.error.details
      expect(details.map((detail) => [detail.field, detail.code])).toEqual(fields.map((field) => [field, code]))
    }
  })
})

describe('the message of a detail', () => {
  it.each([
    [{ title: undefined }, 'Title is required'],
    [{ assigned_to: 'a b' }, 'assigned_to must contain only letters, digits, _ and -'],
    [{ tags: ['a', ''] }, 'tags.1 must not be empty'],
    [{ id: 'a' }, 'ID is not a known field'],
    [{ url: 'a' }, 'URL is not a known field'],
    [{ isAdmin: true }, 'isAdmin is not a known field'],
    [{ colour2: true }, 'Colour2 is not a known field'],
    [{ 'a b': true }, 'a b is not a known field'],
    [{ élan: true }, 'élan is not a known field'],
    [{ '': true }, '"" is not a known field'],
    [{ ' ': true }, '" " is not a known field'],
    [{ attachments: [1] }, 'attachments.0 must be an object'],
    [{ attachments: [{ filename: 'a', content: '' }] }, 'mime_type is required'],
  ])('of %j begins with the name as it was sent, and a word with a capital', async (input, message) => {
    const { body } = await create(account.agent, input)
    expect(body.error.details.map((detail: { message: string }) => detail.message)).toEqual([message])
  })

  it('lists the values that a list may contain', async () => {
    const webhook = { url: 'https://a.example', events: ['ticket.created', 'ticket.creatd', 'x'] }
    const { details } = (await callAs(account.admin, 'POST', 'webhooks', webhook)).body.error
    expect(details.map(({ field }: { field: string }) => field)).toEqual(['events.1', 'events.2'])
    for (const { message } of details) expect(message).toMatch(/^Events must contain only: ticket\.created, .*, \*$/)
  })
})

describe('a format with several causes', () => {
  const MIME = [
    ['', 'must be a media type, such as text/plain'],
    ['text', 'must be a media type, such as text/plain'],
    ['text/plain; charset=utf-8', 'must not have parameters such as charset'],
    [`text/${'a'.repeat(200)}`, 'must be at most 192 characters'],
  ]
  it.each(MIME)('is named for the media type %j', async (mime_type, rule) => {
    const { body } = await create(account.agent, { attachments: [{ filename: 'a', content: '', mime_type }] })
    expect(body.error.details[0].message).toBe(`mime_type ${rule}`)
  })

  it.each([
    ['', 'must not be empty', 'too_short'],
    ['a'.repeat(65), 'must be at most 64 characters', 'too_long'],
    ['a.b', 'must contain only letters, digits, _ and -', 'invalid_format'],
  ])('is named for the ID %j', async (id, rule, code) => {
    const { body } = await create(account.agent, { created_by: id })
    expect(body.error.details).toEqual([{ field: 'created_by', message: `created_by ${rule}`, code }])
  })

  it.each([
    ['/hook', 'must be an absolute URL, such as https://hooks.example.com/tickets', 'invalid_format'],
    ['example.com', 'must be an absolute URL, such as https://hooks.example.com/tickets', 'invalid_format'],
    ['ftp://example.com', 'must begin with https:// or http://', 'invalid_format'],
    ['https://example.com/ ', 'must not contain white space or control characters', 'invalid_format'],
    [`https://example.com/${'a'.repeat(2_048)}`, 'must be at most 2,048 characters', 'too_long'],
  ])('is named for the URL %j', async (url, rule, code) => {
    const { body } = await callAs(account.admin, 'POST', 'webhooks', { url, events: ['*'] })
    expect(body.error.details).toEqual([{ field: 'url', message: `URL ${rule}`, code }])
  })

  it.each([
    ['2025-05-01T09:30:00', 'must end with Z or an offset such as +02:00'],
    ['2025-02-30', 'must be a time or a date that exists'],
    ['2025-05-01T25:00:00Z', 'must be a time or a date that exists'],
    ['yesterday', 'must be an RFC 3339 time, such as 2025-05-01T09:30:00Z, or a date'],
    ['1714997400', 'must be an RFC 3339 time, such as 2025-05-01T09:30:00Z, or a date'],
  ])('is named for the time %j', async (time, rule) => {
    const { body } = await callAs(account.agent, 'GET', `tickets?created_after=${encodeURIComponent(time)}`)
    expect(body.error.details).toEqual([
      { field: 'created_after', message: `created_after ${rule}`, code: 'invalid_format' },
    ])
  })
})
