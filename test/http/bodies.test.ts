import { beforeAll, describe, expect, it, vi } from 'vitest'
import { tickets } from '../../src/db/schema/tickets'
import { sql } from '../../src/db/sql'
import { select } from '../../src/db/statement'
import { type Account, call, createTestAccount } from '../helpers/api'
import { row } from '../helpers/database'
import { direct, type Route, toApplication } from '../helpers/edge'

const MAX = 10 * 1024 * 1024

let account: Account

beforeAll(async () => {
  account = await createTestAccount()
})

const post = (body: unknown, headers: Record<string, string> = {}, route: Route = direct) =>
  call('POST', 'tickets', { token: account.agent.token, body, headers, route })

async function postWatched(body: string) {
  const parse = vi.spyOn(JSON, 'parse')
  const response = await post(body)
  const longestParsed = Math.max(...parse.mock.calls.map(([text]) => text.length))
  parse.mockRestore()
  return { response, longestParsed }
}

async function ticketsOf(accountId: string): Promise<number> {
  return (
    (await row(select({ n: sql<number>`count(*)` }, sql`FROM ${tickets} WHERE ${tickets.accountId} = ${accountId}`)))
      ?.n ?? -1
  )
}

function streamed(bytes: number, sent: { bytes: number }): ReadableStream<Uint8Array> {
  const chunk = new Uint8Array(64 * 1024).fill(0x20)
  return new ReadableStream({
    pull(controller) {
      if (sent.bytes >= bytes) return controller.close()
      sent.bytes += chunk.byteLength
      controller.enqueue(chunk)
    },
  })
}

