import { env } from 'cloudflare:workers'
import { createHash } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { objectIntents } from '../../src/db/schema/tickets'
import { events } from '../../src/db/schema/webhooks'
import { sql } from '../../src/db/sql'
import { select } from '../../src/db/statement'
import { type Account, call, createTestAccount, createTicket } from '../helpers/api'
import { row, rows } from '../helpers/database'
import { type FileBody, fetchFile, uploadFile } from '../helpers/files'

let account: Account

beforeAll(async () => {
  account = await createTestAccount()
})

const file = (filename: string, bytes: Uint8Array | string, mime_type = 'text/plain') => ({
  filename,
  content: Buffer.from(bytes).toString('base64'),
  mime_type,
})

const post = (attachments: unknown, title = 'T') =>
  call('POST', 'tickets', { token: account.customer.token, body: { title, description: 'D', attachments } })

describe('an attachment of a new ticket', () => {
  it('comes back byte for byte through its address, with its SHA-256', async () => {
    const bytes = crypto.getRandomValues(new Uint8Array(60_000))
    const response = await post([file('noise.bin', bytes, 'application/octet-stream')])
    expect(response.status).toBe(201)
    const [attachment] = response.body.data.attachments
    expect(Object.keys(attachment)).toEqual(['id', 'filename', 'size', 'mime_type', 'url', 'created_at', 'sha256'])
    expect(attachment).toMatchObject({
      id: expect.stringMatching(/^attach_[0-9a-z]{26}$/),
      filename: 'noise.bin',
      size: 60_000,
      mime_type: 'application/octet-stream',
      sha256: createHash('sha256').update(bytes).digest('hex'),
    })
    const got = await fetchFile(attachment.url)
    expect(got.status).toBe(200)
    expect(Buffer.from(got.bytes).equals(bytes)).toBe(true)
  })

  it('is stored under the account and its ID, never under its name', async () => {
    const attachment = await uploadFile(account.customer, file('name-of-it.txt', 'hello'))
    const object = await env.FILES.head(`${account.id}/${attachment.id}`)
    expect(object).toMatchObject({ size: 5 })
    expect(object?.checksums.toJSON().sha256, 'the storage has checked the bytes').toBe(attachment.sha256)
    const { objects } = await env.FILES.list()
    expect(objects.map((object) => object.key).join()).not.toContain('name-of-it')
  })

  it('may be empty, and may be ten', async () => {
    const empty = await uploadFile(account.customer, file('empty.txt', ''))
    expect(empty.size).toBe(0)
    expect((await fetchFile(empty.url)).bytes).toHaveLength(0)
    const names = Array.from({ length: 10 }, (_, index) => `${9 - index}.txt`)
    const response = await post(names.map((name) => file(name, name)))
    expect(response.status).toBe(201)
    expect(response.body.data.attachments.map((attachment: FileBody) => attachment.filename)).toEqual(names)
    for (const attachment of response.body.data.attachments)
      expect(Buffer.from((await fetchFile(attachment.url)).bytes).toString()).toBe(attachment.filename)
  })

  it('is refused as the eleventh', async () => {
    const response = await post(Array.from({ length: 11 }, (_, index) => file(`${index}.txt`, 'x')))
    expect(response.status).toBe(400)
    expect(response.body.error.details).toEqual([
      { field: 'attachments', message: 'Attachments must have at most 10 items', code: 'too_many' },
    ])
  })

  it('leaves no intent behind, and its event holds no address', async () => {
    const attachment = await uploadFile(account.customer, file('told.txt', 'told'))
    expect(await rows(sql`SELECT * FROM ${objectIntents} WHERE ${objectIntents.accountId} = ${account.id}`)).toEqual([])
    const event = await row(
      select({ data: events.data }, sql`FROM ${events} WHERE ${events.data} LIKE ${`%${attachment.id}%`}`),
    )
    expect(event?.data).toContain('told.txt')
    expect(event?.data).not.toMatch(/signature|expires=|http/)
  })

  it('comes with the ticket, and with the ticket alone', async () => {
    const ticket = await createTicket(account.customer, { attachments: [file('a.txt', 'a')] })
    const detail = await call('GET', `tickets/${ticket.id}`, { token: account.customer.token })
    expect(detail.body.data.attachments).toEqual(ticket.attachments)
    expect(detail.body.data.attachment_count).toBe(1)
    const other = await createTicket(account.customer)
    expect(other.attachments).toEqual([])
  })
})

