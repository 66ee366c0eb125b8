import { env } from 'cloudflare:workers'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Account, call, createTestAccount, createTicket, ORIGIN } from '../helpers/api'
import { sessions } from '../helpers/d1'
import { eventually } from '../helpers/eventually'
import { type FileBody, fetchFile, uploadFile } from '../helpers/files'

const HOUR = 3_600

let account: Account
let file: FileBody

beforeAll(async () => {
  account = await createTestAccount()
  file = await uploadFile(account.agent, { filename: 'note.txt', content: 'aGVsbG8=', mime_type: 'text/plain' })
})

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

function altered(change: (url: URL) => void): string {
  const url = new URL(file.url)
  change(url)
  return url.href
}

const set = (name: string, value: string) => altered((url) => url.searchParams.set(name, value))
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString()

describe('the URL of a file', () => {
  it('has the origin of the request, and expires on a full hour in one to two hours', () => {
    const url = new URL(file.url)
    expect(`${url.origin}${url.pathname}`).toBe(`${ORIGIN}/files/${file.id}/note.txt`)
    const expires = Number(url.searchParams.get('expires'))
    expect(expires % HOUR).toBe(0)
    const left = expires - Date.now() / 1_000
    expect(left).toBeGreaterThan(HOUR - 60)
    expect(left).toBeLessThanOrEqual(2 * HOUR)
  })

  it('works without headers and for HEAD, and does not count for the caller', async () => {
    const got = await fetchFile(file.url)
    expect([got.status, text(got.bytes)]).toEqual([200, 'hello'])
    expect(got.headers.has('X-RateLimit-Limit')).toBe(false)
    const head = await fetchFile(file.url, { method: 'HEAD' })
    expect([head.status, head.bytes.length]).toEqual([200, 0])
    for (const name of ['Content-Type', 'Content-Disposition', 'Content-Security-Policy'])
      expect(head.headers.get(name)).toBe(got.headers.get(name))
  })

  it('is valid until it expires', async () => {
    const expires = Number(new URL(file.url).searchParams.get('expires'))
    vi.useFakeTimers({ toFake: ['Date'] })
    vi.setSystemTime(expires * 1_000 - 1)
    expect((await fetchFile(file.url)).status).toBe(200)
    vi.setSystemTime(expires * 1_000)
    expect((await fetchFile(file.url)).status).toBe(403)
  })
})

describe('a URL with an invalid signature', () => {
  it('returns 403 with the same bytes, for any change and any ID', async () => {
    const other = await uploadFile(account.agent, { filename: 'note.txt', content: 'eA==', mime_type: 'text/plain' })
    const foreign = await createTestAccount()
    const signature = new URL(file.url).searchParams.get('signature') ?? ''
    const mac = signature.split('.')[1] ?? ''
    const urls = [
      `${ORIGIN}/files/${file.id}/note.txt`,
      `${ORIGIN}/files/attach_none/note.txt`,
      `${ORIGIN}/files/attach_none/note.txt${new URL(file.url).search}`,
      `${ORIGIN}/files/${other.id}/note.txt${new URL(file.url).search}`,
      altered((url) => url.searchParams.delete('signature')),
      altered((url) => url.searchParams.delete('expires')),
      altered((url) => {
        url.pathname = `/files/${file.id}/other.html`
      }),
      set('expires', '9999999999'),
      set('expires', '1700000000'),
      set('expires', `0${new URL(file.url).searchParams.get('expires')}`),
      set('expires', `${new URL(file.url).searchParams.get('expires')} `),
      set('expires', 'NaN'),
      set('signature', ''),
      set('signature', mac),
      set('signature', `${foreign.id}.${mac}`),
      set('signature', `.${mac}`),
      set('signature', `${signature}.x`),
      set('signature', `${account.id}.`),
      set('signature', `${signature.slice(0, -1)}${signature.endsWith('A') ? 'B' : 'A'}`),
      set('signature', signature.toUpperCase()),
    ]
    const responses = await Promise.all(urls.map((url) => fetchFile(url)))
    expect(responses.map((response) => response.status)).toEqual(urls.map(() => 403))
    expect([...new Set(responses.map((response) => response.text))]).toEqual([
      JSON.stringify({
        error: {
          code: 'forbidden',
          message: 'The URL is not signed, was altered or has expired',
          details: [],
          documentation_url: `${ORIGIN}/docs/guides/errors#forbidden`,
        },
      }),
    ])
  })

  it('returns 403 to an authenticated caller too', async () => {
    const headers = { Authorization: `Bearer ${account.admin.token}`, 'CF-Connecting-IP': '203.0.113.7' }
    expect((await fetchFile(`${ORIGIN}/files/${file.id}/note.txt`, { headers })).status).toBe(403)
  })

  it('S09 returns the same 403 for the file of an internal comment', async () => {
    const ticket = await createTicket(account.customer)
    const attachments = [{ filename: 'i.txt', content: 'aQ==', mime_type: 'text/plain' }]
    const body = { content: 'C', is_internal: true, attachments }
    const made = await call('POST', `tickets/${ticket.id}/comments`, { token: account.agent.token, body })
    const [internal] = made.body.data.attachments
    const guessed = await fetchFile(`${ORIGIN}/files/${internal.id}/i.txt${new URL(file.url).search}`)
    const random = await fetchFile(`${ORIGIN}/files/attach_none/i.txt${new URL(file.url).search}`)
    expect([guessed.status, guessed.text]).toEqual([403, random.text])
    expect((await fetchFile(internal.url)).status).toBe(200)
  })
})

describe('a signed URL', () => {
  it('returns 404 once the ticket is deleted, and the object is deleted', async () => {
    const attachments = [{ filename: 'gone.txt', content: 'aGVsbG8=', mime_type: 'text/plain' }]
    const ticket = await createTicket(account.agent, { attachments })
    const body = { content: 'C', attachments }
    const comment = await call('POST', `tickets/${ticket.id}/comments`, { token: account.agent.token, body })
    const files: FileBody[] = [ticket.attachments[0], comment.body.data.attachments[0]]
    for (const { url } of files) expect((await fetchFile(url)).status).toBe(200)
    expect((await call('DELETE', `tickets/${ticket.id}`, { token: account.admin.token })).status).toBe(204)
    for (const { url, id } of files) {
      const deleted = await fetchFile(url)
      expect(deleted.status).toBe(404)
      expect(JSON.parse(text(deleted.bytes)).error.code).toBe('not_found')
      await eventually(async () => expect(await env.FILES.head(`${account.id}/${id}`)).toBeNull())
    }
    expect((await fetchFile(file.url)).status).toBe(200)
  })

  it('F03 returns 503 while R2 or D1 cannot be reached', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const storage = vi.spyOn(env.FILES, 'get').mockRejectedValue(new Error('R2 internal error (10001)'))
    const response = await fetchFile(file.url)
    expect(response.status).toBe(503)
    expect(text(response.bytes)).not.toContain('10001')
    storage.mockRestore()
    const database = vi.spyOn(sessions, 'batch').mockRejectedValue(new Error('D1_ERROR'))
    expect((await fetchFile(file.url)).status).toBe(503)
    database.mockRestore()
    expect((await fetchFile(file.url)).status).toBe(200)
  })
})
