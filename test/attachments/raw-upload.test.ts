import { env } from 'cloudflare:workers'
import { createHash } from 'node:crypto'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { freshAddress } from '../helpers/addresses'
import { type Account, call, createTicket, mintAccount, row, rows } from '../helpers/api'
import { mintKey } from '../helpers/credentials'
import { fetchFile, generated, type RawUpload, upload } from '../helpers/files'
import { ask, detailsOf, eventsOf, expectNoHoles, historyOf } from '../helpers/tickets'

const MIB = 1024 * 1024

let account: Account
let foreign: Account

beforeAll(async () => {
  account = await mintAccount()
  foreign = await mintAccount()
})
afterEach(() => {
  vi.restoreAllMocks()
})

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

describe('POST /tickets/{id}/attachments', () => {
  it('attaches the bytes as they are, of everybody who sees the ticket, and says where', async () => {
    const { id } = await createTicket(account.customer)
    const key = { ...account.agent, token: (await mintKey(account)).key }
    for (const by of [account.customer, account.agent, account.admin, key]) {
      const bytes = crypto.getRandomValues(new Uint8Array(60_000))
      const headers = { 'Content-Type': 'Application/X-Noise; charset=utf-8; a="b;c"' }
      const answer = await upload(by, id, { bytes, headers, query: '?filename=n%C3%B6ise%20%26.bin' })
      expect(answer.status, answer.text).toBe(201)
      expect(answer.body.data).toEqual({
        id: expect.stringMatching(/^attach_[0-9a-z]{26}$/),
        filename: 'nöise &.bin',
        size: 60_000,
        mime_type: 'Application/X-Noise',
        url: expect.stringContaining('/files/'),
        created_at: expect.any(String),
        sha256: sha256(bytes),
      })
      expect(answer.headers.get('Location')).toBe(`/api/v1/attachments/${answer.body.data.id}`)
      const got = await fetchFile(answer.body.data.url)
      expect(Buffer.from(got.bytes).equals(bytes)).toBe(true)
      expect((await ask(by, 'GET', answer.headers.get('Location') ?? '')).body).toEqual(answer.body)
    }
    const ticket = (await ask(account.customer, 'GET', `tickets/${id}`)).body.data
    expect(ticket).toMatchObject({ attachment_count: 4, version: 5 })
    expect(await rows('SELECT * FROM object_intents')).toEqual([])
  })

  it.each([
    ['nothing', 0],
    ['one byte', 1],
    ['a buffer, to the byte', 256 * 1024],
    ['a byte more than a buffer', 256 * 1024 + 1],
    ['20 MiB, as a stream', 20 * MIB],
  ])('takes %s', async (_name, size) => {
    const { id } = await createTicket(account.agent)
    const bytes = size > MIB ? generated(size) : new Uint8Array(size).fill(7)
    const answer = await upload(account.agent, id, { bytes, headers: { 'Content-Length': String(size) } })
    expect(answer.status, answer.text).toBe(201)
    expect(answer.body.data).toMatchObject({ size, sha256: sha256(new Uint8Array(size).fill(7)) })
    expect(await env.FILES.head(`${account.id}/${answer.body.data.id}`)).toMatchObject({ size })
    expect((await fetchFile(answer.body.data.url)).bytes).toHaveLength(size)
  })

  it('is a new version, a line of history and a ticket.updated without an address', async () => {
    const before = await createTicket(account.customer)
    await new Promise((resolve) => setTimeout(resolve, 1_100))
    const { data } = (await upload(account.customer, before.id)).body
    const after = (await ask(account.customer, 'GET', `tickets/${before.id}`)).body.data
    expect(after).toMatchObject({ version: 2, attachments: [data], updated_at: data.created_at })
    expect(after.updated_at > before.updated_at).toBe(true)
    const told = { id: data.id, filename: 'a.txt', size: 3, mime_type: 'text/plain' }
    const by = account.customer
    expect(await historyOf(account.id, before.id)).toEqual([
      { change_id: expect.any(String), actor_id: by.id, field: 'attachments', previous: null, current: told },
    ])
    const [, event, ...more] = await eventsOf(account.id, before.id)
    expect(more).toEqual([])
    expect(event).toMatchObject({
      type: 'ticket.updated',
      is_internal: 0,
      data: {
        ticket: { id: before.id, version: 2 },
        changes: { attachments: { previous: null, current: told } },
        actor: { id: by.id, name: by.name, email: by.email },
      },
    })
    const { body } = await ask(account.agent, 'GET', `events?ticket_id=${before.id}&event=ticket.updated`)
    expect(body.data).toHaveLength(1)
    expect(JSON.stringify(body)).not.toMatch(/signature|expires=/)
    await expectNoHoles(account.id)
  })

  it('tells of its end, not of its beginning, where it takes long', async () => {
    const { id } = await createTicket(account.agent)
    let release = () => {}
    const waiting = new Promise<void>((resolve) => {
      release = resolve
    })
    const slow = generated(200_000).pipeThrough(
      new TransformStream({
        async transform(chunk, controller) {
          await waiting
          controller.enqueue(chunk)
        },
      }),
    )
    const uploading = upload(account.agent, id, { bytes: slow, headers: { 'Content-Length': '200000' } })
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    await ask(account.admin, 'PATCH', `tickets/${id}`, { title: 'Meanwhile' })
    const meanwhile = (await ask(account.admin, 'GET', `tickets/${id}`)).body.data.updated_at
    release()
    const { data } = (await uploading).body
    expect(data.created_at >= meanwhile).toBe(true)
    expect((await ask(account.agent, 'GET', `tickets/${id}`)).body.data.updated_at).toBe(data.created_at)
  })

  it('loses none of 20 at once, and numbers their events without a hole', async () => {
    const { id } = await createTicket(account.agent)
    const answers = await Promise.all(Array.from({ length: 20 }, () => upload(account.agent, id)))
    expect(answers.map((answer) => answer.status)).toEqual(answers.map(() => 201))
    const ticket = (await ask(account.agent, 'GET', `tickets/${id}`)).body.data
    expect(ticket).toMatchObject({ version: 21, attachment_count: 20 })
    expect(await historyOf(account.id, id)).toHaveLength(20)
    await expectNoHoles(account.id)
  })
})

