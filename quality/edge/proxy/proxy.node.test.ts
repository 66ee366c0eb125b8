import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { pipeline, Readable } from 'node:stream'
import { text as textOf } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../../../test/helpers/node/server.ts'
import { type Edge, startEdge } from './edge.ts'

type Respond = (request: IncomingMessage, response: ServerResponse) => unknown

let respond: Respond
let edge: Edge
const origin = createServer({ maxHeaderSize: 256 * 1024 }, (received, response) => respond(received, response))

beforeAll(async () => {
  const port = await freePort()
  await new Promise<void>((resolve) => origin.listen(port, resolve))
  edge = await startEdge(await freePort(), port)
})
afterAll(async () => {
  await edge.close()
  origin.closeAllConnections()
  origin.close()
})

const JSON_TYPE = 'application/json'

function responds(status: number, headers: Record<string, string>, body: string): void {
  respond = (received, response) => {
    received.resume()
    response.writeHead(status, { 'Content-Length': String(Buffer.byteLength(body)), ...headers })
    response.end(body)
  }
}

/** Node's `fetch` decompresses; this shows the headers as they are. */
function rawGet(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = request(`${edge.origin}${path}`, { method, headers }, (response) => {
      response.resume()
      resolve(response)
    })
    sent.on('error', reject)
    sent.end()
  })
}

/** In pieces, without a `Content-Length`. */
function sendChunked(method: string, pieces: Iterable<string | Uint8Array>): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(edge.origin, { method, headers: { 'Transfer-Encoding': 'chunked' } }, async (response) =>
      resolve({ status: response.statusCode ?? 0, text: await textOf(response) }),
    )
    sent.on('error', reject)
    pipeline(Readable.from(pieces), sent, () => undefined)
  })
}

const compressed = async (accept: string) => (await rawGet('/', { 'Accept-Encoding': accept })).headers

describe('a response that the client accepts compressed', () => {
  it.each([
    ['gzip', 'gzip'],
    ['gzip, deflate, br', 'br'],
    ['gzip, br, zstd', 'zstd'],
    ['gzip, br;q=0', 'gzip'],
    ['*', 'zstd'],
    ['deflate', undefined],
    ['identity', undefined],
    ['gzip;q=0', undefined],
    ['', undefined],
  ])('to %j has the encoding %j', async (accept, encoding) => {
    responds(200, { 'Content-Type': JSON_TYPE }, '"x"'.repeat(20))
    expect((await compressed(accept))['content-encoding']).toBe(encoding)
  })

  it('has a weak tag and no length', async () => {
    responds(200, { 'Content-Type': `${JSON_TYPE}; charset=utf-8`, ETag: '"1"' }, 'x'.repeat(48))
    const { etag, 'content-length': length } = await compressed('gzip')
    expect([etag, length]).toEqual(['W/"1"', undefined])
  })

  it.each([
    ['W/"1"', 'W/"1"'],
    ['unquoted', undefined],
  ])('has the tag %j as %j', async (sent, received) => {
    responds(200, { 'Content-Type': JSON_TYPE, ETag: sent }, 'x'.repeat(48))
    expect((await compressed('gzip')).etag).toBe(received)
  })

  it('reaches the client complete', async () => {
    const body = JSON.stringify({ data: 'ä'.repeat(100_000) })
    responds(200, { 'Content-Type': JSON_TYPE }, body)
    for (const accept of ['gzip', 'br', 'zstd']) {
      const response = await fetch(edge.origin, { headers: { 'Accept-Encoding': accept } })
      expect([response.headers.get('Content-Encoding'), await response.text()]).toEqual([accept, body])
    }
  })

  it('arrives piece by piece', async () => {
    let sendRest = () => undefined as unknown
    respond = (_received, response) => {
      response.writeHead(200, { 'Content-Type': 'text/plain' })
      response.write('first\n')
      sendRest = () => response.end('second\n')
    }
    for (const accept of ['gzip', 'br', 'zstd']) {
      const { body } = await fetch(edge.origin, { headers: { 'Accept-Encoding': accept } })
      const reader = body?.pipeThrough(new TextDecoderStream()).getReader()
      expect((await reader?.read())?.value).toBe('first\n')
      sendRest()
      expect((await reader?.read())?.value).toBe('second\n')
    }
  })
})

