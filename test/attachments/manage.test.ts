import { env } from 'cloudflare:workers'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Account, createTicket, type Member, mintAccount, rows } from '../helpers/api'
import { type FileBody, fetchFile, upload, uploaded } from '../helpers/files'
import { ask, commented, detailsOf, eventsOf, expectNoHoles, historyOf, walk } from '../helpers/tickets'
import { deliver, mintWebhook, receive, silenceQueue } from '../helpers/webhooks'

let account: Account
let foreign: Account

beforeAll(async () => {
  account = await mintAccount()
  foreign = await mintAccount()
})
afterEach(() => {
  vi.useRealTimers()
})

const file = (filename: string) => ({ filename, content: 'YWJj', mime_type: 'text/plain' })
const files = (...names: string[]) => ({ attachments: names.map(file) })
const list = (id: string) => `tickets/${id}/attachments`
const names = (found: FileBody[]) => found.map(({ filename }) => filename)

/** A ticket of the customer with public and internal files, the latter named `i…`. */
async function ticketWithFiles(): Promise<{ id: string; all: FileBody[]; open: FileBody[] }> {
  const { id } = await createTicket(account.customer, files('a', 'b'))
  await commented(account.customer, id, files('c'))
  await commented(account.agent, id, { is_internal: true, ...files('i1', 'i2', 'i3') })
  await upload(account.customer, id, { query: '?filename=d' })
  await commented(account.agent, id, files('e', 'f'))
  const all = (await ask(account.agent, 'GET', `${list(id)}?per_page=100`)).body.data
  return { id, all, open: all.filter(({ filename }: FileBody) => !filename.startsWith('i')) }
}