describe('the memory of an upload', () => {
  it('holds no more than a few buffers: the client is asked for no more than the storage takes', async () => {
    const { id } = await createTicket(account.agent)
    const size = 20 * MIB
    let sent = 0
    let furthest = 0
    vi.spyOn(env.FILES, 'put').mockImplementation((async (_key: string, body: ReadableStream<Uint8Array>) => {
      let taken = 0
      for await (const chunk of body) {
        taken += chunk.byteLength
        if (taken % (4 * MIB) < chunk.byteLength) await new Promise((resolve) => setTimeout(resolve, 30))
        furthest = Math.max(furthest, sent - taken)
      }
      return { size: taken }
    }) as never)
    const bytes = generated(size, (so) => {
      sent = so
    })
    const answer = await upload(account.agent, id, { bytes, headers: { 'Content-Length': String(size) } })
    expect(answer.status, answer.text).toBe(201)
    expect(sent).toBe(size)
    expect(furthest).toBeLessThan(2 * MIB)
  })

  it('is not taken up by a body that the storage does not take', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const { id } = await createTicket(account.agent)
    vi.spyOn(env.FILES, 'put').mockRejectedValue(new Error('R2 internal error (10001)'))
    let sent = 0
    const bytes = generated(20 * MIB, (so) => {
      sent = so
    })
    const answer = await upload(account.agent, id, { bytes, headers: { 'Content-Length': String(20 * MIB) } })
    expect(answer.status).toBe(503)
    expect(sent).toBeLessThan(2 * MIB)
  })
})

