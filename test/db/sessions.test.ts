import { exports } from 'cloudflare:workers'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { isReached, recordBookmark } from '../../src/db/bookmarks'
import { accounts } from '../../src/db/schema/accounts'
import { sql } from '../../src/db/sql'
import { update } from '../../src/db/write'
import {
  type Account,
  API,
  call,
  createTestAccount,
  createTestMember,
  createTicket,
  type Member,
  ORIGIN,
  type TestResponse,
} from '../helpers/api'
import { advanceClock, createTestKey, stopClock, warmUp } from '../helpers/credentials'
import { type Replication, watchSessions as watch } from '../helpers/d1'
import { execute } from '../helpers/database'
import { fetchFile, uploadFile } from '../helpers/files'
import { callAs, createComment } from '../helpers/tickets'
import { cheapHash, logIn, post } from '../helpers/users'
import { createTestWebhook, silenceQueue } from '../helpers/webhooks'

const OLD = '00000000-00000000-00000000-00000000000000000000000000000000'
const ANY = 'first-unconstrained'
const PRIMARY = 'first-primary'
const NEW = 'fffffff1-00000000-00000000-00000000000000000000000000000000'

let account: Account
/** An agent without recent writes. */
let quiet: Record<'token' | 'key', Member>
let ticketId: string

beforeAll(async () => {
  silenceQueue()
  account = await createTestAccount()
  ticketId = (await createTicket(account.agent)).id
  for (const content of ['a', 'b', 'c']) await createComment(account.agent, ticketId, { content })
})

beforeEach(async () => {
  silenceQueue()
  stopClock()
  const agent = await createTestMember(account.id, 'agent')
  quiet = { token: agent, key: { ...agent, token: (await createTestKey(account)).key } }
  for (const by of Object.values(quiet)) await warmUp(by)
  advanceClock(61_000)
})

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const read = (by: Member, path = 'tickets', bookmark: string | null = null): Promise<TestResponse> =>
  call('GET', path, { token: by.token, ...(bookmark !== null && { headers: { 'X-D1-Bookmark': bookmark } }) })

const wrote = (by: Member) => callAs(by, 'PATCH', `tickets/${ticketId}`, { title: crypto.randomUUID() })