describe('GET /tickets/{id}/attachments', () => {
  it('lists those of the ticket and its comments, oldest first, by page', async () => {
    const { id } = await ticketWithFiles()
    const { pages, items } = await walk(account.agent, `${list(id)}?per_page=4`)
    expect(names(items)).toEqual(['a', 'b', 'c', 'i1', 'i2', 'i3', 'd', 'e', 'f'])
    expect(pages[1]?.body.pagination).toEqual({
      total: 9,
      per_page: 4,
      current_page: 2,
      last_page: 3,
      next_page_url: `/api/v1/${list(id)}?per_page=4&page=3`,
      prev_page_url: `/api/v1/${list(id)}?per_page=4&page=1`,
    })
    expect(pages[0]?.headers.get('Link')).toContain('rel="next"')
    for (const item of items) expect((await fetchFile(item.url)).status).toBe(200)
  })

  it('is walked by cursor, there and back', async () => {
    const { id, all } = await ticketWithFiles()
    const { pages, items } = await walk(account.agent, `${list(id)}?cursor=&per_page=2`)
    expect(items).toEqual(all)
    const back = []
    for (let url = pages.at(-1)?.body.pagination.prev_page_url; url; ) {
      const page = await ask(account.agent, 'GET', url)
      back.unshift(...page.body.data)
      url = page.body.pagination.prev_page_url
    }
    expect(back).toEqual(all.slice(0, 8))
  })

  it('is walked whole by whoever deletes what it has been shown, of one request or of several', async () => {
    const { id, all } = await ticketWithFiles()
    const seen: FileBody[] = []
    for (let url = `${list(id)}?cursor=&per_page=2`; url; ) {
      const { data, pagination } = (await ask(account.admin, 'GET', url)).body
      seen.push(...data)
      for (const { id: each } of data)
        expect((await ask(account.admin, 'DELETE', `${list(id)}/${each}`)).status).toBe(204)
      url = pagination.next_page_url
    }
    expect(names(seen)).toEqual(names(all))
  })

  it('keeps its place where what stands there is deleted and something new takes its row', async () => {
    const { id } = await createTicket(account.agent, files('a', 'b', 'c'))
    const first = await ask(account.agent, 'GET', `${list(id)}?cursor=&per_page=2`)
    for (const { id: each } of (await ask(account.agent, 'GET', list(id))).body.data.slice(1))
      await ask(account.agent, 'DELETE', `${list(id)}/${each}`)
    await upload(account.agent, id, { query: '?filename=new' })
    const next = await ask(account.agent, 'GET', first.body.pagination.next_page_url)
    expect(names(next.body.data)).toEqual(['new'])
  })

  it('S09 shows a customer the public ones alone, in pages and totals', async () => {
    const { id, open } = await ticketWithFiles()
    for (const start of ['per_page=2', 'cursor=&per_page=2']) {
      const { items } = await walk(account.customer, `${list(id)}?${start}`)
      expect(items).toEqual(open)
    }
    expect((await ask(account.customer, 'GET', list(id))).body.pagination.total).toBe(6)
  })

  it('S09 does not take an agent’s cursor from a customer, nor that of another ticket or list', async () => {
    const { id } = await ticketWithFiles()
    const other = await ticketWithFiles()
    const cursor = async (path: string) =>
      (await ask(account.agent, 'GET', `${path}?cursor=&per_page=1`)).body.pagination.next_cursor
    const own = await cursor(list(id))
    const refused: [Member, string][] = [
      [account.customer, own],
      [account.agent, await cursor(list(other.id))],
      [account.agent, await cursor(`tickets/${id}/comments`)],
      [account.agent, 'nonsense'],
    ]
    for (const [by, text] of refused)
      expect(detailsOf(await ask(by, 'GET', `${list(id)}?cursor=${text}`), 400, 'invalid_input')).toHaveLength(1)
    const both = await ask(account.agent, 'GET', `${list(id)}?page=1&cursor=${own}`)
    expect(detailsOf(both, 400, 'invalid_input')[0]?.field).toBe('page')
    const [, position] = JSON.parse(Buffer.from(own, 'base64url').toString())
    expect(position).toEqual({
      towards: 'next',
      place: { id: expect.stringMatching(/^attach_/), at: expect.any(Number) },
    })
  })

  it('is an empty 200 past the end and where there is nothing', async () => {
    const { id } = await createTicket(account.customer)
    const none = await ask(account.customer, 'GET', `${list(id)}?page=7`)
    expect(none.body).toMatchObject({ data: [], pagination: { total: 0, last_page: 1, next_page_url: null } })
    const walked = await ask(account.customer, 'GET', `${list(id)}?cursor=`)
    expect(walked.body).toMatchObject({ data: [], pagination: { next_cursor: null, prev_cursor: null } })
  })

  it('S07 is the same 404 for whoever may not see the ticket as for a random ID', async () => {
    const { id } = await ticketWithFiles()
    for (const by of [account.stranger, foreign.customer, foreign.agent, foreign.admin])
      for (const query of ['', '?cursor=']) {
        const random = await ask(by, 'GET', `${list('ticket_01jaaaaaaaaaaaaaaaaaaaaaaa')}${query}`)
        const answer = await ask(by, 'GET', `${list(id)}${query}`)
        expect([answer.status, answer.text]).toEqual([404, random.text])
      }
  })
})

describe('GET /attachments/{id}', () => {
  it('gives a fresh address, whatever became of the last one', async () => {
    const { token } = account.agent
    const old = await uploaded({ ...account.agent, token }, file('a.txt'))
    vi.useFakeTimers({ toFake: ['Date'] })
    vi.setSystemTime(Date.now() + 3 * 3_600_000)
    expect((await fetchFile(old.url)).status).toBe(403)
    vi.setSystemTime(Date.now() - 2 * 3_600_000 - 1_800_000)
    const fresh = (await ask(account.agent, 'GET', `attachments/${old.id}`)).body.data
    expect({ ...fresh, url: '' }).toEqual({ ...old, url: '' })
    expect((await fetchFile(fresh.url)).status).toBe(200)
  })

  it('S09 is for whoever may see it: those of internal comments for agents and admins', async () => {
    const { all, open } = await ticketWithFiles()
    for (const { id } of all)
      for (const by of [account.agent, account.admin])
        expect((await ask(by, 'GET', `attachments/${id}`)).status).toBe(200)
    const shown = await Promise.all(all.map(({ id }) => ask(account.customer, 'GET', `attachments/${id}`)))
    expect(shown.flatMap((answer) => (answer.status === 200 ? [answer.body.data] : []))).toEqual(open)
    const random = await ask(account.customer, 'GET', 'attachments/attach_01jaaaaaaaaaaaaaaaaaaaaaaa')
    for (const answer of shown.filter(({ status }) => status !== 200)) expect(answer.text).toBe(random.text)
    for (const by of [account.stranger, foreign.admin, foreign.customer])
      for (const { id } of all) {
        const answer = await ask(by, 'GET', `attachments/${id}`)
        expect([answer.status, answer.text]).toEqual([404, random.text])
      }
  })
})

