import { beforeAll, describe, expect, it } from 'vitest'
import { type Account, call, createTestAccount } from '../helpers/api'
import { fetchFile, uploadFile } from '../helpers/files'

let account: Account

beforeAll(async () => {
  account = await createTestAccount()
})

const upload = (filename: string, mime_type = 'text/plain') =>
  uploadFile(account.agent, { filename, content: 'aGVsbG8=', mime_type })

describe('S16 invalid file names', () => {
  const path = ['Filename must be a name without a path', 'invalid_format']
  const direction = ['Filename must not contain characters that change the direction of text', 'invalid_format']
  const invisible = ['Filename must contain a visible character', 'invalid_format']
  const control = ['Filename must not contain control characters', 'invalid_format']
  const short = ['Filename must be 1 to 255 bytes', 'too_short']
  const long = ['Filename must be 1 to 255 bytes', 'too_long']

  it.each([
    ['../../etc/passwd', path],
    ['..\\x', path],
    ['C:\\x', path],
    ['a/b', path],
    ['/', path],
    ['.', path],
    ['..', path],
    ['a\r\nSet-Cookie: x=1', control],
    ['a\nb', control],
    ['a\tb', control],
    ['a\0.png', control],
    ['a\u007fb', control],
    ['photo_\u202egnp.exe', direction],
    ['a\u2066b\u2069', direction],
    ['a\u061c\u200f', direction],
    [' \u200b', invisible],
    ['a\ud83d', control],
    ['', short],
    ['x'.repeat(256), long],
    [`${'é'.repeat(127)}ab`, long],
  ])('S16 %j', async (filename, [message, code]) => {
    const attachments = [{ filename, content: 'aGVsbG8=', mime_type: 'text/plain' }]
    const body = { title: 'T', description: 'D', attachments }
    const response = await call('POST', 'tickets', { token: account.agent.token, body })
    expect(response.status).toBe(400)
    expect(response.body.error.details).toEqual([{ field: 'attachments.0.filename', message, code }])
  })
})

describe('S16 harmless file names', () => {
  it.each([
    'plain.txt',
    'two words.txt',
    'quote".txt',
    "it's (1)*.txt",
    'semi;colon, comma.txt',
    '100%.txt',
    '%2e%2e%2fetc%2fpasswd',
    '%41%',
    'é😀 日本語.txt',
    '…',
    '...',
    '~$&=+@:!.txt',
    '?query=1#hash.txt',
    ' leading and trailing ',
    '__proto__',
    '<script>.txt',
    'x'.repeat(255),
    `${'😀'.repeat(63)}abc`,
  ])('S16 %s is returned unchanged, in the response and in the header', async (filename) => {
    const attachment = await upload(filename)
    expect(attachment.filename).toBe(filename)
    const got = await fetchFile(attachment.url)
    expect([got.status, Buffer.from(got.bytes).toString()]).toEqual([200, 'hello'])
    const disposition = got.headers.get('Content-Disposition') ?? ''
    const [, ascii, encoded = ''] = /^inline; filename="([^"\\]*)"; filename\*=UTF-8''(\S+)$/.exec(disposition) ?? []
    expect(ascii).toMatch(/^[\x20-\x7e]+$/)
    expect(encoded).toMatch(/^[A-Za-z0-9!#$&+.^_`|~%-]+$/)
    expect(decodeURIComponent(encoded)).toBe(filename)
  })
})

describe('a file in a browser', () => {
  it.each([
    ['image/png', 'image/png'],
    ['image/jpeg', 'image/jpeg'],
    ['image/gif', 'image/gif'],
    ['image/webp', 'image/webp'],
    ['application/pdf', 'application/pdf'],
    ['text/plain', 'text/plain; charset=utf-8'],
    ['IMAGE/PNG', 'image/png'],
  ])('%s opens inline', async (type, sent) => {
    const { headers } = await fetchFile((await upload('file', type)).url)
    expect(headers.get('Content-Type')).toBe(sent)
    expect(headers.get('Content-Disposition')).toMatch(/^inline;/)
    expect(headers.get('Content-Security-Policy')).toMatch(/default-src 'none'.*sandbox/)
    expect(headers.get('X-Content-Type-Options')).toBe('nosniff')
    expect(headers.get('Content-Length')).toBe('5')
  })

  it.each([
    ['page.html', 'text/html'],
    ['PAGE.HTML', 'TEXT/HTML'],
    ['page.xhtml', 'application/xhtml+xml'],
    ['image.svg', 'image/svg+xml'],
    ['image.svg', 'IMAGE/SVG+XML'],
    ['script.js', 'text/javascript'],
    ['feed.xml', 'text/xml'],
    ['file.mht', 'multipart/related'],
    ['data.json', 'application/json'],
    ['style.css', 'text/css'],
  ])('S16 %s as %s is saved, never shown', async (name, type) => {
    const { headers } = await fetchFile((await upload(name, type)).url)
    expect(headers.get('Content-Type')).toBe('application/octet-stream')
    expect(headers.get('Content-Disposition')).toMatch(/^attachment;/)
    expect(headers.get('X-Content-Type-Options')).toBe('nosniff')
    expect(headers.get('Content-Security-Policy')).toContain('sandbox')
    expect(headers.get('Content-Security-Policy')).not.toMatch(/allow-|script-src/)
  })

  it('S16 HTML sent as an image or a text is served as that type', async () => {
    const content = Buffer.from('<script>alert(1)</script>').toString('base64')
    for (const mime_type of ['image/png', 'text/plain']) {
      const { headers } = await fetchFile(
        (await uploadFile(account.agent, { filename: 'x.html', content, mime_type })).url,
      )
      expect(headers.get('Content-Type')).toMatch(/^(image\/png|text\/plain)/)
      expect(headers.get('X-Content-Type-Options')).toBe('nosniff')
    }
  })
})