describe('a body that is refused', () => {
  const refused = (init: RawUpload, ticketId = 'ticket_none') => upload(account.agent, ticketId, init)

  it.each(['', 'text', '/plain', 'text/', '*/*', 'image/png, text/plain', 'text/pl ain', 'é/x', 'a/b/c'])(
    'with Content-Type %j: 415, whatever else is wrong',
    async (type) => {
      const headers = { 'Content-Type': type, 'Content-Length': String(95 * MIB + 1) }
      const answer = await refused({ headers, query: '?filename=' })
      expect(detailsOf(answer, 415, 'unsupported_media_type')).toEqual([])
      expect(answer.body.error.message).toContain('image/png')
    },
  )

  it('S12 without a length, or with one that is none: 411', async () => {
    for (const headers of [{}, ...['abc', '-1', '1e3', ''].map((length) => ({ 'Content-Length': length }))]) {
      const answer = await refused({ bytes: generated(10), headers, query: '' })
      expect(detailsOf(answer, 411, 'length_required')).toEqual([])
    }
  })

  it('S12 of more than 95 MiB: 413, before a byte of it is read', async () => {
    let sent = 0
    const bytes = generated(MIB, (so) => {
      sent = so
    })
    const answer = await refused({ bytes, headers: { 'Content-Length': String(95 * MIB + 1) }, query: '' })
    expect(detailsOf(answer, 413, 'payload_too_large')).toEqual([])
    expect(answer.body.error.message).toBe('The body must be at most 95 MiB')
    expect(sent).toBeLessThan(MIB)
    const largest = await refused({ bytes: generated(10), headers: { 'Content-Length': String(95 * MIB) } })
    expect(largest.status).toBe(404)
  })

  it.each([
    ['', 'filename', 'Filename is required'],
    ['?filename=', 'filename', 'Filename must be 1 to 255 bytes'],
    [`?filename=${'x'.repeat(256)}`, 'filename', 'Filename must be 1 to 255 bytes'],
    ['?filename=a&filename=b', 'filename', 'Filename must be a single string'],
    ['?filename=a.txt&name=b', 'name', 'Name is not a known parameter'],
  ])('400 for %j', async (query, field, message) => {
    expect(detailsOf(await refused({ query }), 400, 'invalid_input')).toEqual([{ field, message }])
  })

  it.each(['../../etc/passwd', '..\\x', 'C:\\x', '..', 'a\r\nSet-Cookie: b', 'a\0', 'evil\u202egpj.exe'])(
    'S16 400 for the name %j',
    async (name) => {
      const answer = await refused({ query: `?filename=${encodeURIComponent(name)}` })
      expect(detailsOf(answer, 400, 'invalid_input')[0]?.field).toBe('filename')
    },
  )

  it('S12 400 where it is shorter or longer than it says, and nothing is left', async () => {
    const { id } = await createTicket(account.agent)
    for (const [said, size] of [
      [1_000, 999],
      [1_000, 0],
      [1_000, 1_001],
      [0, 1],
      [MIB, 3 * MIB],
    ]) {
      const answer = await refused({ bytes: generated(size ?? 0), headers: { 'Content-Length': String(said) } }, id)
      expect(detailsOf(answer, 400, 'invalid_input')).toEqual([
        { field: 'body', message: `Body must be as long as its Content-Length, ${said} bytes` },
      ])
    }
    expect(await row('SELECT id FROM attachments WHERE ticket_id = ?', id)).toBeNull()
    expect((await ask(account.agent, 'GET', `tickets/${id}`)).body.data.version).toBe(1)
    await vi.waitFor(async () => {
      expect(await rows('SELECT id FROM object_intents WHERE account_id = ?', account.id)).toEqual([])
    })
  })

  it('S07 404 for whoever does not see the ticket, with nothing stored, the same bytes as for a random ID', async () => {
    const { id } = await createTicket(account.customer)
    const put = vi.spyOn(env.FILES, 'put')
    for (const by of [account.stranger, foreign.customer, foreign.agent, foreign.admin]) {
      const random = await upload(by, 'ticket_01jaaaaaaaaaaaaaaaaaaaaaaa')
      detailsOf(random, 404, 'not_found')
      const answer = await upload(by, id)
      expect([answer.status, answer.text]).toEqual([404, random.text])
    }
    expect(put).not.toHaveBeenCalled()
    expect(await rows('SELECT id FROM object_intents')).toEqual([])
  })

  it('comes in order: 401, then 415, 413, 411, then 400, then 404', async () => {
    const path = 'tickets/ticket_none/attachments'
    const anonymous = await call('POST', path, { body: new Uint8Array(1), headers: {}, address: freshAddress() })
    expect(anonymous.status).toBe(401)
    const statuses = []
    for (const init of [
      { query: '', headers: { 'Content-Type': 'x', 'Content-Length': String(96 * MIB) } },
      { query: '', headers: { 'Content-Length': String(96 * MIB) } },
      { query: '', headers: { 'Content-Length': 'x' } },
      { query: '' },
      {},
    ])
      statuses.push((await refused(init)).status)
    expect(statuses).toEqual([415, 413, 411, 400, 404])
  })
})