describe('DELETE /tickets/{id}/attachments/{id}', () => {
  it('takes away row, object and bytes, of the ticket itself or of a comment', async () => {
    const { id, all, open } = await ticketWithFiles()
    for (const [index, { id: each, url }] of all.entries()) {
      const by = index % 2 === 0 ? account.agent : account.admin
      expect((await ask(by, 'DELETE', `${list(id)}/${each}`)).status).toBe(204)
      expect((await ask(by, 'DELETE', `${list(id)}/${each}`)).status).toBe(404)
      expect((await ask(by, 'GET', `attachments/${each}`)).status).toBe(404)
      expect((await fetchFile(url)).status).toBe(404)
      await vi.waitFor(async () => expect(await env.FILES.head(`${account.id}/${each}`)).toBeNull())
    }
    const ticket = (await ask(account.agent, 'GET', `tickets/${id}`)).body.data
    expect(ticket).toMatchObject({ attachments: [], attachment_count: 0, comment_count: 3 })
    // Two public comments, an upload, and the deletion of each public file.
    expect(ticket.version).toBe(1 + 3 + open.length)
    expect(await rows('SELECT id FROM object_intents WHERE account_id = ?', account.id)).toEqual([])
    await expectNoHoles(account.id)
  })

  it('is a line of history and a ticket.updated', async () => {
    const { id, attachments } = await createTicket(account.customer, files('a.txt'))
    await ask(account.admin, 'DELETE', `${list(id)}/${attachments[0].id}`)
    const told = { id: attachments[0].id, filename: 'a.txt', size: 3, mime_type: 'text/plain' }
    expect(await historyOf(account.id, id)).toMatchObject([{ field: 'attachments', previous: told, current: null }])
    const [, event, ...more] = await eventsOf(account.id, id)
    expect(more).toEqual([])
    expect(event).toMatchObject({
      type: 'ticket.updated',
      is_internal: 0,
      data: {
        ticket: { id, version: 2 },
        changes: { attachments: { previous: told, current: null } },
        actor: { id: account.admin.id, name: account.admin.name, email: account.admin.email },
      },
    })
  })

  it('S09 of an internal one moves nothing that a customer sees, and its event is internal', async () => {
    const { id, all } = await ticketWithFiles()
    const internal = all.find(({ filename }) => filename === 'i2')
    const seen = async () => {
      const answers = await Promise.all(
        [`tickets/${id}`, list(id), `tickets/${id}/comments`, 'tickets?sort=updated_at'].map((path) =>
          ask(account.customer, 'GET', path),
        ),
      )
      return answers.map(({ text, headers }) => [text, headers.get('ETag')])
    }
    const before = await seen()
    await new Promise((resolve) => setTimeout(resolve, 1_100))
    expect((await ask(account.agent, 'DELETE', `${list(id)}/${internal?.id}`)).status).toBe(204)
    expect(await seen()).toEqual(before)
    expect((await eventsOf(account.id, id)).at(-1)).toMatchObject({ type: 'ticket.updated', is_internal: 1 })
    expect((await historyOf(account.id, id)).at(-1)).toMatchObject({ field: 'attachments', current: null })
  })

  it('is 403 for customers before anything is looked up, and 404 elsewhere than under its own ticket', async () => {
    const { id, all } = await ticketWithFiles()
    const other = await createTicket(account.customer)
    const [first] = all
    for (const path of [`${list(id)}/${first?.id}`, `${list(id)}/attach_none?x=1`, list('ticket_none').concat('/a')])
      detailsOf(await ask(account.customer, 'DELETE', path), 403, 'forbidden')
    const random = await ask(account.agent, 'DELETE', `${list(id)}/attach_none`)
    for (const path of [`${list(other.id)}/${first?.id}`, `${list('ticket_none')}/${first?.id}`]) {
      const answer = await ask(account.agent, 'DELETE', path)
      expect([answer.status, answer.text]).toEqual([404, random.text])
    }
    const theirs = await ask(foreign.admin, 'DELETE', `${list(id)}/${first?.id}`)
    expect([theirs.status, theirs.text]).toEqual([404, random.text])
    expect((await ask(account.agent, 'GET', `${list(id)}`)).body.pagination.total).toBe(9)
  })

  it('happens once, however many ask at once', async () => {
    const { id, attachments } = await createTicket(account.customer, files('a.txt'))
    const path = `${list(id)}/${attachments[0].id}`
    const answers = await Promise.all(Array.from({ length: 10 }, () => ask(account.agent, 'DELETE', path)))
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1)
    expect(await historyOf(account.id, id)).toHaveLength(1)
    expect((await ask(account.agent, 'GET', `tickets/${id}`)).body.data.version).toBe(2)
    await expectNoHoles(account.id)
  })
})