describe('a read', () => {
  const reads = () => [
    'tickets',
    'tickets?cursor=',
    'tickets/stats',
    'tickets/export',
    `tickets/${ticketId}`,
    `tickets/${ticketId}/comments`,
    'users',
    `users/${account.customer.id}`,
    'events',
  ]

  it.each(['token', 'key'] as const)('as a %s uses any replica for all data, and returns a bookmark', async (kind) => {
    const queries = watch({ replica: 'up to date' })
    for (const path of reads().filter((each) => each !== 'tickets/export')) {
      const response = await read(quiet[kind], path)
      expect(response.status, response.text).toBe(200)
      expect(response.headers.get('X-D1-Bookmark')).toMatch(/^[0-9a-f]{8}(-[0-9a-f]+){3}$/)
    }
    expect(new Set(queries)).toEqual(new Set([ANY]))
  })

  it.each(['token', 'key'] as const)(
    'of an export by a %s uses any replica for its first page, and the primary for the others',
    async (kind) => {
      const queries = watch({ replica: 'up to date' })
      const { status, text } = await read(quiet[kind], 'tickets/export')
      expect([status, text.trim().split('\n').at(-1)]).toEqual([200, '{"next_cursor":null}'])
      expect(queries).toEqual([ANY, PRIMARY])
    },
  )

  it('by a token is repeated on the primary if a replica has served a recent writer', async () => {
    await wrote(quiet.token)
    for (const path of reads()) {
      const queries = watch({ replica: 'empty', slowly: true })
      const response = await read(quiet.token, path)
      expect(response.status, response.text).toBe(200)
      expect(queries.slice(0, 2), path).toEqual([ANY, PRIMARY])
      expect(response.body.pagination?.total, path).not.toBe(0)
      vi.restoreAllMocks()
    }
  })

  const up: Replication = { replica: 'up to date' }
  const garbage = ['', PRIMARY, ANY, 'x', OLD.slice(9), `${OLD}-1`, `${OLD} `.repeat(9), '1-2-3-g']
  type Case = [name: string, who: 'token' | 'key', hasWritten: boolean, Replication, bookmark: string | null, string[]]

  it.each<Case>([
    ['primary serves a writer', 'token', true, {}, null, [ANY]],
    ['primary serves a writer late', 'token', true, { slowly: true }, null, [ANY]],
    ['replica serves a reader', 'token', false, { ...up, slowly: true }, null, [ANY]],
    ['replica serves a writer', 'token', true, up, null, [ANY, PRIMARY]],
    ['replica serves a bookmark', 'token', false, up, OLD, [OLD]],
    ['replica serves a writer’s bookmark', 'token', true, up, OLD, [OLD, PRIMARY]],
    ['key has written', 'key', true, { ...up, slowly: true }, null, [PRIMARY]],
    ['key has written and sends a bookmark', 'key', true, up, OLD, [PRIMARY]],
    [
      'key sends a bookmark in capitals',
      'key',
      false,
      up,
      OLD.toUpperCase().replace(/0{3}$/, 'ABC'),
      [OLD.replace(/0{3}$/, 'abc')],
    ],
    ['key sends a bookmark from the future', 'key', false, up, NEW, [PRIMARY]],
    ['token sends a bookmark from the future', 'token', false, up, NEW, [PRIMARY]],
    ['key sends a bookmark from the future in capitals', 'key', false, up, NEW.toUpperCase(), [PRIMARY]],
    ['key sends a longer bookmark', 'key', false, up, `0${OLD}`, [PRIMARY]],
    ['key sends a shorter bookmark', 'key', false, up, '0-0-0-0', [PRIMARY]],
    ...garbage.map((text): Case => [`bookmark is '${text.slice(0, 30)}'`, 'key', false, up, text, [ANY]]),
  ])('if a %s', async (_name, who, hasWritten, play, bookmark, expected) => {
    if (hasWritten) await wrote(quiet[who])
    const queries = watch(play)
    expect((await read(quiet[who], 'tickets', bookmark)).status).toBe(200)
    expect(queries).toEqual(expected)
  })

  it.each(['token', 'key'] as const)('by a %s that has written uses the primary for 60 seconds', async (kind) => {
    await wrote(quiet[kind])
    const uncached = kind === 'token' ? [ANY, PRIMARY] : [PRIMARY]
    for (const [step, expected] of [
      [0, uncached],
      [59_999, uncached],
      [1, [ANY]],
    ] as const) {
      advanceClock(step)
      const queries = watch({ replica: 'up to date' })
      await read(quiet[kind])
      expect(queries, `${step}`).toEqual(expected)
      vi.restoreAllMocks()
    }
  })

  it('finds new resources of the caller, and the caller, on a replica without them', async () => {
    const { id } = await createTicket(quiet.token)
    watch({ replica: 'empty', slowly: true })
    expect((await read(quiet.token, `tickets/${id}`)).body.data.id).toBe(id)
    await execute(update(accounts, { allowRegistration: 1 }, sql`${accounts.id} = ${account.id}`))
    const joining = {
      account: account.slug,
      name: 'New',
      email: `${crypto.randomUUID()}@example.com`,
      password: 'a password',
    }
    const { token, user } = (await post({}, 'auth/register', joining)).body
    expect((await call('GET', 'users/me', { token })).body.data?.id).toBe(user.id)
    advanceClock(61_000)
    expect((await call('GET', 'users/me', { token })).status).toBe(404)
  })
})

describe('a write', () => {
  it('uses the primary, with any bookmark, and passes it on to later reads', async () => {
    const before = (await read(quiet.key)).headers.get('X-D1-Bookmark') ?? ''
    const queries = watch({ replica: 'empty' })
    const { id } = await createTicket(quiet.key)
    const headers = { 'X-D1-Bookmark': OLD }
    for (const [method, path, body] of [
      ['POST', `tickets/${id}/comments`, { content: 'C' }],
      ['PATCH', `tickets/${id}`, { status: 'closed' }],
      ['DELETE', `tickets/${id}`, undefined],
    ] as const) {
      const response = await call(method, path, { token: quiet.key.token, headers, body })
      expect(response.status, response.text).toBeLessThan(300)
      expect((response.headers.get('X-D1-Bookmark') ?? '') > before).toBe(true)
    }
    expect(new Set(queries)).toEqual(new Set([PRIMARY]))
  })
})

