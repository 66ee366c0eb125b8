import { env } from 'cloudflare:workers'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { attachments, objectIntents } from '../../src/db/schema/tickets'
import { sql } from '../../src/db/sql'
import { select } from '../../src/db/statement'
import { freshIpAddress } from '../helpers/addresses'
import { type Account, call, createTestAccount, createTicket } from '../helpers/api'
import { row, rows } from '../helpers/database'
import { toApplication } from '../helpers/edge'
import { eventually } from '../helpers/eventually'
import { bufferUploads, generated, type RawUpload, upload } from '../helpers/files'
import { callAs, detailsOf } from '../helpers/tickets'

const MIB = 1024 * 1024

let account: Account
let foreign: Account

beforeAll(async () => {
  account = await createTestAccount()
  foreign = await createTestAccount()
})
afterEach(() => {
  vi.restoreAllMocks()
})

describe('a body that is refused', () => {
  const rejected = (init: RawUpload, ticketId = 'ticket_none') => upload(account.agent, ticketId, init)

  it.each(['', 'text', '/plain', 'text/', '*/*', 'image/png, text/plain', 'text/pl ain', 'é/x', 'a/b/c'])(
    'with Content-Type %j: 415, whatever else is wrong',
    async (type) => {
      const headers = { 'Content-Type': type, 'Content-Length': String(95 * MIB + 1) }
      const response = await rejected({ headers, query: '?filename=' })
      expect(detailsOf(response, 415, 'unsupported_media_type')).toEqual([])
      expect(response.body.error.message).toContain('image/png')
    },
  )

  it.each(['multipart/form-data; boundary=x', 'Multipart/Mixed', 'application/x-www-form-urlencoded'])(
    'with the Content-Type of a form, %j: 415, and nothing is stored',
    async (type) => {
      const { id } = await createTicket(account.agent)
      const response = await rejected(
        { bytes: generated(10), headers: { 'Content-Type': type, 'Content-Length': '10' } },
        id,
      )
      expect(detailsOf(response, 415, 'unsupported_media_type')).toEqual([])
      expect(response.body.error.message).toContain('the Content-Type of the file')
      expect(
        await rows(select({ id: attachments.id }, sql`FROM ${attachments} WHERE ${attachments.ticketId} = ${id}`)),
      ).toEqual([])
    },
  )

  it.each(['gzip', 'BR', 'identity, gzip'])(
    'with Content-Encoding %s: 415, for nobody would undo it',
    async (encoding) => {
      const response = await rejected({
        bytes: generated(10),
        headers: { 'Content-Length': '10', 'Content-Encoding': encoding },
      })
      expect(detailsOf(response, 415, 'unsupported_media_type')).toEqual([])
      expect(response.body.error.message).toBe('The body must be sent without Content-Encoding')
    },
  )

  it('S12 without a length, or with one that is none: 411', async () => {
    for (const headers of [{}, ...['abc', '-1', '1e3', ''].map((length) => ({ 'Content-Length': length }))]) {
      const response = await rejected({ bytes: generated(10), headers, query: '' })
      expect(detailsOf(response, 411, 'length_required')).toEqual([])
    }
  })

  it('S12 of more than 95 MiB: 413, before a byte of it is read', async () => {
    let sent = 0
    const bytes = generated(MIB, (so) => {
      sent = so
    })
    const response = await call('POST', 'tickets/ticket_none/attachments', {
      token: account.agent.token,
      headers: { 'Content-Type': 'text/plain', 'Content-Length': String(95 * MIB + 1) },
      body: bytes,
      route: toApplication,
    })
    expect(detailsOf(response, 413, 'payload_too_large')).toEqual([
      { field: 'body', message: 'Body must be at most 95 MiB', code: 'too_large' },
    ])
    expect(response.body.error.message).toBe('The body must be at most 95 MiB')
    expect(sent).toBeLessThan(MIB)
    const largest = await rejected({ bytes: generated(10), headers: { 'Content-Length': String(95 * MIB) } })
    expect(largest.status).toBe(404)
  })

  it.each([
    ['', 'filename', 'Filename is required', 'required'],
    ['?filename=', 'filename', 'Filename must be 1 to 255 bytes', 'too_short'],
    [`?filename=${'x'.repeat(256)}`, 'filename', 'Filename must be 1 to 255 bytes', 'too_long'],
    ['?filename=a&filename=b', 'filename', 'Filename must be a single string', 'invalid_type'],
    ['?filename=a.txt&name=b', 'name', 'Name is not a known parameter', 'unknown_parameter'],
  ])('400 for %j', async (query, field, message, code) => {
    expect(detailsOf(await rejected({ query }), 400, 'invalid_input')).toEqual([{ field, message, code }])
  })

  it.each(['../../etc/passwd', '..\\x', 'C:\\x', '..', 'a\r\nSet-Cookie: b', 'a\0', 'evil\u202egpj.exe'])(
    'S16 400 for the name %j',
    async (name) => {
      const response = await rejected({ query: `?filename=${encodeURIComponent(name)}` })
      expect(detailsOf(response, 400, 'invalid_input')[0]?.field).toBe('filename')
    },
  )

  it('S12 400 where it is shorter or longer than it says, and nothing is left', async () => {
    bufferUploads()
    const { id } = await createTicket(account.agent)
    for (const [said, size] of [
      [1_000, 999],
      [1_000, 0],
      [1_000, 1_001],
      [0, 1],
      [MIB, 3 * MIB],
    ]) {
      const response = await rejected({ bytes: generated(size ?? 0), headers: { 'Content-Length': String(said) } }, id)
      expect(detailsOf(response, 400, 'invalid_input')).toEqual([
        {
          field: 'body',
          message: `Body must have the length in Content-Length, ${said} bytes`,
          code: 'invalid_value',
        },
      ])
    }
    expect(
      await row(select({ id: attachments.id }, sql`FROM ${attachments} WHERE ${attachments.ticketId} = ${id}`)),
    ).toBeNull()
    expect((await callAs(account.agent, 'GET', `tickets/${id}`)).body.data.version).toBe(1)
    await eventually(async () => {
      expect(
        await rows(
          select({ id: objectIntents.id }, sql`FROM ${objectIntents} WHERE ${objectIntents.accountId} = ${account.id}`),
        ),
      ).toEqual([])
    })
  })

  it('S07 404 for whoever does not see the ticket, with nothing stored, the same bytes as for a random ID', async () => {
    const { id } = await createTicket(account.customer)
    const put = vi.spyOn(env.FILES, 'put')
    for (const by of [account.stranger, foreign.customer, foreign.agent, foreign.admin]) {
      const random = await upload(by, 'ticket_01jaaaaaaaaaaaaaaaaaaaaaaa')
      detailsOf(random, 404, 'not_found')
      const response = await upload(by, id)
      expect([response.status, response.text]).toEqual([404, random.text])
    }
    expect(put).not.toHaveBeenCalled()
    expect(await rows(select({ id: objectIntents.id }, sql`FROM ${objectIntents}`))).toEqual([])
  })

  it('comes in order: 401, then 415, 413, 411, then 400, then 404', async () => {
    const path = 'tickets/ticket_none/attachments'
    const anonymous = await call('POST', path, { body: new Uint8Array(1), headers: {}, address: freshIpAddress() })
    expect(anonymous.status).toBe(401)
    const statuses = []
    for (const init of [
      { query: '', headers: { 'Content-Type': 'x', 'Content-Length': String(96 * MIB) } },
      { query: '', headers: { 'Content-Length': String(96 * MIB) } },
      { query: '', headers: { 'Content-Length': 'x' } },
      { query: '' },
      {},
    ])
      statuses.push((await rejected(init)).status)
    expect(statuses).toEqual([415, 413, 411, 400, 404])
  })
})
