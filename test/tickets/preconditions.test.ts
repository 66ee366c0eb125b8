import { beforeAll, describe, expect, it } from 'vitest'
import { matchesIfNoneMatch, readIfMatch } from '../../src/http/etag'
import { type Account, call, createTestAccount, createTicket } from '../helpers/api'
import { ROUTES } from '../helpers/edge'
import { createComment, getOk, historyOf, patchTicket } from '../helpers/tickets'

let account: Account

beforeAll(async () => {
  account = await createTestAccount()
})

describe.each(ROUTES)('%s', (_name, route) => {
  const withTag = (method: string, id: string, tag: string, body?: unknown) =>
    call(method, `tickets/${id}`, {
      token: account.agent.token,
      headers: { 'If-Match': tag },
      ...(body !== undefined && { body }),
      route,
    })

  const read = (by: 'agent' | 'customer', id: string, headers: Record<string, string> = {}) =>
    call('GET', `tickets/${id}`, { token: account[by].token, headers, route })

  const tagOf = async (by: 'agent' | 'customer', id: string) => (await read(by, id)).headers.get('ETag') ?? ''

  describe('C03 If-Match', () => {
    it('C03 accepts the tag of a response, whether read or written', async () => {
      const { id } = await createTicket(account.customer)
      const first = await withTag('PATCH', id, await tagOf('agent', id), { title: 'Changed' })
      const second = await withTag('PATCH', id, first.headers.get('ETag') ?? '', { title: 'Changed again' })
      const removal = await withTag('DELETE', id, second.headers.get('ETag') ?? '')
      expect([first.status, second.status, removal.status]).toEqual([200, 200, 204])
    })

    it('C03 of an old version is a 412 that changes and deletes nothing', async () => {
      const { id } = await createTicket(account.customer)
      const old = await tagOf('agent', id)
      await patchTicket(account.agent, id, { title: 'Changed' })
      expect((await withTag('PATCH', id, old, { title: 'Lost' })).status).toBe(412)
      expect((await withTag('DELETE', id, old)).status).toBe(412)
      expect((await getOk(account.agent, `tickets/${id}`)).body.data.title).toBe('Changed')
      expect((await withTag('DELETE', id, await tagOf('agent', id))).status).toBe(204)
    })
  })

  describe('If-None-Match', () => {
    it('returns 304 while the ticket is as the caller has it', async () => {
      const { id } = await createTicket(account.customer)
      const tag = await tagOf('agent', id)
      for (const known of [tag, `"other", ${tag}`, '*']) {
        const unchanged = await read('agent', id, { 'If-None-Match': known })
        expect([unchanged.status, unchanged.text], known).toEqual([304, ''])
      }
      await patchTicket(account.agent, id, { title: 'Changed' })
      expect((await read('agent', id, { 'If-None-Match': tag })).status).toBe(200)
    })
  })

  describe('an ETag', () => {
    it('S09 changes with an internal comment for whoever sees it, and for nobody else', async () => {
      const { id } = await createTicket(account.customer)
      const before = { agent: await tagOf('agent', id), customer: await tagOf('customer', id) }
      await createComment(account.agent, id, { is_internal: true })
      expect(await tagOf('customer', id)).toBe(before.customer)
      const after = await tagOf('agent', id)
      expect(after).not.toBe(before.agent)
      expect(after.split('.')[0]).toBe(before.agent.split('.')[0])
      expect((await withTag('PATCH', id, before.agent, { title: 'Changed' })).status).toBe(200)
      expect((await withTag('PATCH', id, before.agent, { title: 'Changed again' })).status).toBe(412)
    })
  })
})

const patchedWith = async (tag: string) => {
  const { id } = await createTicket(account.customer)
  const { token } = account.agent
  const response = await call('PATCH', `tickets/${id}`, { token, headers: { 'If-Match': tag }, body: { title: 'New' } })
  return { status: response.status, changes: (await historyOf(account.id, id)).length }
}

describe('C03 If-Match of a new ticket', () => {
  it.each([
    ...['1', '"x"', '"2.x"', 'W/"2.x"', '""', 'W/""', 'nonsense', '"1.x', 'W/"1.x', 'w/"1.x"', 'W/ "1.x"', 'W"1.x"'],
    ...['W/W/"1.x"', 'W/*', '"W/1.x"', '"*"', "'1.x'", '"1 .x"', '"1.x" "1.x"', '"9,"1.x""', '"9.x,"1.x",y"', '1", "1'],
    ...['"0"', '"-1"', '"1e0"', '"1000000000000000000001"'],
  ])('C03 rejects %s, which does not name its version', async (tag) => {
    expect(await patchedWith(tag)).toEqual({ status: 412, changes: 0 })
  })

  it('C03 rejects a list of more than 1,000 characters', async () => {
    expect(await patchedWith(`"1.x"${', "9.x"'.repeat(200)}`)).toEqual({ status: 412, changes: 0 })
  })

  it.each([
    ...['*', '"1.x"', 'W/"1.x"', '"9.x", "1.y"', 'W/"9.x", W/"1.y"', '"9.x",W/"1.y"', '"1"', 'W/"1"', '"9.x"\t,\t"1"'],
    ...['"a,b", "1.x"', '"a,W/b,", W/"1.x"', ', "1.x"', '"9.x",, "1.x",', 'w/"9.x", "1.x"', 'nonsense, "1.x"'],
  ])('C03 accepts %s', async (tag) => {
    expect(await patchedWith(tag)).toEqual({ status: 200, changes: 1 })
  })
})

describe('a list of entity tags', () => {
  it.each([
    [undefined, null],
    ['*', null],
    [' * ', null],
    ['', []],
    ['"a,*,b"', []],
    ['"3.x", W/"4", "x", "5.y"', [3, 4, 5]],
    ['"007.x"', [7]],
    ['\u00a0"3.x"', []],
    [`"3"${' '.repeat(997)}`, [3]],
    [`"3"${' '.repeat(998)}`, []],
  ])('%j names the versions %j', (header, versions) => {
    expect(readIfMatch(header)).toEqual(versions)
  })

  it.each([
    ['"7.ab"', true],
    ['W/"7.ab"', true],
    ['"7.a" , W/"7.ab"', true],
    ['"x,y", "7.ab"', true],
    ['*', true],
    [undefined, false],
    ['', false],
    ['"7.abc"', false],
    ['w/"7.ab"', false],
    ['7.ab', false],
    ['"x,"7.ab",y"', false],
    ['"x,*,y"', false],
    [`"7.ab"${' '.repeat(995)}`, false],
  ])('%j names "7.ab": %s', (header, isNamed) => {
    expect(matchesIfNoneMatch(header, '"7.ab"')).toBe(isNamed)
  })
})
