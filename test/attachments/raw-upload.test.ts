import { env } from 'cloudflare:workers'
import { createHash } from 'node:crypto'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { objectIntents } from '../../src/db/schema/tickets'
import { sql } from '../../src/db/sql'
import { type Account, createTestAccount, createTicket } from '../helpers/api'
import { createTestKey } from '../helpers/credentials'
import { rows } from '../helpers/database'
import { nextSecond } from '../helpers/eventually'
import { fetchFile, generated, upload } from '../helpers/files'
import { callAs, eventsOf, expectNoHoles, historyOf } from '../helpers/tickets'

const MIB = 1024 * 1024

let account: Account

beforeAll(async () => {
  account = await createTestAccount()
})
afterEach(() => {
  vi.restoreAllMocks()
})

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

describe('POST /tickets/{id}/attachments', () => {
  it('attaches the bytes as they are, of everybody who sees the ticket, and says where', async () => {
    const { id } = await createTicket(account.customer)
    const key = { ...account.agent, token: (await createTestKey(account)).key }
    for (const by of [account.customer, account.agent, account.admin, key]) {
      const bytes = crypto.getRandomValues(new Uint8Array(60_000))
      const headers = { 'Content-Type': 'Application/X-Noise; charset=utf-8; a="b;c"' }
      const response = await upload(by, id, { bytes, headers, query: '?filename=n%C3%B6ise%20%26.bin' })
      expect(response.status, response.text).toBe(201)
      expect(response.body.data).toEqual({
        id: expect.stringMatching(/^attach_[0-9a-z]{26}$/),
        filename: 'nöise &.bin',
        size: 60_000,
        mime_type: 'Application/X-Noise',
        url: expect.stringContaining('/files/'),
        created_at: expect.any(String),
        sha256: sha256(bytes),
      })
      expect(response.headers.get('Location')).toBe(`/api/v1/attachments/${response.body.data.id}`)
      const got = await fetchFile(response.body.data.url)
      expect(Buffer.from(got.bytes).equals(bytes)).toBe(true)
      expect((await callAs(by, 'GET', response.headers.get('Location') ?? '')).body).toEqual(response.body)
    }
    const ticket = (await callAs(account.customer, 'GET', `tickets/${id}`)).body.data
    expect(ticket).toMatchObject({ attachment_count: 4, version: 5 })
    expect(await rows(sql`SELECT * FROM ${objectIntents}`)).toEqual([])
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
    const response = await upload(account.agent, id, { bytes, headers: { 'Content-Length': String(size) } })
    expect(response.status, response.text).toBe(201)
    expect(response.body.data).toMatchObject({ size, sha256: sha256(new Uint8Array(size).fill(7)) })
    expect(await env.FILES.head(`${account.id}/${response.body.data.id}`)).toMatchObject({ size })
    expect((await fetchFile(response.body.data.url)).bytes).toHaveLength(size)
  })

  it('is a new version, a line of history and a ticket.updated without an address', async () => {
    const before = await createTicket(account.customer)
    await nextSecond()
    const { data } = (await upload(account.customer, before.id)).body
    const after = (await callAs(account.customer, 'GET', `tickets/${before.id}`)).body.data
    expect(after).toMatchObject({ version: 2, attachments: [data], updated_at: data.created_at })
    expect(after.updated_at > before.updated_at).toBe(true)
    const snapshot = { id: data.id, filename: 'a.txt', size: 3, mime_type: 'text/plain' }
    const by = account.customer
    expect(await historyOf(account.id, before.id)).toEqual([
      { change_id: expect.any(String), actor_id: by.id, field: 'attachments', previous: null, current: snapshot },
    ])
    const [, event, ...more] = await eventsOf(account.id, before.id)
    expect(more).toEqual([])
    expect(event).toMatchObject({
      type: 'ticket.updated',
      is_internal: 0,
      data: {
        ticket: { id: before.id, version: 2 },
        changes: { attachments: { previous: null, current: snapshot } },
        actor: { id: by.id, name: by.name, email: by.email },
      },
    })
    const { body } = await callAs(account.agent, 'GET', `events?ticket_id=${before.id}&event=ticket.updated`)
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
    await nextSecond()
    await callAs(account.admin, 'PATCH', `tickets/${id}`, { title: 'Meanwhile' })
    const meanwhile = (await callAs(account.admin, 'GET', `tickets/${id}`)).body.data.updated_at
    release()
    const { data } = (await uploading).body
    expect(data.created_at >= meanwhile).toBe(true)
    expect((await callAs(account.agent, 'GET', `tickets/${id}`)).body.data.updated_at).toBe(data.created_at)
  })

  it('loses none of 20 at once, and numbers their events without a hole', async () => {
    const { id } = await createTicket(account.agent)
    const responses = await Promise.all(Array.from({ length: 20 }, () => upload(account.agent, id)))
    expect(responses.map((response) => response.status)).toEqual(responses.map(() => 201))
    const ticket = (await callAs(account.agent, 'GET', `tickets/${id}`)).body.data
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
    const response = await upload(account.agent, id, { bytes, headers: { 'Content-Length': String(size) } })
    expect(response.status, response.text).toBe(201)
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
    const response = await upload(account.agent, id, { bytes, headers: { 'Content-Length': String(20 * MIB) } })
    expect(response.status).toBe(503)
    expect(sent).toBeLessThan(2 * MIB)
  })
})