describe('C08 a deleted ticket', () => {
  it('takes the lists and the files with it', async () => {
    const { id, all } = await ticketWithFiles()
    expect((await ask(account.agent, 'DELETE', `tickets/${id}`)).status).toBe(204)
    for (const by of [account.customer, account.agent]) {
      expect((await ask(by, 'GET', list(id))).status).toBe(404)
      expect((await ask(by, 'GET', `attachments/${all[0]?.id}`)).status).toBe(404)
      expect((await upload(by, id)).status).toBe(404)
    }
    expect((await ask(account.agent, 'GET', `tickets/${id}/history`)).status).toBe(404)
    expect((await ask(account.agent, 'DELETE', `${list(id)}/${all[0]?.id}`)).status).toBe(404)
  })
})

describe('webhooks', () => {
  it('S09 are told of internal files only where they asked for what is internal, and of none by a signed address', async () => {
    silenceQueue()
    const received = receive()
    const own = await mintAccount()
    const [open, all] = [await mintWebhook(own), await mintWebhook(own, { include_internal: true })]
    const { id } = await createTicket(own.customer)
    const note = await commented(own.agent, id, { is_internal: true, ...files('i') })
    const public_ = await commented(own.agent, id, files('a'))
    for (const each of [note.attachments[0].id, public_.attachments[0].id])
      await ask(own.agent, 'DELETE', `${list(id)}/${each}`)
    await ask(own.agent, 'DELETE', `tickets/${id}/comments/${note.id}`)
    await upload(own.customer, id)
    await deliver(own)
    const told = (url: string) =>
      received
        .filter((request) => request.url === url && request.event.event === 'ticket.updated')
        .toSorted((one, other) => one.event.sequence - other.event.sequence)
        .map(({ event }) => Object.entries<{ previous: FileBody; current: FileBody }>(event.data.changes)[0])
        .map((change) => [change?.[0], change?.[1].previous?.filename, change?.[1].current?.filename])
    const ofAll = [
      ['attachments', 'a', undefined],
      ['attachments', undefined, 'a.txt'],
    ]
    expect(told(open.url)).toEqual(ofAll)
    expect(told(all.url)).toEqual([
      ['attachments', 'i', undefined],
      ofAll[0],
      ['comments', undefined, undefined],
      ofAll[1],
    ])
    for (const { body } of received) expect(body).not.toMatch(/signature=|expires=/)
    vi.restoreAllMocks()
  })
})
