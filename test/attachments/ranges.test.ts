import { env } from 'cloudflare:workers'
import { createHash } from 'node:crypto'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { attachments } from '../../src/db/schema/tickets'
import { sql } from '../../src/db/sql'
import { select } from '../../src/db/statement'
import { deleteFrom } from '../../src/db/write'
import { parseRange } from '../../src/http/byte-ranges'
import { matchesIfNoneMatch } from '../../src/http/etag'
import { type Account, createTestAccount } from '../helpers/api'
import { execute, row } from '../helpers/database'
import { throughEdge } from '../helpers/edge'
import { type FileBody, fetchFile, uploadFile } from '../helpers/files'

const TEXT = 'Drucker brennt'
const SIZE = TEXT.length

let account: Account
let file: FileBody
let etag: string
let modified: string

beforeAll(async () => {
  account = await createTestAccount()
  const content = Buffer.from(TEXT).toString('base64')
  file = await uploadFile(account.agent, { filename: 'note.txt', content, mime_type: 'text/plain' })
  etag = `"${createHash('sha256').update(TEXT).digest('hex')}"`
  modified = (await send()).headers.get('Last-Modified') ?? ''
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

async function send(headers: Record<string, string> = {}, method = 'GET', url = file.url) {
  const response = await fetchFile(url, { method, headers: { ...headers, 'CF-Connecting-IP': '203.0.113.7' } })
  return { ...response, text: Buffer.from(response.bytes).toString() }
}

describe('a file', () => {
  it('has headers for caching, ranges and revalidation', async () => {
    const { status, headers } = await send()
    expect(status).toBe(200)
    expect(headers.get('ETag')).toBe(etag)
    expect(headers.get('Accept-Ranges')).toBe('bytes')
    expect(headers.get('Content-Length')).toBe(String(SIZE))
    const stored = await row(
      select({ created_at: attachments.createdAt }, sql`FROM ${attachments} WHERE ${attachments.id} = ${file.id}`),
    )
    expect(Date.parse(headers.get('Last-Modified') ?? '')).toBe(Math.floor((stored?.created_at ?? 0) / 1_000) * 1_000)
    expect(headers.get('X-Request-Id')).toMatch(/^[\w-]{16,}$/)
    expect(headers.get('Access-Control-Expose-Headers')).toContain('Content-Range')
  })

  it('may be cached by the browser only, until its URL expires', async () => {
    const expires = Number(new URL(file.url).searchParams.get('expires'))
    vi.useFakeTimers({ toFake: ['Date'] })
    for (const left of [3_600, 61.5, 1, 0.5]) {
      vi.setSystemTime((expires - left) * 1_000)
      for (const headers of [{}, { Range: 'bytes=0-1' }, { 'If-None-Match': etag }])
        expect((await send(headers)).headers.get('Cache-Control')).toBe(
          `private, max-age=${Math.floor(left)}, no-transform`,
        )
    }
  })
})

describe('Range', () => {
  it.each([
    ['bytes=0-6', 0, 6],
    ['bytes=8-', 8, SIZE - 1],
    ['bytes=0-', 0, SIZE - 1],
    ['bytes=-6', 8, SIZE - 1],
    ['bytes=-999', 0, SIZE - 1],
    ['bytes=13-13', 13, 13],
    ['bytes=5-99999999999999999999999', 5, SIZE - 1],
    ['Bytes = 1 - 3', 1, 3],
    ['bytes=\t0\t-\t6', 0, 6],
    [`bytes=${'0'.repeat(91)}-13`, 0, 13],
    [`bytes=0-${' '.repeat(91)}6`, 0, 6],
  ])('%s is 206 with that part', async (range, first, last) => {
    const get = vi.spyOn(env.FILES, 'get')
    const response = await send({ Range: range })
    expect([response.status, response.text]).toEqual([206, TEXT.slice(first, last + 1)])
    expect(response.headers.get('Content-Range')).toBe(`bytes ${first}-${last}/${SIZE}`)
    expect(response.headers.get('Content-Length')).toBe(String(last - first + 1))
    expect(response.headers.get('Content-Type')).toBe('text/plain; charset=utf-8')
    expect(response.headers.get('Content-Security-Policy')).toContain('sandbox')
    expect(response.headers.get('ETag')).toBe(etag)
    expect(get).toHaveBeenCalledTimes(1)
  })

  it.each(['bytes=14-', 'bytes=999-1000', 'bytes=-0', 'bytes=99999999999999999999-'])(
    '%s is 416 with the total length',
    async (range) => {
      const get = vi.spyOn(env.FILES, 'get')
      const response = await send({ Range: range })
      expect(response.status).toBe(416)
      expect(response.headers.get('Content-Range')).toBe(`bytes */${SIZE}`)
      expect(JSON.parse(response.text).error).toMatchObject({ code: 'range_not_satisfiable', details: [] })
      expect(response.headers.get('Cache-Control')).toBe('no-store')
      expect(get).not.toHaveBeenCalled()
    },
  )

  it.each([
    'bytes=0-1,3-4',
    'bytes=6-2',
    'bytes=',
    'bytes=-',
    'bytes=a-b',
    'bytes=1-2x',
    'bytes=0x1-5',
    'bytes=-1-2',
    'lines=0-1',
    '0-1',
    '',
    'bytes=0 1-2',
    'bytes=0-1 2',
    'bytes=- 6 x',
    `bytes=${'0'.repeat(92)}-13`,
    `bytes=0-${' '.repeat(92)}6`,
  ])('%j is ignored: the response is the whole file', async (range) => {
    const response = await send({ Range: range })
    expect([response.status, response.text, response.headers.get('Content-Range')]).toEqual([200, TEXT, null])
  })

  it('of an empty file cannot be satisfied', async () => {
    const { url } = await uploadFile(account.agent, { filename: 'empty', content: '', mime_type: 'text/plain' })
    expect((await send({}, 'GET', url)).status).toBe(200)
    expect((await send({ Range: 'bytes=-5' }, 'GET', url)).status).toBe(200)
    const behind = await send({ Range: 'bytes=0-' }, 'GET', url)
    expect([behind.status, behind.headers.get('Content-Range')]).toEqual([416, 'bytes */0'])
  })

  it('returns parts that add up to the whole', async () => {
    const pieces = []
    for (let at = 0; at < SIZE; at += 5) pieces.push((await send({ Range: `bytes=${at}-${at + 4}` })).text)
    expect(pieces.join('')).toBe(TEXT)
  })
})

describe('preconditions', () => {
  it.each([
    ['its tag', () => etag],
    ['its tag, marked weak', () => `W/${etag}`],
    ['its tag among others', () => `"a", ${etag},W/"b"`],
    ['any', () => '*'],
  ])('If-None-Match with %s is 304 without a body, without a request to R2', async (_name, tag) => {
    const get = vi.spyOn(env.FILES, 'get')
    for (const method of ['GET', 'HEAD'])
      for (const range of [{}, { Range: 'bytes=0-1' }, { Range: 'bytes=99-' }]) {
        const response = await send({ 'If-None-Match': tag(), ...range }, method)
        expect([response.status, response.text]).toEqual([304, ''])
        expect(response.headers.get('ETag')).toBe(etag)
        expect(response.headers.get('Content-Security-Policy')).toContain('sandbox')
        expect(response.headers.has('Content-Type')).toBe(false)
      }
    expect(get).not.toHaveBeenCalled()
  })

  it('If-None-Match with a tag that an edge has weakened is 304', async () => {
    const content = Buffer.from(TEXT.repeat(10)).toString('base64')
    const { url } = await uploadFile(account.agent, { filename: 'long.txt', content, mime_type: 'text/plain' })
    const tag = (await fetchFile(url)).headers.get('ETag')
    const again = { headers: { 'If-None-Match': `W/${tag}`, 'CF-Connecting-IP': '203.0.113.7' } }
    expect((await fetchFile(url, again, throughEdge)).status).toBe(304)
  })

  it('a text keeps its length and its strong tag behind an edge that compresses, and its download can be resumed', async () => {
    const text = TEXT.repeat(10)
    const content = Buffer.from(text).toString('base64')
    const { url } = await uploadFile(account.agent, { filename: 'long.txt', content, mime_type: 'text/plain' })
    const { status, headers } = await fetchFile(url, {}, throughEdge)
    const tag = headers.get('ETag') ?? ''
    expect([status, headers.get('Content-Length')]).toEqual([200, String(Buffer.byteLength(text))])
    expect(tag).toMatch(/^"/)
    const rest = await fetchFile(url, { headers: { Range: 'bytes=100-', 'If-Range': tag } }, throughEdge)
    expect([rest.status, Buffer.from(rest.bytes).toString()]).toEqual([206, text.slice(100)])
  })

  it.each(['"other"', '', 'W/"other"', 'nonsense', 'w/"a", *', '"a,*,b"'])(
    'If-None-Match with %j returns the file',
    async (tag) => {
      expect((await send({ 'If-None-Match': tag })).status).toBe(200)
    },
  )

  it('If-Range returns the part for a matching tag, and the whole for any other value', async () => {
    const responses = []
    for (const condition of [etag, modified, `W/${etag}`, '"other"', new Date(0).toUTCString(), 'nonsense'])
      responses.push((await send({ Range: 'bytes=0-6', 'If-Range': condition })).status)
    expect(responses).toEqual([206, 206, 200, 200, 200, 200])
    expect((await send({ Range: 'bytes=99-', 'If-Range': '"other"' })).status).toBe(200)
  })

  it('apply to a valid URL and an existing file only', async () => {
    const bad = file.url.replace('signature=', 'signature=x')
    expect((await send({ 'If-None-Match': '*' }, 'GET', bad)).status).toBe(403)
    const deleted = await uploadFile(account.agent, { filename: 'a', content: 'YQ==', mime_type: 'text/plain' })
    await execute(deleteFrom(attachments, sql`${attachments.id} = ${deleted.id}`))
    expect((await send({ 'If-None-Match': '*' }, 'GET', deleted.url)).status).toBe(404)
  })
})

describe('HEAD', () => {
  it('S13 returns the headers of GET without the body, and does not read it', async () => {
    const got = await send()
    const get = vi.spyOn(env.FILES, 'get')
    const read = vi.spyOn(env.FILES, 'head')
    const head = await send({ Range: 'bytes=0-1' }, 'HEAD')
    expect([head.status, head.text]).toEqual([200, ''])
    const headersOf = ({ headers }: typeof head) =>
      [...headers].filter(([name]) => !/request-id|server-timing|cache-control/.test(name))
    expect(headersOf(head)).toEqual(headersOf(got))
    expect(get).not.toHaveBeenCalled()
    expect(read).not.toHaveBeenCalled()
  })
})

describe('parseRange', () => {
  it.each([
    [undefined, 10, null],
    ['bytes=0-0', 1, { offset: 0, length: 1 }],
    ['bytes=0-0', 0, 'unsatisfiable'],
    ['bytes=-1', 0, null],
    ['bytes=9-', 10, { offset: 9, length: 1 }],
    ['bytes=10-', 10, 'unsatisfiable'],
    ['bytes=2-1', 1, null],
  ] as const)('%j of %i bytes', (header, size, expected) => {
    expect(parseRange(header, size)).toEqual(expected)
  })

  it('takes time that does not grow with its input', () => {
    const started = Date.now()
    expect(parseRange(`bytes=${'0'.repeat(50_000)}x`, 10)).toBeNull()
    expect(parseRange(`bytes${' '.repeat(50_000)}x`, 10)).toBeNull()
    expect(matchesIfNoneMatch(`${'W/'.repeat(20_000)},`.repeat(3), '"a"')).toBe(false)
    expect(Date.now() - started).toBeLessThan(1_000)
  })
})