describe('a cursor', () => {
  it('makes the next page at least as recent as its own, in every list', async () => {
    await createTestMember(account.id, 'customer')
    const hook = await createTestWebhook(account)
    for (let tests = 0; tests < 2; tests += 1) await callAs(account.admin, 'POST', `webhooks/${hook.id}/test`)
    advanceClock(61_000)
    for (const path of [
      'tickets',
      `tickets/${ticketId}/comments`,
      'users',
      'events',
      `webhooks/${hook.id}/deliveries`,
    ]) {
      const by = path.startsWith('webhooks') ? account.admin : quiet.token
      await createTicket(account.agent)
      const first = await read(by, `${path}?cursor=&per_page=1`)
      const bookmark = first.headers.get('X-D1-Bookmark') ?? ''
      const next = `${path}?cursor=${first.body.pagination.next_cursor}&per_page=1`
      for (const [sent, expected] of [
        [null, bookmark],
        [OLD, bookmark],
        [NEW, PRIMARY],
      ] as const) {
        const queries = watch()
        expect((await read(by, next, sent)).status, path).toBe(200)
        expect(queries, path).toEqual([expected])
        vi.restoreAllMocks()
      }
    }
  })

  it('keeps a writer on the primary, and a value that is not a bookmark is ignored', async () => {
    const first = await read(quiet.token, 'tickets?cursor=&per_page=1')
    const [scope, position] = JSON.parse(Buffer.from(first.body.pagination.next_cursor, 'base64url').toString())
    const forged = Buffer.from(JSON.stringify([scope, position, PRIMARY])).toString('base64url')
    let queries = watch()
    expect((await read(quiet.token, `tickets?cursor=${forged}`)).status).toBe(200)
    expect(queries).toEqual([ANY])
    vi.restoreAllMocks()
    await wrote(quiet.key)
    queries = watch()
    expect((await read(quiet.key, `tickets?cursor=${first.body.pagination.next_cursor}`)).status).toBe(200)
    expect(queries).toEqual([PRIMARY])
  })
})

describe('a bookmark', () => {
  const DATABASES = () => [{}, {}] as D1Database[]
  const [FIRST, SECOND, THIRD] = [1, 2, 3].map((n) => OLD.replace('0-', `${n}-`)) as [string, string, string]

  it('is reached once its database has reported it or a newer one to this isolate', () => {
    const [one, other] = DATABASES() as [D1Database, D1Database]
    const reached = () => [FIRST, SECOND, THIRD].map((bookmark) => isReached(one, bookmark))
    expect(reached()).toEqual([false, false, false])
    recordBookmark(one, SECOND)
    expect(reached()).toEqual([true, true, false])
    recordBookmark(one, FIRST)
    expect(reached()).toEqual([true, true, false])
    recordBookmark(one, THIRD)
    expect([reached(), isReached(other, FIRST)]).toEqual([[true, true, true], false])
  })

  it('of the future in a cursor makes the page come from the primary, and others stay on replicas', async () => {
    const first = await read(quiet.token, 'tickets?cursor=&per_page=1')
    const [scope, position] = JSON.parse(Buffer.from(first.body.pagination.next_cursor, 'base64url').toString())
    const forged = Buffer.from(JSON.stringify([scope, position, NEW])).toString('base64url')
    for (const [cursor, expected] of [
      [forged, PRIMARY],
      [first.body.pagination.next_cursor, first.headers.get('X-D1-Bookmark')],
    ]) {
      const queries = watch()
      expect((await read(quiet.token, `tickets?cursor=${cursor}`)).status).toBe(200)
      expect(queries).toEqual([expected])
      vi.restoreAllMocks()
    }
  })
})

describe('files and credentials', () => {
  it('never use a replica', async () => {
    const file = await uploadFile(account.agent, { filename: 'a.txt', content: 'YWJj', mime_type: 'text/plain' })
    const { email } = await createTestMember(account.id, 'customer', { passwordHash: cheapHash('a password') })
    const queries = watch({ replica: 'empty' })
    expect((await fetchFile(file.url)).status).toBe(200)
    expect((await logIn(email, 'a password')).status).toBe(200)
    expect(queries).toEqual([])
    const newcomer = await createTestMember(account.id, 'agent')
    expect((await callAs(newcomer, 'POST', 'auth/logout')).status).toBe(204)
    expect(queries).toEqual([PRIMARY])
    expect((await warmUp(newcomer)).status).toBe(401)
  })
})

it('are allowed for scripts of other origins', async () => {
  const headers = { Origin: 'https://example.com', 'Access-Control-Request-Method': 'GET' }
  const preflight = await exports.default.fetch(new Request(`${ORIGIN}${API}/tickets`, { method: 'OPTIONS', headers }))
  expect(preflight.headers.get('Access-Control-Allow-Headers')).toContain('X-D1-Bookmark')
  expect((await read(quiet.token)).headers.get('Access-Control-Expose-Headers')).toContain('X-D1-Bookmark')
})