describe('an attachment of a comment', () => {
  it('comes back byte for byte, with the comment and with the ticket', async () => {
    const ticket = await createTicket(account.customer)
    const body = { content: 'C', attachments: [file('log.txt', 'é😀\0\r\n')] }
    const made = await call('POST', `tickets/${ticket.id}/comments`, { token: account.agent.token, body })
    expect(made.status).toBe(201)
    const [attachment] = made.body.data.attachments
    expect(Buffer.from((await fetchFile(attachment.url)).bytes).toString()).toBe('é😀\0\r\n')
    const list = await call('GET', `tickets/${ticket.id}/comments`, { token: account.customer.token })
    expect(list.body.data[0].attachments).toEqual([attachment])
    const detail = await call('GET', `tickets/${ticket.id}`, { token: account.customer.token })
    expect(detail.body.data.attachments).toEqual([attachment])
  })

  it('S09 is not shown to a customer where the comment is internal', async () => {
    const ticket = await createTicket(account.customer)
    const before = await call('GET', `tickets/${ticket.id}`, { token: account.customer.token })
    const body = { content: 'C', is_internal: true, attachments: [file('secret.txt', 's')] }
    await call('POST', `tickets/${ticket.id}/comments`, { token: account.agent.token, body })
    const after = await call('GET', `tickets/${ticket.id}`, { token: account.customer.token })
    expect(after.text).toBe(before.text)
    const staff = await call('GET', `tickets/${ticket.id}`, { token: account.agent.token })
    expect(staff.body.data.attachment_count).toBe(1)
  })

  it('stores nothing for a ticket that the caller can not see', async () => {
    const own = await createTestAccount()
    const theirs = await createTicket(account.agent)
    const body = { content: 'C', attachments: [file('a.txt', 'a')] }
    const response = await call('POST', `tickets/${theirs.id}/comments`, { token: own.agent.token, body })
    expect(response.status).toBe(404)
    expect(await rows(sql`SELECT * FROM ${objectIntents} WHERE ${objectIntents.accountId} = ${own.id}`)).toEqual([])
    expect((await env.FILES.list({ prefix: `${own.id}/` })).objects).toEqual([])
  })
})

const UNPADDED = 'must be padded with = to a multiple of four characters'
const WHITE_SPACE = 'must not contain white space'
const LINE_BREAK = 'must not contain line breaks'
const URL_SAFE = 'must use the standard alphabet (+ and /), not the URL-safe one (- and _)'
const NOT_CANONICAL = 'must be canonical base64: the last character before the padding is not valid'
const PADDING = 'must have padding (=) only at its end, at most two characters'
const ALPHABET = 'must contain only base64 characters: A to Z, a to z, 0 to 9, +, / and ='
const DATA_URL = 'must not be a data URL: send only the part after the comma'

describe('base64', () => {
  it.each([
    ['no padding', 'aGk', UNPADDED],
    ['half of its padding', 'aA=', UNPADDED],
    ['too much padding', 'aGk==', UNPADDED],
    ['one character', 'a', UNPADDED],
    ['a space', 'aG k=', WHITE_SPACE],
    ['a tab', '\taGk=', WHITE_SPACE],
    ['a no-break space', 'aGk=\u00a0', WHITE_SPACE],
    ['a newline at its end', 'aGk=\n', LINE_BREAK],
    ['lines of 76 characters', `${'QUJD'.repeat(19)}\r\n${'QUJD'.repeat(19)}\n`, LINE_BREAK],
    ['the URL-safe alphabet', '-_8=', URL_SAFE],
    ['the URL-safe alphabet without padding', '-_8', URL_SAFE],
    ['a hyphen late in a long text', `${'QUJD'.repeat(50_000)}-_8=`, URL_SAFE],
    ['trailing bits', 'aGl=', NOT_CANONICAL],
    ['trailing bits of two', 'aB==', NOT_CANONICAL],
    ['padding alone', '====', PADDING],
    ['padding within', 'aGk=aGk=', PADDING],
    ['another alphabet', 'é===', ALPHABET],
    ['another character late in a long text', `${'QUJD'.repeat(50_000)}é===`, ALPHABET],
    ['quotes', '"aGk="', ALPHABET],
    ['a data URL', 'data:text/plain;base64,aGk=', DATA_URL],
    ['a data URL in capitals, with line breaks', 'DATA:;base64,aGk=\n', DATA_URL],
  ])('is rejected with its cause: %s', async (_name, content, rule) => {
    const response = await post([{ filename: 'a.txt', content, mime_type: 'text/plain' }])
    expect(response.status).toBe(400)
    expect(response.body.error.details).toEqual([
      { field: 'attachments.0.content', message: `Content ${rule}`, code: 'invalid_format' },
    ])
  })

  it('has all of its alphabet', async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index)
    const attachment = await uploadFile(account.customer, file('all.bin', bytes, 'application/octet-stream'))
    expect(Buffer.from((await fetchFile(attachment.url)).bytes).equals(bytes)).toBe(true)
  })
})

describe('mime_type', () => {
  it.each([
    '',
    'text',
    '/plain',
    'text/',
    'text/plain; charset=utf-8',
    'text/pl ain',
    'text/plain\r\nX: y',
    'a/b/c',
    '*/*',
    'é/x',
  ])('%j is refused', async (mime_type) => {
    const response = await post([{ filename: 'a.txt', content: 'aGk=', mime_type }])
    expect(response.body.error.details.map((entry: { field: string }) => entry.field)).toEqual([
      'attachments.0.mime_type',
    ])
  })

  it.each(['text/plain', 'application/vnd.ms-excel.sheet.macroEnabled.12', 'image/svg+xml', 'TEXT/HTML'])(
    '%s is kept as it is',
    async (mime_type) => {
      const attachment = await uploadFile(account.customer, { filename: 'a', content: 'aGk=', mime_type })
      expect(attachment.mime_type).toBe(mime_type)
    },
  )
})