describe('S12 an invalid body of a ticket', () => {
  const bom = '\ufeff{"title":"T","description":"D"}'
  const broken = new Uint8Array([...new TextEncoder().encode('{"description":"D","title":"'), 0xff, 0x22, 0x7d])
  const cut = new TextEncoder().encode('{"title":"é').slice(0, -1)

  it.each([
    ['an open brace', '{'],
    ['nothing', ''],
    ['null', 'null'],
    ['an array', '[]'],
    ['a string', '"x"'],
    ['a number', '1'],
    ['white space', ' \n'],
    ['two objects', '{}{}'],
    ['a comment', '{/**/}'],
    ['single quotes', "{'title':'T'}"],
    ['NaN', '{"title":NaN}'],
    ['a byte order mark', bom],
    ['a byte FF', broken],
    ['truncated UTF-8', cut],
    ['100,000-deep arrays', '['.repeat(100_000) + ']'.repeat(100_000)],
    ['100,000-deep arrays without an end', '['.repeat(100_000)],
    ['100,000-deep objects', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`],
    [
      'depth within a field',
      `{"title":"T","description":"D","custom_fields":{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}}`,
    ],
  ])('S12 is 400 with the reason: %s', async (_name, body) => {
    const response = await post(body)
    expect(response.status).toBe(400)
    expect(response.body.error).toMatchObject({ code: 'invalid_input', message: 'The request data is invalid' })
    expect(response.body.error.details.length).toBeGreaterThan(0)
  })

  it('S12 is 400 if it is missing, or 415 without a media type', async () => {
    const typed = await call('POST', 'tickets', {
      token: account.agent.token,
      headers: { 'Content-Type': 'application/json' },
    })
    expect(typed.status).toBe(400)
    expect((await call('POST', 'tickets', { token: account.agent.token })).status).toBe(415)
  })

  /** A body that never ends, after this text. */
  function held(text: string): ReadableStream<Uint8Array> {
    return new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode(text)) })
  }

  it.each(['[', '{"a":', '0,'])('S12 is rejected before its end for too many %j', async (token) => {
    const response = await post(held(token.repeat(100_000)), {}, toApplication)
    expect([response.status, response.body.error.details[0].message]).toEqual([
      400,
      'Body must have at most 10,000 fields',
    ])
  })

  it('S12 is rejected if its last chunk, which is shorter than the others, has too many fields', async () => {
    const chunks = [`{"title":"T","description":"${'x'.repeat(50_000)}","tags":[`, `${'0,'.repeat(20_001)}0]}`]
    const body = new ReadableStream({
      start(controller) {
        for (const chunk of chunks) controller.enqueue(new TextEncoder().encode(chunk))
        controller.close()
      },
    })
    const response = await post(body, {}, toApplication)
    expect([response.status, response.body.error.details[0].message]).toEqual([
      400,
      'Body must have at most 10,000 fields',
    ])
  })

  it('is rejected before it has arrived, on a route without a body, for its declared length', async () => {
    const options = { token: account.customer.token, body: held(''), route: toApplication }
    const response = await call('POST', 'auth/logout', { ...options, headers: { 'Content-Length': '100' } })
    expect([response.status, response.body.error.details[0].message]).toEqual([400, 'Body must be empty'])
  })

  it('S12 is rejected before an object is built for a million fields', async () => {
    const keys = Array.from({ length: 700_000 }, (_, index) => `"k${index}":0`)
    const body = `{"title":"T","description":"D",${keys.join(',')}}`
    expect(body.length).toBeLessThan(MAX)
    const { response, longestParsed } = await postWatched(body)
    expect(response.status).toBe(400)
    expect(response.body.error.details).toEqual([
      { field: 'body', message: 'Body must have at most 10,000 fields', code: 'too_many' },
    ])
    expect(longestParsed).toBeLessThan(MAX / 100)
  })

  it.each([
    ['arrays', '[', ']'],
    ['objects', '{"a":', '}'],
  ])('S12 is rejected before it is built for %s nested up to 10 MiB', async (_name, open, close) => {
    const depth = Math.floor(MAX / (open.length + close.length)) - 1
    const { response, longestParsed } = await postWatched(`${open.repeat(depth)}1${close.repeat(depth)}`)
    expect(response.status).toBe(400)
    expect(response.body.error.details).toEqual([
      { field: 'body', message: 'Body must have at most 10,000 fields', code: 'too_many' },
    ])
    expect(longestParsed).toBeLessThan(MAX / 100)
  })

  it.each([
    ['objects', '{}'],
    ['numbers', '1'],
    ['texts', '"a"'],
  ])('S12 is rejected before it is parsed for a million %s in a list', async (_name, element) => {
    const { response, longestParsed } = await postWatched(
      `{"title":"T","description":"D","tags":[${Array(1_000_000).fill(element).join(',')}]}`,
    )
    expect(response.status).toBe(400)
    expect(longestParsed).toBeLessThan(MAX / 100)
  })

  it('S12 returns at most 50 details for 9,000 unknown fields, and the last one counts the rest', async () => {
    const response = await post(Object.fromEntries(Array.from({ length: 9_000 }, (_, index) => [`k${index}`, 0])))
    expect(response.status).toBe(400)
    expect(response.body.error.details).toHaveLength(50)
    const unknown = response.body.error.details.find(({ field }: { field: string }) => field === 'k0')
    expect(unknown).toEqual({ field: 'k0', message: 'K0 is not a known field', code: 'unknown_field' })
    expect(response.body.error.details[49].message).toMatch(/^\d+ more problems are not listed$/)
  })

  it('S12 returns 49 details and a rest of two for 51 problems, and all details for 50', async () => {
    const unknown = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`no_${index}`, true]))
    const all = await post({ title: 'T', description: 'D', ...unknown(50) })
    expect(all.body.error.details).toHaveLength(50)
    expect(all.body.error.details[49]).toEqual({
      field: 'no_49',
      message: 'no_49 is not a known field',
      code: 'unknown_field',
    })
    const more = await post({ title: 'T', description: 'D', ...unknown(51) })
    expect(more.body.error.details).toHaveLength(50)
    expect(more.body.error.details[49].message).toBe('2 more problems are not listed')
  })

  it('S12 leaves no ticket', async () => {
    expect(await ticketsOf(account.id)).toBe(0)
  })

  it('S12 is not rejected for colons and quotes in strings', async () => {
    const description = '"a": \\": \\\\'.repeat(5_000)
    const response = await post({ title: 'T', description })
    expect(response.status).toBe(201)
    expect(response.body.data.description).toBe(description)
  })
})

describe('the size of a body', () => {
  it('S12 is checked by its Content-Length: 413', async () => {
    const response = await post('x'.repeat(MAX + 1))
    expect(response.status).toBe(413)
    expect(response.body.error.message).toContain('10 MiB')
  })

  it('S12 is checked by its Content-Length before a byte of it is read: 413', async () => {
    const sent = { bytes: 0 }
    const response = await post(streamed(MAX, sent), { 'Content-Length': String(MAX + 1) }, toApplication)
    expect(response.status).toBe(413)
    // Streams hold a little ready that nobody has asked for.
    expect(sent.bytes).toBeLessThan(MAX / 10)
  })

  it('S12 is checked for a stream without a Content-Length, which is not read to its end: 413', async () => {
    const sent = { bytes: 0 }
    const response = await post(streamed(5 * MAX, sent))
    expect(response.status).toBe(413)
    expect(sent.bytes).toBeLessThan(3 * MAX)
  })

  it('can be exactly 10 MiB', async () => {
    const json = '{"title":"T","description":"D"}'
    expect((await post(json + ' '.repeat(MAX - json.length))).status).toBe(201)
    expect((await post(json + ' '.repeat(MAX - json.length + 1))).status).toBe(413)
  })
})

describe('415', () => {
  it.each([
    'text/plain',
    'text/json',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/jsonp',
    'application/merge-patch+json',
    'text/plain, application/json',
    'text/plain; application/json',
  ])('names the media type to send instead of %s', async (type) => {
    const response = await post('{"title":"T","description":"D"}', { 'Content-Type': type })
    expect(response.status).toBe(415)
    expect(response.body.error.message).toContain('application/json')
  })

  it.each(['gzip', 'deflate', 'br', 'unknown'])(
    'is returned for Content-Encoding %s, also for an uncompressed body',
    async (encoding) => {
      const response = await post('{"title":"T","description":"D"}', { 'Content-Encoding': encoding })
      expect(response.status).toBe(415)
      expect(response.body.error.message).toBe('The body must be sent without Content-Encoding')
      expect((await post('{"title":"T","description":"D"}', { 'Content-Encoding': 'identity' })).status).toBe(201)
    },
  )

  it.each(['application/json', 'application/json; charset=utf-8', 'Application/JSON'])(
    'is not returned for %s',
    async (type) => {
      const response = await post('{"title":"T","description":"D"}', { 'Content-Type': type })
      expect(response.status).toBe(201)
    },
  )
})