describe('a response that is not compressed', () => {
  const LARGE = 'x'.repeat(1_000)

  it.each([
    ['of 47 bytes', 200, JSON_TYPE, 'x'.repeat(47), {}],
    ['of status 412', 412, JSON_TYPE, LARGE, {}],
    ['of status 201', 201, JSON_TYPE, LARGE, {}],
    ['of status 206', 206, 'text/plain', LARGE, {}],
    ['in NDJSON', 200, 'application/x-ndjson', LARGE, {}],
    ['of bytes', 200, 'application/octet-stream', LARGE, {}],
    ['with no-transform', 200, 'text/plain', LARGE, { 'Cache-Control': 'private, no-transform' }],
    ['with an encoding of its own', 200, 'text/plain', LARGE, { 'Content-Encoding': 'other' }],
  ])('keeps its tag and length: %s', async (_name, status, type, body, headers) => {
    responds(status, { 'Content-Type': type, ETag: '"1"', ...headers }, body)
    const received = (await rawGet('/', { 'Accept-Encoding': 'gzip' })).headers
    expect([received.etag, received['content-length']]).toEqual(['"1"', String(body.length)])
  })

  it('keeps its tag and length: to HEAD', async () => {
    respond = (_received, response) =>
      response.writeHead(200, { 'Content-Type': JSON_TYPE, ETag: '"1"', 'Content-Length': '900' }).end()
    const { headers } = await rawGet('/', { 'Accept-Encoding': 'gzip' }, 'HEAD')
    expect([headers.etag, headers['content-length'], headers['content-encoding']]).toEqual(['"1"', '900', undefined])
  })

  it.each([403, 404])('excludes status %i, which is compressed', async (status) => {
    responds(status, { 'Content-Type': JSON_TYPE }, LARGE)
    expect((await compressed('gzip'))['content-encoding']).toBe('gzip')
  })

  it('is cut where the origin cuts it', async () => {
    respond = (_received, response) => {
      response.writeHead(200, { 'Content-Type': 'application/x-ndjson' })
      response.write('{}\n', () => response.destroy())
    }
    await expect(fetch(edge.origin).then((response) => response.text())).rejects.toThrow()
  })
})

describe('a request', () => {
  const seen = async (headers: Record<string, string>) => {
    let received: IncomingMessage['headers'] = {}
    respond = (message, response) => {
      received = message.headers
      response.end()
    }
    const response = await rawGet('/', headers)
    return { received, response }
  }

  it('has the address of the client, whatever the client says', async () => {
    const { received } = await seen({ 'CF-Connecting-IP': '203.0.113.9', 'X-Real-IP': '203.0.113.9' })
    expect(received['cf-connecting-ip']).toMatch(/^(127\.0\.0\.1|::1)$/)
    expect(received['x-real-ip']).toBeUndefined()
  })

  it('has the addresses of proxies in front of it', async () => {
    const { received } = await seen({ 'X-Forwarded-For': '203.0.113.9' })
    expect(received['x-forwarded-for']).toBe(`203.0.113.9,${received['cf-connecting-ip']}`)
  })

  it('has the Ray ID of its response', async () => {
    const { received, response } = await seen({ 'CF-Ray': 'forged' })
    expect(received['cf-ray']).toMatch(/^[0-9a-f]{16}-[A-Z]{3}$/)
    expect(response.headers['cf-ray']).toBe(received['cf-ray'])
  })

  it('asks the local server not to compress', async () => {
    const { received } = await seen({ 'Accept-Encoding': 'br' })
    expect(received['accept-encoding']).toBe('identity')
  })

  it.each(['POST', 'DELETE'])('of %s without a body has none', async (method) => {
    respond = async (received, response) => response.end(String((await textOf(received)).length))
    expect(await (await fetch(edge.origin, { method })).text()).toBe('0')
  })

  it.each(['POST', 'DELETE'])('of %s passes a chunked body on', async (method) => {
    respond = async (received, response) => response.end(await textOf(received))
    expect((await sendChunked(method, ['some ', 'text'])).text).toBe('some text')
  })

  it('gets 502 as HTML if the Worker ends without a response', async () => {
    respond = (received) => received.destroy()
    const response = await rawGet('/')
    expect([response.statusCode, response.headers['content-type']]).toEqual([502, 'text/html'])
  })
})

describe('limits', () => {
  beforeAll(() => {
    respond = (received, response) => received.resume().on('end', () => response.end('read'))
  })

  /** Sends headers, and nothing of the body. */
  function statusOf(headers: string[], path = '/'): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = connect(Number(new URL(edge.origin).port), 'localhost')
      socket.on('error', reject)
      socket.once('data', (chunk) => {
        resolve(/^HTTP\/1\.1 (\d+)[\s\S]*?content-type: text\/html/i.exec(String(chunk))?.[1] ?? '')
        socket.destroy()
      })
      socket.write([`POST ${path} HTTP/1.1`, 'Host: localhost', ...headers, '', ''].join('\r\n'))
    })
  }

  it('refuses a body of more than 100 MB as HTML, before it is sent', async () => {
    expect(await statusOf(['Content-Length: 100000001'])).toBe('413')
  })

  it('refuses a body of unknown length once it exceeds 100 MB', async () => {
    const megabytes = (count: number) => Array.from({ length: count }, () => new Uint8Array(1_000_000))
    expect((await sendChunked('POST', megabytes(100))).status).toBe(200)
    expect((await sendChunked('POST', megabytes(101))).status).toBe(413)
  })

  it('refuses headers of more than 128 KB', async () => {
    const headers = (bytes: number) => ({ 'X-Long': 'x'.repeat(bytes) })
    expect((await rawGet('/', headers(120_000))).statusCode).toBe(200)
    expect(await statusOf([`X-Long: ${'x'.repeat(132_000)}`])).toBe('431')
  })

  it('refuses a URL of more than 16 KB', async () => {
    expect((await rawGet(`/${'x'.repeat(16_000)}`)).statusCode).toBe(200)
    expect(await statusOf([], `/${'x'.repeat(16_384)}`)).toBe('414')
  })
})
