import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Account, createTestAccount, createTicket, type Member } from '../helpers/api'
import { type FileBody, fetchFile, files, ticketWithFiles, upload, uploadFile } from '../helpers/files'
import { callAs, detailsOf, walk } from '../helpers/tickets'

let account: Account
let foreign: Account

beforeAll(async () => {
  account = await createTestAccount()
  foreign = await createTestAccount()
})
afterEach(() => {
  vi.useRealTimers()
})

const list = (id: string) => `tickets/${id}/attachments`
const names = (found: FileBody[]) => found.map(({ filename }) => filename)

describe('GET /tickets/{id}/attachments', () => {
  it('lists the attachments of the ticket and its comments, oldest first, by page', async () => {
    const { id } = await ticketWithFiles(account)
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

  it('is read by cursor, forwards and backwards', async () => {
    const { id, all } = await ticketWithFiles(account)
    const { pages, items } = await walk(account.agent, `${list(id)}?cursor=&per_page=2`)
    expect(items).toEqual(all)
    const back = []
    for (let url = pages.at(-1)?.body.pagination.prev_page_url; url; ) {
      const page = await callAs(account.agent, 'GET', url)
      back.unshift(...page.body.data)
      url = page.body.pagination.prev_page_url
    }
    expect(back).toEqual(all.slice(0, 8))
  })

  it('returns every attachment while those already returned are deleted, of one request or of several', async () => {
    const { id, all } = await ticketWithFiles(account)
    const seen: FileBody[] = []
    for (let url = `${list(id)}?cursor=&per_page=2`; url; ) {
      const { data, pagination } = (await callAs(account.admin, 'GET', url)).body
      seen.push(...data)
      for (const { id: each } of data)
        expect((await callAs(account.admin, 'DELETE', `${list(id)}/${each}`)).status).toBe(204)
      url = pagination.next_page_url
    }
    expect(names(seen)).toEqual(names(all))
  })

  it('keeps its position when the attachments at the cursor are deleted and a new one gets their row ID', async () => {
    const { id } = await createTicket(account.agent, files('a', 'b', 'c'))
    const first = await callAs(account.agent, 'GET', `${list(id)}?cursor=&per_page=2`)
    for (const { id: each } of (await callAs(account.agent, 'GET', list(id))).body.data.slice(1))
      await callAs(account.agent, 'DELETE', `${list(id)}/${each}`)
    await upload(account.agent, id, { query: '?filename=new' })
    const next = await callAs(account.agent, 'GET', first.body.pagination.next_page_url)
    expect(names(next.body.data)).toEqual(['new'])
  })

  it('S09 returns only public attachments to a customer, in pages and totals', async () => {
    const { id, open } = await ticketWithFiles(account)
    for (const start of ['per_page=2', 'cursor=&per_page=2']) {
      const { items } = await walk(account.customer, `${list(id)}?${start}`)
      expect(items).toEqual(open)
    }
    expect((await callAs(account.customer, 'GET', list(id))).body.pagination.total).toBe(6)
  })

  it('S09 rejects the cursor of an agent from a customer, and the cursor of another ticket or list', async () => {
    const { id } = await ticketWithFiles(account)
    const other = await ticketWithFiles(account)
    const cursor = async (path: string) =>
      (await callAs(account.agent, 'GET', `${path}?cursor=&per_page=1`)).body.pagination.next_cursor
    const own = await cursor(list(id))
    const rejected: [Member, string][] = [
      [account.customer, own],
      [account.agent, await cursor(list(other.id))],
      [account.agent, await cursor(`tickets/${id}/comments`)],
      [account.agent, 'nonsense'],
    ]
    for (const [by, text] of rejected)
      expect(detailsOf(await callAs(by, 'GET', `${list(id)}?cursor=${text}`), 400, 'invalid_input')).toHaveLength(1)
    const both = await callAs(account.agent, 'GET', `${list(id)}?page=1&cursor=${own}`)
    expect(detailsOf(both, 400, 'invalid_input')[0]?.field).toBe('page')
    const [, position] = JSON.parse(Buffer.from(own, 'base64url').toString())
    expect(position).toEqual({
      towards: 'next',
      place: { id: expect.stringMatching(/^attach_/), at: expect.any(Number) },
    })
  })

  it('returns an empty 200 past the end and for an empty list', async () => {
    const { id } = await createTicket(account.customer)
    const none = await callAs(account.customer, 'GET', `${list(id)}?page=7`)
    expect(none.body).toMatchObject({ data: [], pagination: { total: 0, last_page: 1, next_page_url: null } })
    const walked = await callAs(account.customer, 'GET', `${list(id)}?cursor=`)
    expect(walked.body).toMatchObject({ data: [], pagination: { next_cursor: null, prev_cursor: null } })
  })

  it('S07 returns the same 404 for a hidden ticket and a random ID', async () => {
    const { id } = await ticketWithFiles(account)
    for (const by of [account.stranger, foreign.customer, foreign.agent, foreign.admin])
      for (const query of ['', '?cursor=']) {
        const random = await callAs(by, 'GET', `${list('ticket_01jaaaaaaaaaaaaaaaaaaaaaaa')}${query}`)
        const response = await callAs(by, 'GET', `${list(id)}${query}`)
        expect([response.status, response.text]).toEqual([404, random.text])
      }
  })
})

describe('GET /attachments/{id}', () => {
  it('returns a new URL, regardless of the last one', async () => {
    const { token } = account.agent
    const old = await uploadFile(
      { ...account.agent, token },
      { filename: 'a.txt', content: 'YWJj', mime_type: 'text/plain' },
    )
    vi.useFakeTimers({ toFake: ['Date'] })
    vi.setSystemTime(Date.now() + 3 * 3_600_000)
    expect((await fetchFile(old.url)).status).toBe(403)
    vi.setSystemTime(Date.now() - 2 * 3_600_000 - 1_800_000)
    const fresh = (await callAs(account.agent, 'GET', `attachments/${old.id}`)).body.data
    expect({ ...fresh, url: '' }).toEqual({ ...old, url: '' })
    expect((await fetchFile(fresh.url)).status).toBe(200)
  })

  it('S09 returns attachments of internal comments to agents and admins only', async () => {
    const { all, open } = await ticketWithFiles(account)
    for (const { id } of all)
      for (const by of [account.agent, account.admin])
        expect((await callAs(by, 'GET', `attachments/${id}`)).status).toBe(200)
    const shown = await Promise.all(all.map(({ id }) => callAs(account.customer, 'GET', `attachments/${id}`)))
    expect(shown.flatMap((response) => (response.status === 200 ? [response.body.data] : []))).toEqual(open)
    const random = await callAs(account.customer, 'GET', 'attachments/attach_01jaaaaaaaaaaaaaaaaaaaaaaa')
    for (const response of shown.filter(({ status }) => status !== 200)) expect(response.text).toBe(random.text)
    for (const by of [account.stranger, foreign.admin, foreign.customer])
      for (const { id } of all) {
        const response = await callAs(by, 'GET', `attachments/${id}`)
        expect([response.status, response.text]).toEqual([404, random.text])
      }
  })
})
